#include <string>

#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/plugin.hpp>
#include <penstock/sdk/soap.hpp>
#include <penstock/sdk/wssec.hpp>
#include <penstock/sdk/xml.hpp>

namespace {

using namespace penstock::sdk;

/// The operation name becomes markup, so it must not contain a character that could end the tag.
std::string element_name(std::string_view text) {
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!plain && c != '_')
      fail(PST_E_BAD_OPTION, "operation_name is not the name of an operation");
  }
  if (text.empty()) fail(PST_E_BAD_OPTION, "operation_name is empty");
  return std::string(text);
}

/// Rejects a user name or password among the parameters: it would be read instead of the
/// connection's.
void refuse_own_credentials(Out& out, std::string_view parameters) {
  const std::string operation = concat("<o>", parameters, "</o>");
  for (const char* name : {"username", "password"}) {
    if (!out.xml(operation, concat("o/", name)).empty()) {
      fail(PST_E_BAD_REQUEST, concat("data has a <", name,
                                     "> of its own; remove it: the plugin adds the connection's"));
    }
  }
}

/// An ASP.NET service. The caller sends the parameters of an operation; the plugin adds the
/// operation's element, whose default namespace qualifies them. How the service authenticates is
/// not documented publicly, so the connection specifies it: `auth_style`.
struct HrOffice {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    const std::string_view user = in.conn["username"], password = in.conn["password"];
    const std::string_view style = in.conn["auth_style"];
    const std::string name = element_name(in.call.options["operation_name"]);
    const std::string ns = xml_attribute(in.conn["namespace"]);

    std::string soap_header, leading_parameters;
    if (style == "basic") {
      out.header("Authorization", basic(user, password));
    } else if (style == "wsse") {
      soap_header = username_token(user, password);
    } else if (style == "header") {
      soap_header = concat("<AuthHeader xmlns=\"", ns, "\"><Username>", xml_text(user),
                           "</Username><Password>", xml_text(password), "</Password></AuthHeader>");
    } else if (style == "parameters") {
      refuse_own_credentials(out, in.call.body);
      leading_parameters = concat("<username>", xml_text(user), "</username><password>",
                                  xml_text(password), "</password>");
    } else if (style != "none") {
      fail(PST_E_BAD_CONNECTION,
           "auth_style is not one of basic, wsse, header, parameters and none");
    }
    out.header("Content-Type", soap11_content_type)
        .header("SOAPAction", soap_action(joined(in.conn["namespace"], name)))
        .soap("", soap_header);
    if (!in.call.enveloped()) {
      out.wrap(concat("<", name, " xmlns=\"", ns, "\">", leading_parameters),
               concat("</", name, ">"));
    } else if (!leading_parameters.empty()) {
      fail(PST_E_UNSUPPORTED,
           "with auth_style parameters the credentials belong in the operation's element; send "
           "its parameters instead of a whole envelope");
    }
    return Verdict::ok;
  }

  /// The vendor's codes are not public, so only the credential errors common to SOAP stacks are
  /// detected.
  Verdict inspect(Out& out, const InspectIn& in) const {
    const SoapFault found = fault(out, in.response.body());
    if (!found) return Verdict::pass;
    fail(refuses_credentials(found) ? PST_E_AUTH_REJECTED : PST_E_VENDOR_FAULT,
         std::string(found.text), std::string(found.code));
  }
};

}  // namespace

PENSTOCK_PLUGIN(HrOffice)
