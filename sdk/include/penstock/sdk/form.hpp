#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <penstock/sdk/text.hpp>

namespace penstock::sdk {

/// Percent-encodes all but RFC 3986's unreserved characters.
inline std::string url_encode(std::string_view text) {
  const char* const hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool alphanumeric =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (alphanumeric || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += hex[byte >> 4U];
      out += hex[byte & 15U];
    }
  }
  return out;
}

/// A body for application/x-www-form-urlencoded. A space is %20, which every form reader takes as
/// well as +.
inline std::string
form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += concat(url_encode(name), "=", url_encode(value));
  }
  return out;
}

}  // namespace penstock::sdk
