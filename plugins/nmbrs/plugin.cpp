#include <string>

#include <penstock/plugin.hpp>
#include <penstock/soap.hpp>
#include <penstock/xml.hpp>

namespace {

using namespace penstock::sdk;

/// The namespaces are api.nmbrs.nl's on the sandbox too, and change with the service.
constexpr std::string_view service_namespaces = "https://api.nmbrs.nl/soap/v3/";

std::string element(std::string_view name, std::string_view value) {
  return "<" + std::string(name) + ">" + xml_text(value) + "</" + std::string(name) + ">";
}

/// The child order is the schema's: Username, Token, Domain.
std::string auth_header(const PrepareIn& in, std::string_view operation_name) {
  const bool finds_the_domain = operation_name == "Environment_Get";
  const bool is_login = in.call.options["service_name"] == "SingleSignOn";
  if (is_login) return {};
  const std::string name = finds_the_domain ? "AuthHeader" : "AuthHeaderWithDomain";
  const std::string ns = std::string(service_namespaces) + std::string(in.call.options["service_name"]);
  return "<" + name + " xmlns=\"" + xml_text(ns) + "\">" + element("Username", in.conn["username"]) +
         element("Token", in.conn["token"]) + (finds_the_domain ? std::string() : element("Domain", in.conn["domain"])) + "</" +
         name + ">";
}

struct Nmbrs {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    const Out::Root root = operation(out, in.call.body);
    out.header("Content-Type", soap11_content_type)
        .header("SOAPAction", soap_action(std::string(root.ns) + "/" + std::string(root.local)))
        .soap("", auth_header(in, root.local));
    return Verdict::ok;
  }

  /// The vendor's code stands in the fault's text: "… ---> 1001: Invalid Authentication".
  Verdict inspect(Out& out, const InspectIn& in) const {
    const SoapFault found = fault(out, in.reply.body());
    if (!found) return Verdict::pass;
    const std::size_t arrow = found.text.find("---> ");
    const std::string_view detail = arrow == std::string_view::npos ? found.text : found.text.substr(arrow + 5);
    const bool refused = detail.starts_with("1001:") || detail.starts_with("1006:");
    fail(refused ? PST_E_AUTH_REJECTED : PST_E_VENDOR_FAULT, std::string(detail), std::string(found.code));
  }
};

}  // namespace

PENSTOCK_PLUGIN(Nmbrs)
