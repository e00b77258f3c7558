#include "penstock/utf8.hpp"

#include <algorithm>
#include <array>

#include <simdjson.h>

namespace penstock {

Utf8Character decode_utf8(std::string_view text) noexcept {
  constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};  // of each length
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t c = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_utf8_continuation(text[i])) return {};
    c = (c << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  if (c < smallest[length] || (c >= 0xD800 && c < 0xE000) || c > 0x10FFFF) return {};
  return {c, length};
}

void append_utf8(std::string& out, char32_t c) {
  const auto append = [&](char32_t byte) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (c < 0x80) {
    append(c);
  } else if (c < 0x800) {
    append(0xC0 | (c >> 6U));
    append(0x80 | (c & 0x3FU));
  } else if (c < 0x10000) {
    append(0xE0 | (c >> 12U));
    append(0x80 | ((c >> 6U) & 0x3FU));
    append(0x80 | (c & 0x3FU));
  } else {
    append(0xF0 | (c >> 18U));
    append(0x80 | ((c >> 12U) & 0x3FU));
    append(0x80 | ((c >> 6U) & 0x3FU));
    append(0x80 | (c & 0x3FU));
  }
}

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  if (simdjson::validate_utf8(text.data(), text.size())) return std::string_view::npos;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = decode_utf8(text.substr(at)).length;
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::size_t utf8_count(std::string_view text) noexcept {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, is_utf8_continuation));
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && max_bytes - end < 3 && is_utf8_continuation(text[end]))
    --end;
  return text.substr(0, is_utf8_continuation(text[end]) ? max_bytes : end);
}

}  // namespace penstock
