#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <penstock/sdk/text.hpp>

namespace penstock::sdk {

/// Percent-encodes everything except RFC 3986's unreserved characters.
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

/// Builds an application/x-www-form-urlencoded body. A space becomes %20, which every form parser
/// accepts as well as +.
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
