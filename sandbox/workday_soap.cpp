#include "accounts.hpp"
#include "http_text.hpp"
#include "people.hpp"
#include "soap.hpp"
#include "vendors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

// Workday Web Services: SOAP 1.1, dispatched on the Body's element; every fault is an HTTP 500.
namespace penstock::sandbox {
namespace {

namespace account = accounts::workday;
constexpr std::string_view bsvc = "urn:com.workday/bsvc";
constexpr std::string_view wsse =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
constexpr std::string_view password_text =
    "http://docs.oasis-open.org/wss/2004/01/"
    "oasis-200401-wss-username-token-profile-1.0#PasswordText";
constexpr std::array services{"Human_Resources",
                              "Staffing",
                              "Recruiting",
                              "Compensation",
                              "Compensation_Review",
                              "Benefits_Administration",
                              "Payroll",
                              "Absence_Management",
                              "Time_Tracking",
                              "Financial_Management",
                              "Integrations",
                              "Report_Metadata",
                              "Core_Implementation_Service"};

Response envelope(int status, const std::string& body) {
  auto response =
      text_response(status, "text/xml; charset=UTF-8",
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope "
                    "xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Body>" +
                        body + "</SOAP-ENV:Body></SOAP-ENV:Envelope>");
  response.chunked = true;
  return response;
}

Response fault(std::string_view code, std::string_view text, const std::string& detail = {}) {
  return envelope(500, "<SOAP-ENV:Fault xmlns:wd=\"urn:com.workday/bsvc\"><faultcode>SOAP-ENV:" +
                           std::string{code} + "</faultcode><faultstring>" + xml_text(text) +
                           "</faultstring>" + detail + "</SOAP-ENV:Fault>");
}

Response validation_error(const std::string& message) {
  auto text = xml_text(message);
  return fault("Client.validationError", "Validation error occurred. " + message,
               "<detail><wd:Validation_Fault><wd:Validation_Error><wd:Message>" + text +
                   "</wd:Message><wd:Detail_Message>" + text +
                   "</wd:Detail_Message></wd:Validation_Error></wd:Validation_Fault></detail>");
}

Response processing_error(const std::string& message) {
  return fault("Server.processingError", "Processing error occurred. " + message,
               "<detail><wd:Processing_Fault><wd:Detail_Message>" + xml_text(message) +
                   "</wd:Detail_Message></wd:Processing_Fault></detail>");
}

/// Whether the version is served: `v38.2` or `38.2`, from 26.1 to 47.0; each release had the minors
/// 0 to 2.
bool is_served(std::string_view version, bool needs_v) {
  if (version.starts_with('v'))
    version.remove_prefix(1);
  else if (needs_v)
    return false;
  auto dot = version.find('.');
  if (dot == std::string_view::npos) return false;
  int major = 0, minor = 0;
  const char* end = version.data() + version.size();
  auto first = std::from_chars(version.data(), version.data() + dot, major);
  auto second = std::from_chars(version.data() + dot + 1, end, minor);
  if (first.ec != std::errc{} || first.ptr != version.data() + dot || second.ec != std::errc{} ||
      second.ptr != end)
    return false;
  auto release = std::pair{major, minor};
  return release >= std::pair{26, 1} && release <= std::pair{47, 0} && minor <= 2;
}

bool may_call(const Request& request, const Envelope& message, const SandboxState& state) {
  const Element* security = message.header_block(wsse, "Security");
  if (!security) {
    auto authorization = parse_authorization(request.header("Authorization"));
    return authorization && authorization->scheme == "bearer" &&
           state.workday.accepts(authorization->credentials, state.now);
  }
  const Element* token = security->child(wsse, "UsernameToken");
  const Element* password = token ? token->child(wsse, "Password") : nullptr;
  if (!password) return false;
  const auto* type = password->attribute("", "Type");
  return (!type || *type == password_text) && password->text == account::password &&
         token->child_text(wsse, "Username") == std::string{account::isu_at_tenant};
}

std::string reference(const Person& person) {
  return "<wd:Worker_Reference wd:Descriptor=\"" + xml_text(person.name()) +
         "\"><wd:ID wd:type=\"WID\">" + person.workday_id() +
         "</wd:ID><wd:ID wd:type=\"Employee_ID\">" + person.employee_id() +
         "</wd:ID></wd:Worker_Reference>";
}

std::string worker_xml(const Person& person) {
  std::string name = "<wd:Name_Detail_Data wd:Formatted_Name=\"" + xml_text(person.name()) +
                     "\" wd:Reporting_Name=\"" +
                     xml_text(person.last_name + ", " + person.first_name) +
                     "\"><wd:Country_Reference wd:Descriptor=\"Netherlands\"><wd:ID "
                     "wd:type=\"ISO_3166-1_Alpha-2_Code\">NL</wd:ID></wd:Country_Reference>"
                     "<wd:First_Name>" +
                     xml_text(person.first_name) + "</wd:First_Name><wd:Last_Name>" +
                     xml_text(person.last_name) + "</wd:Last_Name></wd:Name_Detail_Data>";
  return "<wd:Worker>" + reference(person) + "<wd:Worker_Data><wd:Worker_ID>" +
         person.employee_id() + "</wd:Worker_ID><wd:User_ID>" + xml_text(person.email) +
         "</wd:User_ID><wd:Personal_Data><wd:Name_Data><wd:Legal_Name_Data>" + name +
         "</wd:Legal_Name_Data><wd:Preferred_Name_Data>" + name +
         "</wd:Preferred_Name_Data></wd:Name_Data><wd:Contact_Data><wd:Email_Address_Data>"
         "<wd:Email_Address>" +
         xml_text(person.email) +
         "</wd:Email_Address></wd:Email_Address_Data></wd:Contact_Data></wd:Personal_Data>"
         "<wd:Employment_Data><wd:Worker_Job_Data wd:Primary_Job=\"1\"><wd:Position_Data>"
         "<wd:Business_Title>" +
         xml_text(person.job_title) +
         "</wd:Business_Title></wd:Position_Data></wd:Worker_Job_Data></wd:Employment_Data>"
         "</wd:Worker_Data></wd:Worker>";
}

/// The number in that child, the default if it is absent, nullopt if it is out of bounds.
std::optional<int> number_in(const Element* parent, std::string_view name, int otherwise,
                             int most) {
  auto text = parent ? parent->child_text(bsvc, name) : std::nullopt;
  if (!text) return otherwise;
  int number = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || number < 1 || number > most)
    return std::nullopt;
  return number;
}

Response get_workers(const Element& operation, const std::string& version) {
  std::vector<const Person*> found;
  if (const Element* references = operation.child(bsvc, "Request_References")) {
    for (const auto& wanted : references->children) {
      for (const auto& id : wanted.children) {
        const auto* type = id.attribute(bsvc, "type");
        std::string kind = type ? *type : "", value{trimmed(id.text)};
        auto person = std::find_if(people().begin(), people().end(), [&](const Person& each) {
          return (kind == "Employee_ID" && value == each.employee_id()) ||
                 (kind == "WID" && value == each.workday_id());
        });
        if (person == people().end())
          return validation_error("Invalid ID value.  '" + value +
                                  "' is not a valid ID value for type = '" + kind + "'");
        found.push_back(&*person);
        break;  // several IDs of one reference name the same worker
      }
    }
  } else {
    for (const auto& person : people())
      found.push_back(&person);
  }

  const Element* filter = operation.child(bsvc, "Response_Filter");
  auto page = number_in(filter, "Page", 1, 1'000'000);
  auto count = number_in(filter, "Count", 100, 999);
  if (!page || !count) return validation_error("Page starts at 1 and Count is from 1 to 999");
  std::size_t per_page = static_cast<std::size_t>(*count);
  std::size_t first = std::min(found.size(), static_cast<std::size_t>(*page - 1) * per_page);
  std::size_t end = std::min(found.size(), first + per_page);
  std::string workers;
  for (std::size_t i = first; i < end; ++i)
    workers += worker_xml(*found[i]);
  auto field = [](std::string_view name, std::size_t value) {
    std::string tag{name};
    return "<wd:" + tag + ">" + std::to_string(value) + "</wd:" + tag + ">";
  };
  return envelope(200, "<wd:Get_Workers_Response xmlns:wd=\"urn:com.workday/bsvc\" wd:version=\"" +
                           xml_text(version) + "\"><wd:Response_Results>" +
                           field("Total_Results", found.size()) +
                           field("Total_Pages", (found.size() + per_page - 1) / per_page) +
                           field("Page_Results", end - first) +
                           field("Page", static_cast<std::size_t>(*page)) +
                           "</wd:Response_Results><wd:Response_Data>" + workers +
                           "</wd:Response_Data></wd:Get_Workers_Response>");
}

Response server_timestamp(const SandboxState& state, const std::string& version) {
  std::time_t now = state.now;
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000Z", &utc);
  return envelope(200, "<wd:Server_Timestamp xmlns:wd=\"urn:com.workday/bsvc\" wd:version=\"" +
                           xml_text(version) + "\"><wd:Server_Timestamp_Data>" + text +
                           "</wd:Server_Timestamp_Data></wd:Server_Timestamp>");
}

const Element* not_understood(const Envelope& message) {
  if (!message.header) return nullptr;
  for (const auto& block : message.header->children)
    if (message.must_understand(block) && !block.is(wsse, "Security") &&
        !block.is(bsvc, "Workday_Common_Header"))
      return &block;
  return nullptr;
}

}  // namespace

