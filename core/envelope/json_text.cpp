#include "envelope/json_text.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include <penstock/utf8.hpp>

#include "envelope/charset.hpp"

namespace penstock {
namespace {

bool must_escape(char c) noexcept {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
  case '"':
    out += "\\\"";
    return;
  case '\\':
    out += "\\\\";
    return;
  case '\b':
    out += "\\b";
    return;
  case '\f':
    out += "\\f";
    return;
  case '\n':
    out += "\\n";
    return;
  case '\r':
    out += "\\r";
    return;
  case '\t':
    out += "\\t";
    return;
  default:
    break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += hex[byte >> 4U];
  out += hex[byte & 15U];
}

void append_escaped(std::string& out, std::string_view text) {
  std::size_t run = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!must_escape(text[i])) continue;
    out.append(text, run, i - run);
    append_escape(out, text[i]);
    run = i + 1;
  }
  out.append(text, run);
}

void append_header_value(std::string& out, std::string_view value) {
  if (find_invalid_utf8(value) == std::string_view::npos) {
    append_json_string(out, value);
  } else {
    append_json_string(out, to_utf8(Charset::latin1, value).text);
  }
}

}  // namespace

std::size_t append_json_string(std::string& out, std::string_view text) {
  out += '"';
  const std::size_t valid = std::min(find_invalid_utf8(text), text.size());
  append_escaped(out, text.substr(0, valid));
  std::size_t replaced = 0;
  for (std::size_t i = valid; i < text.size();) {
    const std::size_t length = decode_utf8(text.substr(i)).length;
    if (length == 0) {
      out += utf8_replacement;
      ++replaced;
    } else {
      append_escaped(out, text.substr(i, length));
    }
    i += std::max<std::size_t>(length, 1);
  }
  out += '"';
  return replaced;
}

void append_json_headers(std::string& out, const std::vector<Field>& headers) {
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
