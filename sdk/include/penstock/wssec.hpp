#pragma once

#include <string>
#include <string_view>

#include <penstock/soap.hpp>
#include <penstock/xml.hpp>

namespace penstock::sdk {

/// A WS-Security header with a UsernameToken of type PasswordText (OASIS WSS UsernameToken Profile 1.0), as one complete
/// element that declares its own prefixes.
inline std::string username_token(std::string_view user, std::string_view password) {
  return "<wsse:Security xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\""
         " xmlns:soapenv=\"" + std::string(soap11_namespace) + "\" soapenv:mustUnderstand=\"1\">"
         "<wsse:UsernameToken><wsse:Username>" + xml_text(user) + "</wsse:Username>"
         "<wsse:Password Type=\"http://docs.oasis-open.org/wss/2004/01/"
         "oasis-200401-wss-username-token-profile-1.0#PasswordText\">" + xml_text(password) + "</wsse:Password>"
         "</wsse:UsernameToken></wsse:Security>";
}

}  // namespace penstock::sdk
