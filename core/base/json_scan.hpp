#pragma once

#include <cstdint>
#include <cstring>

namespace penstock::json_scan {

constexpr std::uint64_t in_each_byte(unsigned char byte) { return 0x0101010101010101ULL * byte; }

/// Sets the high bit of at least one byte if one of eight bytes must be escaped in a JSON string: a
/// quote, a backslash or a control character. The other bits mean nothing.
constexpr std::uint64_t special(std::uint64_t word) noexcept {
  const auto zero_byte = [](std::uint64_t x) { return (x - in_each_byte(1)) & ~x; };
  const std::uint64_t control = (word - in_each_byte(0x20)) & ~word;
  return zero_byte(word ^ in_each_byte('"')) | zero_byte(word ^ in_each_byte('\\')) | control;
}

constexpr bool is_special(char c) noexcept {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

/// The end of the run of characters at `at` that need no escape.
inline const char* plain_run_end(const char* at, const char* end) noexcept {
  while (end - at >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    if ((special(word) & in_each_byte(0x80)) != 0) break;
    at += 8;
  }
  while (at < end && !is_special(*at))
    ++at;
  return at;
}

/// The end of the run of ASCII characters at `at` that need no escape.
inline const char* plain_ascii_end(const char* at, const char* end) noexcept {
  while (end - at >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    if (((special(word) | word) & in_each_byte(0x80)) != 0) break;
    at += 8;
  }
  while (at < end && !is_special(*at) && static_cast<unsigned char>(*at) < 0x80)
    ++at;
  return at;
}

}  // namespace penstock::json_scan
