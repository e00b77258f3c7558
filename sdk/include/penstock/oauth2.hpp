#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <penstock/plugin.hpp>

namespace penstock::sdk {

struct TokenAnswer {
  std::string_view access_token;
  std::string_view refresh_token;  ///< empty where none came
  std::int64_t expires_in_s = 3600;
};

namespace detail {

/// Vendors send it as a number, a string, a fraction, or not at all; what is no sensible lifetime counts as an hour.
inline std::int64_t lifetime(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text.substr(0, text.find('.'))) {
    if (c < '0' || c > '9' || value > 100'000'000) return 3600;
    value = value * 10 + (c - '0');
  }
  return value > 0 && value <= 100'000'000 ? value : 3600;
}

inline bool is_header_safe(std::string_view token) {
  for (const char c : token) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) return false;
  }
  return !token.empty();
}

}  // namespace detail

/// Reads the answer of an OAuth 2 token endpoint (RFC 6749 section 5); an error of it ends the invocation.
inline TokenAnswer read_token(Out& out, const Reply& reply) {
  const std::string error(out.json(reply.body(), "/error"));
  if (reply.status() != 200 || !error.empty()) {
    if (error == "invalid_grant") fail(PST_E_CONSENT_REVOKED, "the token endpoint refuses the grant", error);
    if (error == "invalid_client" || error == "unauthorized_client" || reply.status() == 401) {
      fail(PST_E_AUTH_REJECTED, "the token endpoint refuses the client", error);
    }
    if (reply.status() == 429) fail(PST_E_RATE_LIMITED, "the token endpoint answers 429", error);
    fail(PST_E_VENDOR_FAULT, "the token endpoint answers " + std::to_string(reply.status()), error);
  }
  TokenAnswer answer;
  answer.access_token = out.json(reply.body(), "/access_token");
  answer.refresh_token = out.json(reply.body(), "/refresh_token");
  answer.expires_in_s = detail::lifetime(out.json(reply.body(), "/expires_in"));
  if (!detail::is_header_safe(answer.access_token)) {
    fail(PST_E_VENDOR_FAULT, "the token endpoint gives no usable access_token");
  }
  return answer;
}

}  // namespace penstock::sdk
