#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::sdk {

/// Concatenates the parts. Each part must be convertible to std::string_view.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  out.reserve((std::size_t{0} + ... + std::string_view(parts).size()));
  (out.append(std::string_view(parts)), ...);
  return out;
}

/// The bytes in lower-case hexadecimal.
inline std::string hex(std::string_view bytes) {
  const char* const digits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

}  // namespace penstock::sdk
