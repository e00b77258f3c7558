#pragma once

// OAuth 2 (RFC 6749): requests to a token endpoint and strict parsing of its responses.

#include <cstdint>
#include <string>
#include <string_view>

#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/form.hpp>
#include <penstock/sdk/plugin.hpp>
#include <penstock/sdk/text.hpp>

namespace penstock::sdk {

/// Builds a POST of a form to a token endpoint. How the client authenticates depends on the vendor:
/// client_secret_basic() or client_secret_basic_raw() in the Authorization header,
/// client_secret_post() in the form, or an assertion.
inline Out& token_request(Out& out, std::string_view url, std::string_view form_body) {
  return out.method("POST")
      .url(url)
      .header("Content-Type", "application/x-www-form-urlencoded")
      .header("Accept", "application/json")
      .body(form_body);
}

/// The form of a refresh token grant (RFC 6749 section 6).
inline std::string refresh_token_grant(std::string_view refresh_token) {
  return form({{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}});
}

/// The form of a JWT bearer grant (RFC 7523 section 2.1).
inline std::string jwt_bearer_grant(std::string_view assertion) {
  return form(
      {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", assertion}});
}

/// Append extra fields, such as a scope, with `concat(client_credentials_grant(), "&", form({…}))`.
inline std::string_view client_credentials_grant() { return "grant_type=client_credentials"; }

/// The Authorization value of RFC 6749 section 2.3.1: id and secret are form-encoded before they
/// are joined, so `a+b%c/d` arrives unchanged at an endpoint that decodes them.
inline std::string client_secret_basic(std::string_view id, std::string_view secret) {
  return basic(url_encode(id), url_encode(secret));
}

/// The same for a vendor that does not decode: plain HTTP Basic (RFC 7617). The two differ only for
/// characters other than letters, digits and - . _ ~.
inline std::string client_secret_basic_raw(std::string_view id, std::string_view secret) {
  return basic(id, secret);
}

/// Id and secret as form fields, to append to a grant: `concat(grant, "&", client_secret_post(id,
/// secret))`.
inline std::string client_secret_post(std::string_view id, std::string_view secret) {
  return form({{"client_id", id}, {"client_secret", secret}});
}

/// The connection fields that are probably wrong if the endpoint rejects the client or the grant,
/// or if the address is wrong. They appear in the error message. Empty: not known.
struct TokenFields {
  std::string_view client = "client_id and client_secret";
  std::string_view grant = "";
  std::string_view address = "";
};

/// The parsed response of a token endpoint. The views are valid during the invocation.
struct TokenResponse {
  std::string_view access_token;   ///< may be one that no header can carry: see keep_token()
  std::string_view refresh_token;  ///< empty: none was sent
  std::int64_t expires_in_s = 3600;
};

namespace detail {

/// Parses expires_in, which vendors send as a number, a string, a fraction or not at all. A value
/// that is not a sensible lifetime becomes one hour.
inline std::int64_t lifetime(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text.substr(0, text.find('.'))) {
    if (c < '0' || c > '9' || value > 100'000'000) return 3600;
    value = value * 10 + (c - '0');
  }
  return value > 0 && value <= 100'000'000 ? value : 3600;
}

/// Visible ASCII without characters that occur only in a JSON object, array or string; a text with
/// those was not a token.
inline bool is_token(std::string_view text) {
  for (const char c : text) {
    if (c <= 0x20 || c >= 0x7f || c == '"' || c == '{' || c == '[') return false;
  }
  return !text.empty() && text != "true" && text != "false";
}

/// Like is_token(), but allows spaces, because the value is sent in a form (RFC 6749 appendix
/// A.17).
inline bool is_refresh_token(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '{' || c == '[') return false;
  }
  return !text.empty() && text != "true" && text != "false";
}

/// Reduces the vendor's text to what fits in a log line: one line of complete characters. The limit
/// is generous because the host redacts secrets before it shortens the message, and would not
/// recognize a secret that was cut here.
inline std::string excerpt(std::string_view text, std::size_t most = 4000) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (out.size() >= most && (byte & 0xC0U) != 0x80U) return out + "…";
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  return out;
}

/// The host of an absolute URL; empty for any other text.
inline std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  std::string_view rest = url.substr(0, 2) == "//" ? url.substr(2)
                          : scheme == url.npos     ? std::string_view()
                                                   : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t user = rest.rfind('@');
  return user == rest.npos ? rest : rest.substr(user + 1);
}

inline std::string fields_to_check(std::string_view fields) {
  return fields.empty() ? std::string() : concat("; check ", fields, " of the connection");
}

/// "returns 302 (text/html), which redirects to login.example".
inline std::string description_of(const Response& response) {
  const std::string_view type = response.header("content-type");
  const std::string media = excerpt(type.substr(0, type.find(';')));
  std::string out = concat("returns ", std::to_string(response.status()),
                           media.empty() ? std::string() : concat(" (", media, ")"));
  if (response.status() >= 300 && response.status() < 400) {
    const std::string host = excerpt(host_of(response.header("location")));
    out += host.empty() ? std::string(", which redirects elsewhere")
                        : concat(", which redirects to ", host);
  }
  return out;
}

