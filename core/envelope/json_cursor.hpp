#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

/// Reads JSON text strictly by the grammar of RFC 8259, in one pass, without building a tree. A
/// value can be read or skipped, and its source text is available as a slice. Numbers are never
/// converted, so none can overflow, lose digits or abort. Not recursive: nesting uses no call
/// stack.
///
/// The text must be valid UTF-8 (see penstock/utf8.hpp) and outlive the cursor. After a function
/// has returned false the cursor must not be used further: error() tells why, offset() where.
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

  /// The kind of the next value, determined by its first character.
  Kind next();

  /// Skips one value of any kind; `slice`, if given, is set to its source text.
  bool skip(std::string_view* slice = nullptr);

  bool read_string(std::string& out);
  bool read_boolean(bool& out);

  /// Visits each member of an object. `visit(std::string name)` must read or skip the value; false
  /// stops the iteration.
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

  /// Visits each element of an array: `visit(std::size_t index)`, likewise.
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

  /// Whether only white space is left.
  bool at_end();

  const std::string& error() const { return error_; }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  bool fail(std::string_view why);
  void skip_space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
      ++at_;
  }
  bool count_value() { return ++values_ <= limits_.values || fail("too many values"); }
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
  std::size_t values_ = 0;  ///< read or skipped so far
  std::string error_;
};

/// Whether the text is exactly one JSON value in valid UTF-8, nested to any depth.
bool is_json(std::string_view text);

}  // namespace penstock
