#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "envelope/json_cursor.hpp"

namespace penstock {

/// A cursor over an envelope, together with the problems found so far. Each read function consumes
/// one value. A value of the wrong type is reported and skipped, so all problems are found in one
/// pass. The functions return false only if the JSON itself is malformed.
class EnvelopeReader {
 public:
  explicit EnvelopeReader(std::string_view text);

  JsonCursor& json() { return json_; }
  std::string_view text_since(std::size_t offset) const {
    return text_.substr(offset, json_.offset() - offset);
  }

  bool read_string(const std::string& pointer, std::string& out);
  bool read_boolean(const std::string& pointer, bool& out);

  /// Reads `{"name":"value"}` with unique names. `for_list` is a hint appended to the message if a
  /// value is a list.
  bool read_fields(const std::string& pointer, std::vector<Field>& out, std::string_view for_list);

  /// The same for headers: names are compared ignoring case, with `_` equal to `-`.
  bool read_headers(const std::string& pointer, Headers& out);

  /// Reports that the next value has the wrong type and skips it.
  bool refuse(const std::string& pointer, std::string_view must_be);

  /// Warns about an unknown member and skips it.
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

/// pointer_to() with a name from the caller, shortened for messages.
std::string short_pointer_to(std::string_view parent, std::string_view name);

/// Reads `[{name, value}]`; each value is a string or a file.
bool read_form(EnvelopeReader& reader, const std::string& pointer, std::vector<FormPart>& out);

}  // namespace penstock
