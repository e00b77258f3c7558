#include "config/reader/secret_rule.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <penstock/utf8.hpp>

namespace penstock::config {
namespace {

std::string code(char32_t c) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "U+%04X", static_cast<unsigned>(c));
  return text.data();
}

/// Unicode spaces: a reader cannot see whether they belong to a value.
bool is_space(char32_t c) {
  return c == ' ' || c == '\t' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

/// Characters without width, and those that change the direction of adjacent text.
bool is_invisible(char32_t c) {
  return c == 0xAD || c == 0x034F || c == 0x061C || c == 0x115F || c == 0x1160 || c == 0x180E ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0x3164 || c == 0xFEFF || c == 0xFFA0 ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

/// Removes the single trailing line break that a multi-line text may have.
std::string_view without_last_line_end(std::string_view value) {
  std::string_view text = value;
  if (!text.ends_with('\n')) return value;
  text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text.find('\n') == std::string_view::npos ? value : text;
}

std::string edge_trouble(char32_t c, const char* where) {
  if (c == '\n' || c == '\r')
    return std::string(where) + " with a line break; in YAML write |- instead of |; of a file's "
                                "line breaks only the last one is dropped";
  return is_space(c) ? std::string(where) + " with whitespace (" + code(c) + "); remove it"
                     : std::string();
}

}  // namespace

std::string secret_trouble(std::string_view value) {
  if (value.empty()) return {};
  if (value.starts_with(utf8_byte_order_mark))
    return "begins with a byte order mark (U+FEFF); save its file as UTF-8 without one";
  std::string_view rest = without_last_line_end(value);
  char32_t first = 0, last = 0;  // 0: none yet; NUL itself is refused
  while (!rest.empty()) {
    const auto [c, length] = decode_utf8(rest);
    if (length == 0)
      return "is not UTF-8 (it may be Latin-1); save its file, or set its variable, as UTF-8";
    rest.remove_prefix(length);
    if (c == 0xFFFD)
      return "contains U+FFFD, the mark of text that was not UTF-8; write the original value "
             "again, as UTF-8";
    if (is_invisible(c)) return "contains an invisible character (" + code(c) + "); remove it";
    const bool crlf = c == '\r' && rest.starts_with('\n') && first != 0;
    if (c == '\r' && !crlf) return "contains a carriage return (CR); remove it";
    if (is_control(c) && c != '\n' && c != '\t' && !crlf)
      return "contains a control character (" + code(c) + "); remove it";
    if (first == 0) first = c;
    last = c;
  }
  std::string trouble = edge_trouble(first, "begins");
  return trouble.empty() ? edge_trouble(last, "ends") : trouble;
}

std::string api_key_trouble(std::string_view key) {
  if (key.empty()) return "must not be empty";
  std::string trouble = secret_trouble(key);
  if (!trouble.empty()) return trouble;
  const bool is_visible = std::ranges::all_of(key, [](char c) { return c > ' ' && c < '\x7f'; });
  return is_visible
             ? std::string()
             : "must consist of visible ASCII characters: it is sent as Authorization: Bearer";
}

}  // namespace penstock::config