/// The error codes of RFC 6749 section 5.2 are short words; any other text may echo what was sent,
/// so it is dropped.
inline std::string error_word(std::string_view text) {
  for (const char c : text) {
    if ((c < 'a' || c > 'z') && c != '_') return {};
  }
  return text.size() <= 40 ? std::string(text) : std::string();
}

/// The error codes of RFC 6749 section 5.2. A response with one of them is an error, whatever else
/// it contains.
inline bool is_oauth_error(std::string_view word) {
  return word == "invalid_request" || word == "invalid_client" || word == "invalid_grant" ||
         word == "unauthorized_client" || word == "unsupported_grant_type" ||
         word == "invalid_scope";
}

}  // namespace detail

/// Reads the response of a token endpoint (RFC 6749 section 5). Any 2xx with an access_token is
/// accepted, whatever its exact status and media type, because it may have used up a refresh token.
/// Anything else, and a response with an error code of section 5.2, ends the invocation:
/// PST_E_CONSENT_REVOKED for invalid_grant, PST_E_AUTH_REJECTED for a rejected client,
/// PST_E_RATE_LIMITED if the vendor asks for a pause, else PST_E_VENDOR_FAULT. A 5xx never counts
/// as a rejection. The message contains status, media type, the host that a redirect points to, the
/// vendor's error_description (the host redacts every secret it knows) and the fields to check.
inline TokenResponse read_token(Out& out, const Response& response,
                                const TokenFields& fields = {}) {
  const int status = response.status();
  TokenResponse token;
  token.access_token = out.json(response.body(), "/access_token");
  token.refresh_token = out.json(response.body(), "/refresh_token");
  token.expires_in_s = detail::lifetime(out.json(response.body(), "/expires_in"));
  if (!detail::is_refresh_token(token.refresh_token)) token.refresh_token = {};
  const std::string error = detail::error_word(out.json(response.body(), "/error"));
  const bool has_token = !token.access_token.empty() || !token.refresh_token.empty();
  if (status >= 200 && status < 300 && has_token && !detail::is_oauth_error(error)) return token;

  std::string_view words = out.json(response.body(), "/error_description");
  for (const char* const pointer : {"/error/message", "/message", "/detail", "/title"}) {
    if (words.empty()) words = out.json(response.body(), pointer);
  }
  const std::string said =
      words.empty() ? std::string() : concat(", \"", detail::excerpt(words), "\"");
  const std::string description = detail::description_of(response);
  if (status == 429 || error == "slow_down" || error == "temporarily_unavailable" ||
      error == "server_error") {
    fail(PST_E_RATE_LIMITED, concat("the token endpoint ", description, said), error);
  }
  if (status >= 500)
    fail(PST_E_VENDOR_FAULT, concat("the token endpoint ", description, said), error);
  if (error == "invalid_grant") {
    fail(PST_E_CONSENT_REVOKED,
         concat("the token endpoint refuses the grant: it ", description, said,
                detail::fields_to_check(fields.grant)),
         error);
  }
  if (error == "invalid_client" || error == "unauthorized_client" || status == 401) {
    fail(PST_E_AUTH_REJECTED,
         concat("the token endpoint refuses the client: it ", description, said,
                detail::fields_to_check(fields.client)),
         error);
  }
  // Not an OAuth error: most likely some other server responds at this address.
  const bool elsewhere = error.empty() && status != 400;
  fail(PST_E_VENDOR_FAULT,
       concat("the token endpoint ", description,
              status >= 200 && status < 300 ? " without an access_token" : "", said,
              detail::fields_to_check(elsewhere ? fields.address : std::string_view())),
       error);
}

/// Creates the session from a token response: "access_token" and its expiry. A refresh token that
/// differs from the connection's replaces it in `refresh_field` (empty: it is not stored). The host
/// persists it before anyone uses the new session, so a rotated token is never lost. That holds
/// even if the access token cannot be sent in a header, which ends the invocation with
/// PST_E_VENDOR_FAULT.
inline void keep_token(Out& out, const SessionIn& in, const TokenResponse& token,
                       std::string_view refresh_field) {
  const bool may_rotate = !refresh_field.empty() && in.conn.has(refresh_field);
  if (may_rotate && !token.refresh_token.empty() && token.refresh_token != in.conn[refresh_field])
    out.credential(refresh_field, token.refresh_token);
  if (!detail::is_token(token.access_token)) {
    fail(PST_E_VENDOR_FAULT,
         "the token endpoint returned an access_token that a header cannot contain");
  }
  out.put("access_token", token.access_token).expires(in.env.now_ms() + token.expires_in_s * 1000);
}

}  // namespace penstock::sdk
