#include "penstock/json_writer.hpp"

#include <algorithm>

#include <penstock/hex.hpp>
#include <penstock/utf8.hpp>

#include "base/json_scan.hpp"

namespace penstock {
namespace {

void append_escape(std::string& out, char c) {
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
  out += "\\u00";
  append_hex(out, c);
}

/// Appends valid UTF-8.
void append_escaped(std::string& out, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;; ++at) {
    const char* const run_end = json_scan::plain_run_end(at, end);
    out.append(at, run_end);
    if (run_end == end) return;
    append_escape(out, *run_end);
    at = run_end;
  }
}

/// Appends text that may hold anything. Returns the number of bytes that became U+FFFD.
std::size_t append_valid(std::string& out, std::string_view text) {
  std::size_t replaced = 0;
  const std::size_t valid = std::min(find_invalid_utf8(text), text.size());
  append_escaped(out, text.substr(0, valid));
  text.remove_prefix(valid);
  while (!text.empty()) {
    const std::size_t length = decode_utf8(text).length;
    if (length == 0) {
      out += utf8_replacement;
      ++replaced;
    } else {
      append_escaped(out, text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return replaced;
}

/// The offset behind the string that begins at `at`.
std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return std::min(at + 1, json.size());
}

}  // namespace

std::size_t append_json_string(std::string& out, std::string_view text) {
  out += '"';
  const char* const end = text.data() + text.size();
  const char* const plain = json_scan::plain_ascii_end(text.data(), end);
  out.append(text.data(), plain);
  const std::size_t replaced =
      plain == end ? 0 : append_valid(out, {plain, static_cast<std::size_t>(end - plain)});
  out += '"';
  return replaced;
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string json_array(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ',';
    out += value;
  }
  return out + ']';
}

std::string json_strings(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + ']';
}

std::string format_json(std::string_view json, JsonLayout layout) {
  const bool indented = layout == JsonLayout::indented;
  std::string out;
  out.reserve(json.size());
  std::size_t depth = 0;
  bool opened = false;  // the last character opened a container
  const auto new_line = [&] {
    if (indented) out.append(1, '\n').append(2 * depth, ' ');
  };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    const bool closes = c == '}' || c == ']';
    if (closes) --depth;
    if (closes != opened) new_line();  // an empty container stays on its line
    opened = c == '{' || c == '[';
    if (opened) ++depth;
    if (c == '"') {
      const std::size_t end = string_end(json, i);
      out += json.substr(i, end - i);
      i = end - 1;
      continue;
    }
    out += c;
    if (c == ',') new_line();
    if (c == ':' && indented) out += ' ';
  }
  return out;
}

}  // namespace penstock
