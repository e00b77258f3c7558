#include <string>

#include <penstock/sdk/plugin.hpp>
#include <penstock/sdk/soap.hpp>
#include <penstock/sdk/xml.hpp>

namespace {

using namespace penstock::sdk;

std::string element(std::string_view name, std::string_view value) {
  return concat("<", name, ">", xml_text(value), "</", name, ">");
}

/// The children are in the order that the schema requires.
std::string auth_header(const PrepareIn& in, std::string_view operation_name) {
  const std::string_view service = in.call.options["service_name"];
  if (service == "SingleSignOn") return {};  // its operations contain the credentials themselves
  // Environment_Get returns the domain, so its header has none.
  const bool has_domain = operation_name != "Environment_Get";
  const std::string_view name = has_domain ? "AuthHeaderWithDomain" : "AuthHeader";
  // The namespace is that of api.nmbrs.nl on the sandbox, too.
  return concat("<", name, " xmlns=\"https://api.nmbrs.nl/soap/v3/", xml_attribute(service), "\">",
                element("Username", in.conn["username"]), element("Token", in.conn["token"]),
                has_domain ? element("Domain", in.conn["domain"]) : "", "</", name, ">");
}

struct Nmbrs {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    const Out::Root root = operation(out, in.call.body);
    out.header("Content-Type", soap11_content_type)
        .header("SOAPAction", soap_action(joined(root.ns, root.local)))
        .soap("", auth_header(in, root.local));
    return Verdict::ok;
  }

  /// The vendor's code is part of the fault's text: "... ---> 1001: Invalid Authentication".
  Verdict inspect(Out& out, const InspectIn& in) const {
    const SoapFault found = fault(out, in.response.body());
    if (!found) return Verdict::pass;
    const std::size_t arrow = found.text.rfind("---> ");
    const std::string_view detail = found.text.substr(arrow == found.text.npos ? 0 : arrow + 5);
    const std::size_t digits = detail.find_first_not_of("0123456789");
    const bool coded = digits == 4 && detail.substr(4).starts_with(": ");
    if (!coded) {
      fail(refuses_credentials(found) ? PST_E_AUTH_REJECTED : PST_E_VENDOR_FAULT,
           std::string(detail), std::string(found.code));
    }
    const std::string code(detail.substr(0, 4)), message(detail.substr(6));
    if (code == "1006") {  // according to the vendor, this login may succeed the next time
      out.note("vendor_code", code).note("vendor_message", message);
      return Verdict::retry;
    }
    fail(code == "1001" ? PST_E_AUTH_REJECTED : PST_E_VENDOR_FAULT, message, code);
  }
};

}  // namespace

PENSTOCK_PLUGIN(Nmbrs)
