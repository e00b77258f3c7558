#pragma once

#include <string>
#include <string_view>

#include <penstock/plugin.hpp>

namespace penstock::sdk {

/// The media type of SOAP 1.1.
constexpr std::string_view soap11_content_type = "text/xml; charset=utf-8";
constexpr std::string_view soap11_namespace = "http://schemas.xmlsoap.org/soap/envelope/";

struct SoapFault {
  std::string_view code, text;
  explicit operator bool() const noexcept { return !code.empty() || !text.empty(); }
};

/// The fault of a SOAP 1.1 answer; empty where it holds none.
inline SoapFault fault(Out& out, std::string_view body) {
  return {out.xml(body, "Envelope/Body/Fault/faultcode"), out.xml(body, "Envelope/Body/Fault/faultstring")};
}

/// The first element of a body fragment; a fragment without one, or one without a namespace, ends the invocation: the
/// SOAPAction is made of both.
inline Out::Root operation(Out& out, std::string_view body) {
  const Out::Root root = out.xml_root(body);
  if (root.local.empty()) fail(PST_E_BAD_REQUEST, "data must begin with the operation's XML element");
  if (root.ns.empty()) {
    fail(PST_E_BAD_REQUEST, "the element <" + std::string(root.local) + "> needs its namespace: xmlns=\"…\"");
  }
  return root;
}

/// A SOAPAction header's value: quoted, and without the characters that would end the quote or the line.
inline std::string soap_action(std::string_view action) {
  for (const char c : action) {
    if (c == '"' || static_cast<unsigned char>(c) < 0x20) fail(PST_E_BAD_REQUEST, "the SOAPAction has a quote or a control character");
  }
  return "\"" + std::string(action) + "\"";
}

}  // namespace penstock::sdk
