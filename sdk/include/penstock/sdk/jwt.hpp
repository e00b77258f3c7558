#pragma once

// Signed JWTs (RFC 7515, RFC 7519) for the assertions of RFC 7523.

#include <cstdint>
#include <string>
#include <string_view>

#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/plugin.hpp>
#include <penstock/sdk/text.hpp>

namespace penstock::sdk {

/// The claims of a JWT (RFC 7519 section 4.1).
struct Claims {
  std::string_view iss, sub, aud;
  std::int64_t exp_s = 0;  ///< Unix time in seconds
};

/// `text` as a JSON string, including the quotes.
inline std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += concat("\\u00", hex(std::string_view(&c, 1)));
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

/// Builds a JWT signed with the private key in the connection field `key_field`. `alg` is "RS256",
/// "PS256" or "ES256". The key never reaches the plugin.
inline std::string jwt(Out& out, std::string_view alg, std::string_view key_field,
                       const Claims& claims) {
  const std::string payload =
      concat("{\"iss\":", json_string(claims.iss), ",\"sub\":", json_string(claims.sub),
             ",\"aud\":", json_string(claims.aud), ",\"exp\":", std::to_string(claims.exp_s), "}");
  const std::string signing_input =
      concat(base64url(concat(R"({"alg":")", alg, R"(","typ":"JWT"})")), ".", base64url(payload));
  return concat(signing_input, ".", base64url(out.sign(alg, key_field, signing_input)));
}

}  // namespace penstock::sdk
