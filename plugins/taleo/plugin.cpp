#include <string>

#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/plugin.hpp>
#include <penstock/sdk/soap.hpp>

namespace {

using namespace penstock::sdk;

/// Taleo Enterprise: HTTP Basic, and a SOAPAction composed of namespace, service and operation.
struct Taleo {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    const Out::Root root = operation(out, in.call.body);
    const std::string_view service = in.call.options["service_name"];
    const std::string_view named = in.call.options["operation_name"];
    const std::string name = concat(service, "#", named.empty() ? root.local : named);
    out.header("Authorization", basic(in.conn["username"], in.conn["password"]))
        .header("Content-Type", soap11_content_type)
        .header("SOAPAction", soap_action(joined(root.ns, name)))
        .soap("", "");
    return Verdict::ok;
  }

  /// Taleo's own code and message are in the fault's detail.
  Verdict inspect(Out& out, const InspectIn& in) const {
    const SoapFault found = fault(out, in.response.body());
    if (!found) return Verdict::pass;
    const std::string_view detail = "Envelope/Body/Fault/detail/WebServiceFault/";
    const std::string_view code = out.xml(in.response.body(), concat(detail, "code"));
    const std::string_view message = out.xml(in.response.body(), concat(detail, "message"));
    const SoapFault told{code.empty() ? found.code : code, message.empty() ? found.text : message};
    const bool refused = refuses_credentials(found) || refuses_credentials(told);
    fail(refused ? PST_E_AUTH_REJECTED : PST_E_VENDOR_FAULT, std::string(told.text),
         std::string(told.code));
  }
};

}  // namespace

PENSTOCK_PLUGIN(Taleo)
