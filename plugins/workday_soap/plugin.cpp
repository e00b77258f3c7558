#include <string>

#include <penstock/sdk/plugin.hpp>
#include <penstock/sdk/soap.hpp>
#include <penstock/sdk/wssec.hpp>

namespace {

using namespace penstock::sdk;

/// Workday expects `name@tenant`; the name itself may contain an @.
std::string user_at_tenant(std::string_view user, std::string_view tenant) {
  const std::string suffix = concat("@", tenant);
  return concat(user, user.ends_with(suffix) ? "" : suffix);
}

/// operation() would require a declared namespace, but here the envelope binds the usual prefixes.
/// Input that would break the envelope is rejected before it is sent with the password: Workday's
/// fault would not tell the caller the reason.
void check_fragment(Out& out, std::string_view body) {
  if (body.starts_with("<?xml")) {
    fail(PST_E_BAD_REQUEST, "data goes inside the SOAP Body; remove its XML declaration");
  }
  const std::string_view element = out.xml_root(body).local;
  if (element.empty()) {
    fail(PST_E_BAD_REQUEST, "data must begin with the operation's XML element");
  }
  if (element == "Envelope") {
    fail(PST_E_BAD_REQUEST, "data is the content of the SOAP Body; remove the envelope");
  }
}

struct WorkdaySoap {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    check_fragment(out, in.call.body);
    // Workday dispatches on the body's element; its WSDLs define no SOAPAction. The caller's XML
    // may use either of the two usual prefixes.
    out.header("Content-Type", soap11_content_type)
        .header("SOAPAction", soap_action(""))
        .soap(" xmlns:wd=\"urn:com.workday/bsvc\" xmlns:bsvc=\"urn:com.workday/bsvc\"",
              username_token(user_at_tenant(in.conn["username"], in.conn["tenant"]),
                             in.conn["password"]));
    return Verdict::ok;
  }

  /// Every fault has HTTP status 500, including rejected credentials.
  Verdict inspect(Out& out, const InspectIn& in) const {
    const SoapFault found = fault(out, in.response.body());
    if (!found) return Verdict::pass;
    fail(refuses_credentials(found) ? PST_E_AUTH_REJECTED : PST_E_VENDOR_FAULT,
         std::string(found.text), std::string(found.code));
  }
};

}  // namespace

PENSTOCK_PLUGIN(WorkdaySoap)
