#pragma once

// SOAP 1.1. The envelope itself is the host's: Out::soap().

#include <string>
#include <string_view>

#include <penstock/plugin.hpp>
#include <penstock/text.hpp>

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
  return {out.xml(body, "Envelope/Body/Fault/faultcode"),
          out.xml(body, "Envelope/Body/Fault/faultstring")};
}

/// The first element of the caller's body, which names the operation. A body without one, an
/// element without its namespace, an XML declaration and a whole envelope end the invocation with
/// what to write instead.
inline Out::Root operation(Out& out, std::string_view body) {
  if (body.starts_with("<?xml")) {
    fail(PST_E_BAD_REQUEST, "data stands inside the SOAP Body; leave its XML declaration out");
  }
  const Out::Root root = out.xml_root(body);
  if (root.local.empty()) {
    fail(PST_E_BAD_REQUEST, "data must begin with the operation's XML element");
  }
  if (root.local == "Envelope") {
    fail(PST_E_BAD_REQUEST, "data is what stands inside the SOAP Body; leave the envelope out");
  }
  if (root.ns.empty()) {
    fail(PST_E_BAD_REQUEST, concat("the element <", root.local, "> must declare its namespace: <",
                                   root.local, " xmlns=\"...\">"));
  }
  return root;
}

/// A namespace and what follows it, with one slash between them.
inline std::string joined(std::string_view ns, std::string_view name) {
  return concat(ns, ns.ends_with('/') ? "" : "/", name);
}

/// A SOAPAction header's value: quoted, and without the characters that would end the quote or the
/// line.
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
