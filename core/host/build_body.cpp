#include "host/invocation.hpp"
#include "soap/envelope.hpp"

namespace penstock::host {

Result<std::string, std::string> build_enveloped_body(const Outcome& outcome, std::string_view xml,
                                                      const soap::SoapEnvelope& envelope) {
  if (outcome.body || !outcome.body_prefix.empty() || !outcome.body_suffix.empty())
    return failure(std::string("cannot be sent: the plugin writes the Body itself"));
  return soap::add_header(xml, envelope,
                          outcome.soap ? std::string_view(outcome.soap->header) : "");
}

std::optional<std::string> build_body(const Outcome& outcome,
                                      const std::optional<std::string>& caller_body) {
  if (outcome.body) return outcome.body;
  if (!outcome.soap && outcome.body_prefix.empty() && outcome.body_suffix.empty())
    return caller_body;

  const std::string_view inner = caller_body ? std::string_view(*caller_body) : std::string_view();
  std::string body;
  body.reserve(inner.size() + outcome.body_prefix.size() + outcome.body_suffix.size() + 512 +
               (outcome.soap ? outcome.soap->header.size() + outcome.soap->namespaces.size() : 0));
  if (outcome.soap) {
    body += R"(<?xml version="1.0" encoding="UTF-8"?>)"
            R"(<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/")";
    body += outcome.soap->namespaces;
    body += '>';
    if (!outcome.soap->header.empty()) {
      body += "<soapenv:Header>";
      body += outcome.soap->header;
      body += "</soapenv:Header>";
    }
    body += "<soapenv:Body>";
  }
  body += outcome.body_prefix;
  body += inner;
  body += outcome.body_suffix;
  if (outcome.soap) body += "</soapenv:Body></soapenv:Envelope>";
  return body;
}

}  // namespace penstock::host
