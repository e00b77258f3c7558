#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock {

// UTF-8 by RFC 3629: no overlong form, no surrogate, no code point above U+10FFFF. All functions
// are [any-thread].

/// The character at the front of a text.
struct Utf8Character {
  char32_t code_point = 0;
  std::size_t length = 0;  ///< in bytes, 1 to 4; 0: the text does not begin with a character
};

inline constexpr std::string_view utf8_byte_order_mark = "\xEF\xBB\xBF";
inline constexpr std::string_view utf8_replacement = "\xEF\xBF\xBD";  ///< U+FFFD

/// Whether a byte continues a character that an earlier byte begins.
constexpr bool is_utf8_continuation(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Decodes the character at the front of `text`; length 0 if `text` is empty or begins with bytes
/// that are not valid UTF-8.
Utf8Character decode_utf8(std::string_view text) noexcept;

/// Appends one code point up to U+10FFFF. A surrogate yields three bytes that are not valid UTF-8.
void append_utf8(std::string& out, char32_t code_point);

/// The offset of the first byte that is not part of valid UTF-8; npos: all bytes are valid.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

/// The number of characters in valid UTF-8.
std::size_t utf8_count(std::string_view text) noexcept;

/// The longest prefix of at most `max_bytes` bytes that does not cut a character in two. Bytes that
/// are not UTF-8 are cut anywhere.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept;

}  // namespace penstock
