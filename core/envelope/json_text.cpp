#include "envelope/json_text.hpp"

#include <algorithm>
#include <numeric>

#include <penstock/json_writer.hpp>

#include "envelope/charset.hpp"

namespace penstock {
namespace {

void append_header_value(std::string& out, std::string_view value) {
  const std::size_t before = out.size();
  if (append_json_string(out, value) == 0) return;
  out.resize(before);
  append_json_string(out, to_utf8(Charset::latin1, value).text);
}

}  // namespace

void append_json_headers(std::string& out, const Headers& headers) {
  constexpr std::size_t none = SIZE_MAX;
  // Entries with the same name are linked in order, so one pass writes each name once, at its first
  // position.
  std::vector<std::size_t> by_name(headers.size());
  std::iota(by_name.begin(), by_name.end(), std::size_t{0});
  std::ranges::stable_sort(by_name, {},
                           [&](std::size_t i) -> std::string_view { return headers[i].name; });
  std::vector<std::size_t> next(headers.size(), none);
  std::vector<bool> repeats(headers.size(), false);
  for (std::size_t k = 1; k < by_name.size(); ++k) {
    if (headers[by_name[k]].name != headers[by_name[k - 1]].name) continue;
    next[by_name[k - 1]] = by_name[k];
    repeats[by_name[k]] = true;
  }

  out += '{';
  bool first = true;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (repeats[i]) continue;
    if (!first) out += ',';
    first = false;
    append_header_value(out, headers[i].name);
    out += ':';
    if (next[i] == none) {
      append_header_value(out, headers[i].value);
      continue;
    }
    char separator = '[';
    for (std::size_t k = i; k != none; k = next[k]) {
      out += separator;
      append_header_value(out, headers[k].value);
      separator = ',';
    }
    out += ']';
  }
  out += '}';
}

void append_json_warnings(std::string& out, std::span<const std::string> warnings) {
  out += '[';
  for (std::size_t i = 0; i < warnings.size(); ++i) {
    out += i == 0 ? R"({"message":)" : R"(,{"message":)";
    append_json_string(out, warnings[i]);
    out += '}';
  }
  out += ']';
}

}  // namespace penstock
