#pragma once

// Values for the Authorization and Cookie headers.

#include <cstddef>
#include <string>
#include <string_view>

#include <penstock/sdk/plugin.hpp>
#include <penstock/sdk/text.hpp>

namespace penstock::sdk {

namespace detail {

inline std::string base64_with(std::string_view bytes, const char* alphabet, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = bytes.size() - i < 3 ? bytes.size() - i : 3;
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8U) | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= have) {
        out += alphabet[(group >> (18U - 6U * k)) & 63U];
      } else if (padded) {
        out += '=';
      }
    }
  }
  return out;
}

}  // namespace detail

/// Encodes as RFC 4648 section 4, with padding.
inline std::string base64(std::string_view bytes) {
  return detail::base64_with(
      bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

/// Encodes as RFC 4648 section 5, without padding, as required by JWS.
inline std::string base64url(std::string_view bytes) {
  return detail::base64_with(
      bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

/// "user:password" in base64, as defined by RFC 7617. A colon in the user name would be taken for
/// the separator, and control characters are forbidden: both end the invocation with
/// PST_E_BAD_CONNECTION.
inline std::string user_pass(std::string_view user, std::string_view password) {
  for (const char c : user) {
    if (c == ':') fail(PST_E_BAD_CONNECTION, "a user name for HTTP Basic cannot hold a colon");
  }
  for (const std::string_view text : {user, password}) {
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
        fail(PST_E_BAD_CONNECTION, "a credential for HTTP Basic contains a control character");
      }
    }
  }
  return base64(concat(user, ":", password));
}

/// The Authorization value for HTTP Basic; the credentials are encoded as UTF-8.
inline std::string basic(std::string_view user, std::string_view password) {
  return concat("Basic ", user_pass(user, password));
}

/// The Authorization value for a bearer token (RFC 6750).
inline std::string bearer(std::string_view token) { return concat("Bearer ", token); }

/// "name=value" for the Cookie header. An empty value, or a character that RFC 6265 section 4.1.1
/// forbids in a value and that could start another cookie, ends the invocation with
/// PST_E_VENDOR_FAULT, because the value came from the vendor.
inline std::string cookie(std::string_view name, std::string_view value) {
  for (const char c : value) {
    if (c <= 0x20 || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\')
      fail(PST_E_VENDOR_FAULT, concat("the vendor's ", name, " is not a valid cookie value"));
  }
  if (value.empty()) fail(PST_E_VENDOR_FAULT, concat("the vendor returned no ", name));
  return concat(name, "=", value);
}

}  // namespace penstock::sdk
