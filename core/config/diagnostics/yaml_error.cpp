#include "config/diagnostics/yaml_error.hpp"

#include <algorithm>

namespace penstock::config {
namespace {

/// The column of a tab in the indentation of a line; 0: none.
int tab_in_indentation(std::string_view line) {
  const std::size_t text = std::min(line.find_first_not_of(" \t"), line.size());
  const std::size_t tab = line.substr(0, text).find('\t');
  return tab == std::string_view::npos ? 0 : static_cast<int>(tab) + 1;
}

bool is_at_the_indentation(std::string_view line, int column) {
  return line.find_first_not_of(" \t") >= byte_of(line, column);
}

bool has_a_key_before(std::string_view line, int column) {
  return line.substr(0, byte_of(line, column)).find(": ") != std::string_view::npos;
}

}  // namespace

YamlError explain(std::string_view said, Mark at, Mark value, const SourceText& source) {
  const std::string_view line = source.line(at.line);
  const auto is = [&](std::string_view words) {
    return said.find(words) != std::string_view::npos;
  };
  const bool in_brackets = is("flow");
  if (const int tab = tab_in_indentation(line); tab > 0 && !in_brackets && !is("EOF"))
    return {{at.line, tab, 1}, "a tab indents this line; YAML allows only spaces there"};
  if (is("illegal EOF")) {
    const Mark begins = value.line > 0 ? value : at;
    return {begins, "a quote is not closed; the value that it opens begins on line " +
                        std::to_string(begins.line)};
  }
  if (is("illegal map value")) {
    if (has_a_key_before(line, at.column))
      return {at, "a second colon followed by a space; put the value that contains it in quotes"};
    return {at, "a key is not allowed here; indent the keys of one map alike, and put a colon and "
                "a space after each (also on the line above)"};
  }
  if (is("end of map flow")) return {at, "a { is not closed; a comma or a } is missing"};
  if (is("end of sequence flow")) return {at, "a [ is not closed; a comma or a ] is missing"};
  if (is("illegal flow end"))
    return {at, "this bracket has no opening bracket; close each { with } and each [ with ]"};
  if (is("end of map") || is("end of sequence")) {
    if (is_at_the_indentation(line, at.column))
      return {at, "the indentation of this line matches no line above; indent the keys of one map, "
                  "and the dashes of one list, alike"};
    return {at, "there is more text after the end of a value; put all of it in one pair of quotes"};
  }
  if (is("illegal block entry"))
    return {
        at,
        "a list item is not allowed here; put it on its own line, indented like the other items"};
  if (is("unknown token"))
    return {at, "no value begins with this character; put the value in quotes"};
  if (is("unknown escape character"))
    return {at, "in double quotes a backslash begins an escape; write two for a literal one, or "
                "use single quotes"};
  return {at, std::string(said)};
}

}  // namespace penstock::config