Response workday_soap(const Request& request, SandboxState& state) {
  auto target = parse_target(request.target);
  auto names = target ? match(*target, "/ccx/service/{}/{}/{}") : std::nullopt;
  if (!names) {
    names = target ? match(*target, "/ccx/service/{}/{}") : std::nullopt;
    if (names) names->push_back("");
  }
  // A wrong tenant looks like an outage: Workday returns 500 for it, too.
  if (!names || names->front() != account::tenant)
    return processing_error("The tenant or path is unknown.");
  if (request.method != "POST") return fault("Client", "POST is needed");
  auto [message, problem] = read_envelope(request.body);
  if (!message) return fault("Client.validationError", "The request is not valid: " + problem);
  if (message->ns != soap11) return fault("VersionMismatch", "a SOAP 1.1 envelope is needed");
  if (const auto* block = not_understood(*message))
    return fault("MustUnderstand", "the header block " + block->name + " is not understood");
  if (!may_call(request, *message, state)) {
    auto response = fault("Client.authenticationError", "invalid username or password");
    response.refused = true;
    return response;
  }
  if (!state.vendors["workday"].admit("soap", state.now))
    return processing_error("Too many requests.");

  const auto& [tenant, service, url_version] = std::tie((*names)[0], (*names)[1], (*names)[2]);
  const Element* operation = message->operation;
  const auto* attribute = operation ? operation->attribute(bsvc, "version") : nullptr;
  auto version = !url_version.empty() ? url_version : attribute ? *attribute : "";
  if (!is_served(version, !url_version.empty()))
    return fault("Client.validationError", "Invalid request service version");
  bool known = std::find(services.begin(), services.end(), service) != services.end();
  if (!known || !operation || operation->ns != bsvc)
    return validation_error("The web service or version is invalid for the requested operation");

  bool human = service == "Human_Resources";
  if (operation->name == "Get_Workers_Request" && (human || service == "Staffing"))
    return get_workers(*operation, version);
  if (operation->name == "Server_Timestamp_Get" && (human || service == "Recruiting"))
    return server_timestamp(state, version);
  return processing_error("The task submitted is not authorized.");
}

}  // namespace penstock::sandbox
