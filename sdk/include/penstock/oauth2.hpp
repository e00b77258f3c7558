#pragma once

// OAuth 2 (RFC 6749): asking a token endpoint, and reading its answer without believing it.

#include <cstdint>
#include <string>
#include <string_view>

#include <penstock/form.hpp>
#include <penstock/plugin.hpp>
#include <penstock/text.hpp>

namespace penstock::sdk {

/// POST of a form to a token endpoint. How the client authenticates (a header, or fields of the
/// form) is the vendor's.
inline Out& token_request(Out& out, std::string_view url, std::string_view form_body) {
  return out.method("POST")
      .url(url)
      .header("Content-Type", "application/x-www-form-urlencoded")
      .header("Accept", "application/json")
      .body(form_body);
}

inline std::string refresh_token_grant(std::string_view refresh_token) {
  return form({{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}});
}

inline std::string jwt_bearer_grant(std::string_view assertion) {
  return form(
      {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", assertion}});
}

/// Extra fields, such as a scope, go behind it: `concat(client_credentials_grant(), "&",
/// form({…}))`.
inline std::string_view client_credentials_grant() { return "grant_type=client_credentials"; }

struct TokenAnswer {
  std::string_view access_token;
  std::string_view refresh_token;  ///< empty where none came
  std::int64_t expires_in_s = 3600;
};

namespace detail {

/// Vendors send it as a number, a string, a fraction, or not at all; what is no sensible lifetime
/// counts as an hour.
inline std::int64_t lifetime(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text.substr(0, text.find('.'))) {
    if (c < '0' || c > '9' || value > 100'000'000) return 3600;
    value = value * 10 + (c - '0');
  }
  return value > 0 && value <= 100'000'000 ? value : 3600;
}

/// Visible ASCII without what only a JSON object, array or string would bring: such a text came
/// from no token.
inline bool is_token(std::string_view text) {
  for (const char c : text) {
    if (c <= 0x20 || c >= 0x7f || c == '"' || c == '{' || c == '[') return false;
  }
  return !text.empty() && text != "true" && text != "false";
}

/// The error codes of RFC 6749 section 5.2 are short words; anything else may be an echo of what
/// was sent.
inline std::string error_word(std::string_view text) {
  for (const char c : text) {
    if ((c < 'a' || c > 'z') && c != '_') return {};
  }
  return text.size() <= 40 ? std::string(text) : std::string();
}

}  // namespace detail

/// Reads the answer of a token endpoint (RFC 6749 section 5). An error of it ends the invocation:
/// with PST_E_CONSENT_REVOKED for invalid_grant, PST_E_AUTH_REJECTED for a refused client, else
/// PST_E_RATE_LIMITED or PST_E_VENDOR_FAULT.
inline TokenAnswer read_token(Out& out, const Reply& reply) {
  const std::string_view sent_error = out.json(reply.body(), "/error");
  const std::string error = detail::error_word(sent_error);
  if (reply.status() != 200 || !sent_error.empty()) {
    if (error == "invalid_grant") {
      fail(PST_E_CONSENT_REVOKED, "the token endpoint refuses the grant", error);
    }
    if (error == "invalid_client" || error == "unauthorized_client" || reply.status() == 401) {
      fail(PST_E_AUTH_REJECTED, "the token endpoint refuses the client", error);
    }
    if (reply.status() == 429) fail(PST_E_RATE_LIMITED, "the token endpoint answers 429", error);
    fail(PST_E_VENDOR_FAULT, concat("the token endpoint answers ", std::to_string(reply.status())),
         error);
  }
  TokenAnswer answer;
  answer.access_token = out.json(reply.body(), "/access_token");
  answer.refresh_token = out.json(reply.body(), "/refresh_token");
  answer.expires_in_s = detail::lifetime(out.json(reply.body(), "/expires_in"));
  if (!detail::is_token(answer.access_token)) {
    fail(PST_E_VENDOR_FAULT, "the token endpoint gives no access_token that a header can carry");
  }
  if (!detail::is_token(answer.refresh_token)) answer.refresh_token = {};
  return answer;
}

/// Makes the session of a token answer: "access_token" and its expiry. A refresh token that is not
/// the connection's own replaces it in `refresh_field` (empty: nowhere); the host keeps it before
/// anyone may use the new session, so a rotated one is never lost.
inline void keep_token(Out& out, const SessionIn& in, const TokenAnswer& token,
                       std::string_view refresh_field) {
  const bool rotated =
      !token.refresh_token.empty() && token.refresh_token != in.conn[refresh_field];
  if (rotated && in.conn.has(refresh_field)) out.credential(refresh_field, token.refresh_token);
  out.put("access_token", token.access_token).expires(in.env.now_ms() + token.expires_in_s * 1000);
}

}  // namespace penstock::sdk
