#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

/// Walks JSON text by the grammar of RFC 8259 and nothing looser, in one pass, without building
/// anything: a value can be read or stepped over, and the text it was is at hand as a slice.
/// Numbers are never converted, so none can overflow, lose digits or abort. Uses no stack of the
/// process, whatever the nesting.
///
/// The text must be valid UTF-8 (see find_invalid_utf8) and outlive the cursor. After one `false`
/// the cursor is spent: error() says why, offset() where.
class JsonCursor {
 public:
  struct Limits {
    std::size_t depth = SIZE_MAX;
    std::size_t values = SIZE_MAX;
  };
  enum class Kind : std::uint8_t { object, array, string, number, boolean, null, unknown };

  explicit JsonCursor(std::string_view text) : JsonCursor(text, Limits{}) {}
  JsonCursor(std::string_view text, Limits limits)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), limits_(limits) {}

  /// What the next value is, judged by its first character.
  Kind next();

  /// Steps over one value of any kind; `slice`, if given, becomes its very text.
  bool skip(std::string_view* slice = nullptr);

  bool read_string(std::string& out);
  bool read_boolean(bool& out);

  /// Visits each member of an object: `visit(std::string name)` must read or skip the value; false
  /// ends the walk.
  template <class Visit>
  bool each_member(Visit visit) {
    if (!enter('{')) return false;
    if (leave_if('}')) return true;
    do {
      std::string name;
      if (!read_name(name) || !visit(std::move(name))) return false;
    } while (comma_before('}'));
    return error_.empty();
  }

  /// Visits each element of an array: `visit(std::size_t index)`, as above.
  template <class Visit>
  bool each_element(Visit visit) {
    if (!enter('[')) return false;
    if (leave_if(']')) return true;
    std::size_t index = 0;
    do {
      if (!visit(index++)) return false;
    } while (comma_before(']'));
    return error_.empty();
  }

  /// Whether nothing but white space is left.
  bool at_end();

  const std::string& error() const { return error_; }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  bool fail(std::string_view why);
  void skip_space();
  bool count_value();
  bool enter(char bracket);
  bool leave_if(char bracket);
  bool comma_before(char bracket);
  bool read_name(std::string& out);
  bool skip_name();
  bool skip_string();
  bool skip_escape();
  bool skip_number();
  bool skip_literal(std::string_view word);
  bool skip_scalar();
  bool read_code_unit(unsigned& out);

  const char* begin_;
  const char* at_;
  const char* end_;
  Limits limits_;
  std::size_t depth_ = 0;   ///< of the containers entered
  std::size_t values_ = 0;  ///< seen so far
  std::string error_;
};

/// The offset of the first byte that is not part of valid UTF-8; npos: all is valid.
std::size_t find_invalid_utf8(std::string_view text);

/// Length in bytes of the valid UTF-8 character at the front of `text`; 0: there is none.
std::size_t utf8_length(std::string_view text) noexcept;

/// Appends one code point, which must not be a surrogate.
void append_utf8(std::string& out, char32_t code_point);

/// Whether the text is one JSON value in valid UTF-8, of whatever depth.
bool is_json(std::string_view text);

}  // namespace penstock
