#include <string>

#include <penstock/auth.hpp>
#include <penstock/plugin.hpp>
#include <penstock/soap.hpp>

namespace {

using namespace penstock::sdk;

/// Taleo Enterprise: HTTP Basic, and a SOAPAction of namespace, service and operation.
struct Taleo {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    const Out::Root root = operation(out, in.call.body);
    const std::string_view named = in.call.options["operation_name"];
    const std::string action = std::string(root.ns) + "/" + std::string(in.call.options["service_name"]) + "#" +
                               std::string(named.empty() ? root.local : named);
    out.header("Authorization", basic(in.conn["username"], in.conn["password"]))
        .header("Content-Type", soap11_content_type)
        .header("SOAPAction", soap_action(action))
        .soap("", "");
    return Verdict::ok;
  }

  Verdict inspect(Out& out, const InspectIn& in) const {
    const SoapFault found = fault(out, in.reply.body());
    if (!found) return Verdict::pass;
    const std::string code(out.xml(in.reply.body(), "Envelope/Body/Fault/detail/WebServiceFault/code"));
    const std::string message(out.xml(in.reply.body(), "Envelope/Body/Fault/detail/WebServiceFault/message"));
    fail(PST_E_VENDOR_FAULT, message.empty() ? std::string(found.text) : message, code.empty() ? std::string(found.code) : code);
  }
};

}  // namespace

PENSTOCK_PLUGIN(Taleo)
