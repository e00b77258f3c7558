#pragma once

// WS-Security UsernameToken (OASIS WSS UsernameToken Profile 1.0), type PasswordText.

#include <string>
#include <string_view>

#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/soap.hpp>
#include <penstock/sdk/time.hpp>
#include <penstock/sdk/xml.hpp>

namespace penstock::sdk {

namespace detail {

constexpr std::string_view wss = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-";

inline std::string security_header(std::string_view user, std::string_view password,
                                   std::string_view behind) {
  return concat("<wsse:Security xmlns:wsse=\"", wss, "wssecurity-secext-1.0.xsd\"",
                " xmlns:soapenv=\"", soap11_namespace, "\" soapenv:mustUnderstand=\"1\">",
                "<wsse:UsernameToken><wsse:Username>", xml_text(user), "</wsse:Username>",
                "<wsse:Password Type=\"", wss, "username-token-profile-1.0#PasswordText\">",
                xml_text(password), "</wsse:Password>", behind,
                "</wsse:UsernameToken></wsse:Security>");
}

}  // namespace detail

/// A Security header as one complete element that declares its own prefixes.
inline std::string username_token(std::string_view user, std::string_view password) {
  return detail::security_header(user, password, {});
}

/// The same with a Nonce and the creation time, for services that reject a token seen before. Both
/// are new for each attempt.
inline std::string username_token_with_nonce(std::string_view user, std::string_view password,
                                             const Env& env) {
  return detail::security_header(
      user, password,
      concat("<wsse:Nonce EncodingType=\"", detail::wss,
             "soap-message-security-1.0#Base64Binary\">", base64(env.entropy().substr(0, 16)),
             "</wsse:Nonce><wsu:Created xmlns:wsu=\"", detail::wss, "wssecurity-utility-1.0.xsd\">",
             iso8601(env.now_ms()), "</wsu:Created>"));
}

}  // namespace penstock::sdk
