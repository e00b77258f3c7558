#include "accounts.hpp"
#include "http_text.hpp"
#include "json.hpp"
#include "people.hpp"
#include "vendors.hpp"
#include "xml.hpp"

// Reports as a service: every owner has every report, except the one named Missing_Report.
namespace penstock::sandbox {
namespace {

namespace account = accounts::workday;
constexpr std::size_t rows = 5;

bool may_read(const Request& request, const SandboxState& state) {
  auto authorization = parse_authorization(request.header("Authorization"));
  if (!authorization) return false;
  if (authorization->scheme == "bearer")
    return state.workday.accepts(authorization->credentials, state.now);
  auto basic = basic_credentials(request.header("Authorization"));
  return basic && (basic->first == account::isu || basic->first == account::isu_at_tenant) &&
         basic->second == account::password;
}

Response as_json() {
  std::string list;
  for (std::size_t i = 0; i < rows; ++i)
    list += std::string{i ? "," : ""} +
            "{\"Employee_ID\":" + json_string(people()[i].employee_id()) +
            ",\"Worker\":" + json_string(people()[i].name()) +
            ",\"Department\":" + json_string(people()[i].department) + "}";
  return json_response(200, "{\"Report_Entry\":[" + list + "]}");
}

Response as_csv() {
  std::string text = "Employee_ID,Worker,Department\n";
  for (std::size_t i = 0; i < rows; ++i)
    text +=
        people()[i].employee_id() + "," + people()[i].name() + "," + people()[i].department + "\n";
  return text_response(200, "text/csv;charset=UTF-8", std::move(text));
}

Response as_xml(const std::string& report) {
  std::string text = "<?xml version='1.0' encoding='UTF-8'?><wd:Report_Data "
                     "xmlns:wd=\"urn:com.workday.report/" +
                     xml_text(report) + "\">";
  for (std::size_t i = 0; i < rows; ++i)
    text += "<wd:Report_Entry><wd:Employee_ID>" + people()[i].employee_id() +
            "</wd:Employee_ID><wd:Worker>" + xml_text(people()[i].name()) +
            "</wd:Worker><wd:Department>" + xml_text(people()[i].department) +
            "</wd:Department></wd:Report_Entry>";
  return text_response(200, "text/xml;charset=UTF-8", text + "</wd:Report_Data>");
}

}  // namespace

Response workday_report(const Request& request, SandboxState& state) {
  if (!may_read(request, state)) {
    auto response = json_response(401, "{\"error\":\"invalid username or password\"}");
    response.headers.push_back({"WWW-Authenticate", "Basic realm=\"Workday\""});
    response.refused = true;
    return response;
  }
  if (!state.vendors["workday"].admit("report", state.now))
    return json_response(429, "{\"error\":\"too many requests\",\"code\":\"A429\"}");
  auto target = parse_target(request.target);
  auto names = target ? match(*target, "/ccx/service/customreport2/acme/{}/{}") : std::nullopt;
  if (!names || names->back() == "Missing_Report" || request.method != "GET")
    return json_response(404, "{\"error\":\"the report was not found\",\"code\":\"S21\"}");
  auto format = value_or(target->query, "format", "");
  if (format == "json") return as_json();
  if (format == "csv") return as_csv();
  if (format.empty() || format == "simplexml") return as_xml(names->back());
  return json_response(400, "{\"error\":\"the format is not offered\",\"code\":\"A1\"}");
}

}  // namespace penstock::sandbox
