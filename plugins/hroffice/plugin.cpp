#include <string>

#include <penstock/auth.hpp>
#include <penstock/plugin.hpp>
#include <penstock/soap.hpp>
#include <penstock/wssec.hpp>
#include <penstock/xml.hpp>

namespace {

using namespace penstock::sdk;

/// An ASP.NET service: the caller gives an operation's parameters, and the operation's element stands here. Its default
/// namespace qualifies them. How it authenticates is not public, so the connection says: `auth_style`.
struct HrOffice {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    const std::string_view style = in.conn["auth_style"];
    const std::string_view name = in.call.options["operation_name"];
    const std::string ns = xml_text(in.conn["namespace"]);
    const std::string user = xml_text(in.conn["username"]), password = xml_text(in.conn["password"]);

    std::string soap_header;
    if (style == "basic") out.header("Authorization", basic(in.conn["username"], in.conn["password"]));
    if (style == "wsse") soap_header = username_token(in.conn["username"], in.conn["password"]);
    if (style == "header") {
      soap_header = "<AuthHeader xmlns=\"" + ns + "\"><Username>" + user + "</Username><Password>" + password + "</Password></AuthHeader>";
    }
    std::string open = "<" + std::string(name) + " xmlns=\"" + ns + "\">";
    if (style == "parameters") open += "<username>" + user + "</username><password>" + password + "</password>";

    const std::string slash = in.conn["namespace"].ends_with('/') ? "" : "/";
    out.header("Content-Type", soap11_content_type)
        .header("SOAPAction", soap_action(std::string(in.conn["namespace"]) + slash + std::string(name)))
        .wrap(open, "</" + std::string(name) + ">")
        .soap("", soap_header);
    return Verdict::ok;
  }
};

}  // namespace

PENSTOCK_PLUGIN(HrOffice)
