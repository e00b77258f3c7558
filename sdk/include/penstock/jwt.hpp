#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <penstock/auth.hpp>
#include <penstock/plugin.hpp>

namespace penstock::sdk {

struct Claims {
  std::string_view iss, sub, aud;
  std::int64_t exp_s = 0;  ///< Unix time
};

namespace detail {

inline std::string json_string(std::string_view text) {
  const char* const hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4U];
      out += hex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace detail

/// A signed JWT (RFC 7515, 7519) for RFC 7523 assertions. The key is the connection's field `key_field`; it never
/// reaches the plugin.
inline std::string jwt_rs256(Out& out, std::string_view key_field, const Claims& claims) {
  const std::string payload = "{\"iss\":" + detail::json_string(claims.iss) + ",\"sub\":" + detail::json_string(claims.sub) +
                              ",\"aud\":" + detail::json_string(claims.aud) + ",\"exp\":" + std::to_string(claims.exp_s) + "}";
  const std::string signing_input = base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(payload);
  return signing_input + "." + base64url(out.sign("RS256", key_field, signing_input));
}

}  // namespace penstock::sdk
