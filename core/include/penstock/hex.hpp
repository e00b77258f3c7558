#pragma once

#include <string>
#include <string_view>

namespace penstock {

// Base16, RFC 4648 section 8. All functions are [any-thread].

inline constexpr std::string_view hex_digits = "0123456789abcdef";
inline constexpr std::string_view upper_hex_digits = "0123456789ABCDEF";

/// The value of a hex digit in either case; -1 for any other character.
constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

constexpr bool is_hex_digit(char c) noexcept { return hex_value(c) >= 0; }

/// Appends the two digits of one byte.
inline void append_hex(std::string& out, char byte, std::string_view digits = hex_digits) {
  const auto value = static_cast<unsigned char>(byte);
  out += digits[value >> 4U];
  out += digits[value & 15U];
}

/// Two lower-case digits for each byte.
inline std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes)
    append_hex(out, byte);
  return out;
}

}  // namespace penstock
