#include "config/reader/interpolate.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <penstock/read_file.hpp>
#include <penstock/text.hpp>

namespace penstock::config {
namespace {

constexpr std::size_t max_file = 1U << 20U;

using Text = Result<std::string, std::string>;

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Text from_environment(std::string_view inside) {
  const std::size_t dash = inside.find(":-");
  const std::string name(inside.substr(0, dash));
  if (!is_variable_name(name))
    return failure(std::string("the name in ${env:…} is not valid for an environment variable "
                               "(letters, digits, _); write a default as ${env:NAME:-default}"));
  if (dash != std::string_view::npos && inside.find("${", dash) != std::string_view::npos)
    return failure("the default of ${env:" + name +
                   ":-…} contains a ${…}, which is not replaced there");
  const char* value = std::getenv(name.c_str());
  if (value != nullptr && *value != '\0') return std::string(value);
  if (dash != std::string_view::npos) return std::string(inside.substr(dash + 2));
  return failure("the environment variable " + name +
                 " is not set; set it, or write ${env:" + name + ":-default}");
}

Text from_file(std::string_view inside, const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / std::filesystem::path(inside);
  auto read = read_file(path, max_file);
  if (!read) return failure("the file " + path.string() + read.error());
  std::string text = *std::move(read);
  if (text.ends_with('\n')) {
    text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
  }
  return text;
}

/// A suggestion for a name before the colon that resembles `env` or `file`. The text after the
/// colon may be part of a password and is not repeated.
std::string meant(std::string_view inside) {
  const std::size_t colon = inside.find(':');
  if (colon == std::string_view::npos) return {};
  const std::vector<std::string> schemes{"env", "file"};
  const std::string near = nearest(lower(inside.substr(0, colon)), schemes);
  if (near.empty()) return {};
  return near == "file" ? "; did you mean ${file:/path}?" : "; did you mean ${env:NAME}?";
}

}  // namespace

Result<std::string, std::string> interpolate(std::string_view text,
                                             const std::filesystem::path& directory) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    const std::size_t close = text.find('}');
    if (!text.starts_with('{'))
      return failure(std::string("a $ starts ${env:…} or ${file:…}; write $$ for a literal $"));
    if (close == std::string_view::npos)
      return failure(
          std::string("a ${ is not closed; its } is missing (write $$ for a literal $)"));
    const std::string_view inside = text.substr(1, close - 1);
    Text value =
        inside.starts_with("env:") ? from_environment(inside.substr(4))
        : inside.starts_with("file:")
            ? from_file(inside.substr(5), directory)
            // Never the text itself: it may be a password that contains ${.
            : Text(failure(std::string("a ${…} in it is neither ${env:NAME} nor ${file:/path}; "
                                       "write $$ for a literal $") +
                           meant(inside)));
    if (!value) return value;
    out += *value;
    text.remove_prefix(close + 1);
  }
  return out;
}

bool has_escaped_dollar(std::string_view text) {
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at)) {
    if (text.substr(at).starts_with("$$")) return true;
    at = std::min(text.find('}', at), text.size());
  }
  return false;
}

}  // namespace penstock::config
