#pragma once

// SOAP 1.1. The host builds the envelope itself: see Out::soap().

#include <string>
#include <string_view>

#include <penstock/sdk/plugin.hpp>
#include <penstock/sdk/text.hpp>

namespace penstock::sdk {

/// The media type of SOAP 1.1.
constexpr std::string_view soap11_content_type = "text/xml; charset=utf-8";
constexpr std::string_view soap11_namespace = "http://schemas.xmlsoap.org/soap/envelope/";

/// Code and text of a SOAP fault; views that are valid during the invocation.
struct SoapFault {
  std::string_view code, text;
  explicit operator bool() const noexcept { return !code.empty() || !text.empty(); }
};

/// The fault in a SOAP 1.1 or 1.2 response; empty if there is none.
inline SoapFault fault(Out& out, std::string_view body) {
  const SoapFault found = {out.xml(body, "Envelope/Body/Fault/faultcode"),
                           out.xml(body, "Envelope/Body/Fault/faultstring")};
  if (found) return found;
  const std::string_view code = out.xml(body, "Envelope/Body/Fault/Code/Subcode/Value");
  return {code.empty() ? out.xml(body, "Envelope/Body/Fault/Code/Value") : code,
          out.xml(body, "Envelope/Body/Fault/Reason/Text")};
}

/// Whether a fault means that the credentials were rejected: by a WS-Security code (SOAP Message
/// Security 1.1 section 12), a code that ends in "authenticationError", or a phrase that SOAP
/// stacks use for nothing else. A vendor's own codes are up to its plugin.
inline bool refuses_credentials(const SoapFault& found) {
  const std::string_view local = found.code.substr(found.code.find_last_of(":.") + 1);
  for (const std::string_view code :
       {"FailedAuthentication", "InvalidSecurityToken", "authenticationError"}) {
    if (local == code) return true;
  }
  std::string text;
  for (const char c : found.text)
    text += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  for (const std::string_view words :
       {"invalid username or password", "invalid user name or password", "authentication failed",
        "invalid authentication", "invalid credentials", "login failed",
        "security token could not be authenticated"}) {
    if (text.find(words) != text.npos) return true;
  }
  return false;
}

/// The first element of the caller's body, which names the operation. A body without an element, an
/// element without a namespace, an XML declaration and a complete envelope end the invocation with
/// PST_E_BAD_REQUEST and a message that says what to write instead.
inline Out::Root operation(Out& out, std::string_view body) {
  if (body.starts_with("<?xml")) {
    fail(PST_E_BAD_REQUEST, "data goes inside the SOAP Body; remove its XML declaration");
  }
  const Out::Root root = out.xml_root(body);
  if (root.local.empty()) {
    fail(PST_E_BAD_REQUEST, "data must begin with the operation's XML element");
  }
  if (root.local == "Envelope") {
    fail(PST_E_BAD_REQUEST, "data is the content of the SOAP Body; remove the envelope");
  }
  if (root.ns.empty()) {
    fail(PST_E_BAD_REQUEST, concat("the element <", root.local, "> must declare its namespace: <",
                                   root.local, " xmlns=\"...\">"));
  }
  return root;
}

/// Joins a namespace and a name with exactly one slash.
inline std::string joined(std::string_view ns, std::string_view name) {
  return concat(ns, ns.ends_with('/') ? "" : "/", name);
}

/// Quotes a SOAPAction header value. A character that would end the quotes or the line ends the
/// invocation with PST_E_BAD_REQUEST.
inline std::string soap_action(std::string_view action) {
  for (const char c : action) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || byte < 0x20 || byte >= 0x7f) {
      fail(PST_E_BAD_REQUEST, "the namespace or the operation's name does not fit a SOAPAction");
    }
  }
  return concat("\"", action, "\"");
}

}  // namespace penstock::sdk
