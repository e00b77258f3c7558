#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "envelope/json_cursor.hpp"

namespace penstock {

/// The cursor over an envelope together with what was found wrong so far. Its readers consume one
/// value each; a value of the wrong type is noted and stepped over, so that all problems come to
/// light at once. They return false only where the JSON itself is broken.
class EnvelopeReader {
 public:
  explicit EnvelopeReader(std::string_view text);

  JsonCursor& json() { return json_; }
  std::string_view text_since(std::size_t offset) const {
    return text_.substr(offset, json_.offset() - offset);
  }

  bool read_string(const std::string& pointer, std::string& out);
  bool read_boolean(const std::string& pointer, bool& out);

  /// `{"name":"value"}` with names that are not repeated. `for_list` says what to do where a value
  /// is a list.
  bool read_fields(const std::string& pointer, std::vector<Field>& out, std::string_view for_list);

  /// The same for headers: names are the same whatever their case, and with `_` for `-`.
  bool read_headers(const std::string& pointer, std::vector<Field>& out);

  /// Notes that the next value is not what it must be and steps over it.
  bool refuse(const std::string& pointer, std::string_view must_be);

  /// Warns of a member that nobody reads, and steps over it.
  bool ignore(const std::string& pointer, std::string_view name,
              std::span<const std::string> known);

  void report(Problem problem);
  void report_repeated(const std::string& pointer, std::vector<std::string_view> names);
  void warn(std::string message);

  std::vector<Problem>& problems() { return problems_; }
  std::vector<std::string>& warnings() { return warnings_; }

 private:
  bool read_members(const std::string& pointer, std::vector<Field>& out, std::string_view for_list);

  std::string_view text_;
  JsonCursor json_;
  std::vector<Problem> problems_;
  std::vector<std::string> warnings_;
};

/// pointer_to() with a name of the caller's cut to a length that messages can bear.
std::string short_pointer_to(std::string_view parent, std::string_view name);

/// Reads `[{name, value}]`, the value a string or a file.
bool read_form(EnvelopeReader& reader, const std::string& pointer, std::vector<FormPart>& out);

}  // namespace penstock
