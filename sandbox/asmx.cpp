#include "asmx.hpp"

#include "http_text.hpp"

#include <algorithm>

namespace penstock::sandbox {
namespace {

std::string_view unquoted(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    return text.substr(1, text.size() - 2);
  return text;
}

Response envelope(int status, std::string_view soap_ns, const std::string& body) {
  auto type = soap_ns == soap12 ? "application/soap+xml; charset=utf-8" : "text/xml; charset=utf-8";
  return text_response(status, type,
                       "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"" +
                           std::string{soap_ns} +
                           "\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                           "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><soap:Body>" +
                           body + "</soap:Body></soap:Envelope>");
}

/// The SOAPAction of the request; nullopt if it has none.
std::optional<std::string> action_of(const Request& request, const MediaType& media) {
  if (media.type == "application/soap+xml") return only(media.parameters, "action");
  if (!request.has_header("SOAPAction")) return std::nullopt;
  return std::string{unquoted(request.header("SOAPAction"))};
}

AsmxCallOrFault refuse(Response fault) { return {std::nullopt, std::move(fault)}; }

}  // namespace

Response asmx_fault(std::string_view soap_ns, std::string_view code, std::string_view text) {
  auto escaped = xml_text(text);
  if (soap_ns != soap12)
    return envelope(500, soap11,
                    "<soap:Fault><faultcode>soap:" + std::string{code} +
                        "</faultcode><faultstring>" + escaped +
                        "</faultstring><detail /></soap:Fault>");
  std::string value{code == "Client" ? "Sender" : code == "Server" ? "Receiver" : code};
  return envelope(500, soap12,
                  "<soap:Fault><soap:Code><soap:Value>soap:" + value +
                      "</soap:Value></soap:Code><soap:Reason><soap:Text "
                      "xml:lang=\"en\">" +
                      escaped + "</soap:Text></soap:Reason><soap:Detail /></soap:Fault>");
}

Response asmx_server_fault(std::string_view soap_ns, std::string_view text) {
  return asmx_fault(soap_ns, "Server",
                    "System.Web.Services.Protocols.SoapException: Server was unable to process "
                    "request. ---> " +
                        std::string{text});
}

Response asmx_response(const AsmxCall& call, std::string_view ns, const std::string& result) {
  const auto& name = call.operation;
  return envelope(200, call.message.ns,
                  "<" + name + "Response xmlns=\"" + std::string{ns} + "\"><" + name + "Result>" +
                      result + "</" + name + "Result></" + name + "Response>");
}

AsmxCallOrFault read_asmx_call(const Request& request, std::string_view ns,
                               std::string_view action_prefix,
                               std::span<const std::string_view> operations) {
  constexpr std::string_view soap_exception = "System.Web.Services.Protocols.SoapException: ";
  if (request.method != "POST")
    return refuse(text_response(405, "text/html", "<html><body>Method Not Allowed</body></html>"));
  auto media = parse_media_type(request.header("Content-Type"));
  if (media.type != "text/xml" && media.type != "application/soap+xml")
    return refuse(
        text_response(415, "text/html", "<html><body>Unsupported Media Type</body></html>"));

  auto [message, problem] = read_envelope(request.body);
  std::string_view spoken = media.type == "application/soap+xml" ? soap12 : soap11;
  // Observed to work: a SOAP 1.2 envelope sent as text/xml. The response is then SOAP 1.2.
  if (message && message->ns == soap12) spoken = soap12;
  auto fault = [&](std::string_view code, const std::string& text) {
    return refuse(asmx_fault(spoken, code, std::string{soap_exception} + text));
  };

  auto action = action_of(request, media);
  if (!action && spoken == soap11)
    return fault("Client", "Unable to handle request without a valid action parameter. Please "
                           "supply a valid soap action.");
  auto named = [&](std::string_view operation) {
    return !action || *action == std::string{action_prefix} + std::string{operation};
  };
  if (action && std::none_of(operations.begin(), operations.end(), named))
    return fault("Client",
                 "Server did not recognize the value of HTTP Header SOAPAction: " + *action + ".");
  if (!message)
    return fault("Client", "Server was unable to read request. ---> "
                           "System.InvalidOperationException: There is an error in XML document. "
                           "---> System.Xml.XmlException: " +
                               problem);
  if (message->ns != spoken)
    return fault("VersionMismatch", "Possible SOAP version mismatch: Envelope namespace " +
                                        message->ns + " was unexpected. Expecting " +
                                        std::string{spoken} + ".");
  if (message->header)
    for (const auto& block : message->header->children)
      if (message->must_understand(block) && block.ns != ns)
        return refuse(asmx_fault(spoken, "MustUnderstand",
                                 "System.Web.Services.Protocols.SoapHeaderException: SOAP header " +
                                     block.name + " was not understood."));

  const Element* element = message->operation;
  std::string wanted;
  for (auto operation : operations)
    if (element && element->is(ns, operation) && named(operation)) wanted = operation;
  if (wanted.empty())
    return fault("Client", "Server was unable to read request. ---> "
                           "System.InvalidOperationException: There is an error in XML document. "
                           "---> System.InvalidOperationException: <" +
                               (element ? element->name + " xmlns='" + element->ns + "'" : "") +
                               "> was not expected.");
  return {AsmxCall{std::move(*message), wanted}, {}};
}

}  // namespace penstock::sandbox
