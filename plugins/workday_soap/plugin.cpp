#include <string>

#include <penstock/plugin.hpp>
#include <penstock/soap.hpp>
#include <penstock/wssec.hpp>

namespace {

using namespace penstock::sdk;

/// Workday wants `name@tenant`; the name may itself hold an @.
std::string user_at_tenant(std::string_view user, std::string_view tenant) {
  const std::string suffix = concat("@", tenant);
  return concat(user, user.ends_with(suffix) ? "" : suffix);
}

struct WorkdaySoap {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    // Workday goes by the body's element: its WSDLs name no SOAPAction. A caller's XML may use
    // either of the two prefixes that are usual.
    out.header("Content-Type", soap11_content_type)
        .header("SOAPAction", soap_action(""))
        .soap(" xmlns:wd=\"urn:com.workday/bsvc\" xmlns:bsvc=\"urn:com.workday/bsvc\"",
              username_token(user_at_tenant(in.conn["username"], in.conn["tenant"]),
                             in.conn["password"]));
    return Verdict::ok;
  }

  /// Every fault comes with HTTP 500, a refused password too.
  Verdict inspect(Out& out, const InspectIn& in) const {
    const SoapFault found = fault(out, in.reply.body());
    if (!found) return Verdict::pass;
    const bool refused = found.code.ends_with("authenticationError");
    fail(refused ? PST_E_AUTH_REJECTED : PST_E_VENDOR_FAULT, std::string(found.text),
         std::string(found.code));
  }
};

}  // namespace

PENSTOCK_PLUGIN(WorkdaySoap)
