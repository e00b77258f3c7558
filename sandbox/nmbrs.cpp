#include "accounts.hpp"
#include "asmx.hpp"
#include "http_text.hpp"
#include "people.hpp"
#include "vendors.hpp"

#include <array>

// Nmbrs v3: the credentials are in a SOAP header in the namespace of the service, which is the
// production one on the sandbox host too.
namespace penstock::sandbox {
namespace {

namespace account = accounts::nmbrs;

struct Service {
  std::string_view name;
  std::vector<std::string_view> operations;
};

const std::array<Service, 3>& services() {
  static const std::array<Service, 3> all{
      Service{"DebtorService", {"List_GetAll", "Environment_Get"}},
      Service{"CompanyService", {"List_GetAll"}},
      Service{"EmployeeService", {"List_GetByCompany"}},
  };
  return all;
}

/// Whether the header has exactly these children, in this order, all in the service's namespace.
bool holds(const Element* header, std::string_view ns,
           std::initializer_list<std::pair<std::string_view, std::string_view>> wanted) {
  if (!header || header->children.size() != wanted.size()) return false;
  auto child = header->children.begin();
  for (const auto& [name, value] : wanted) {
    if (!child->is(ns, name) || trimmed(child->text) != value) return false;
    ++child;
  }
  return true;
}

bool may_call(const AsmxCall& call, std::string_view ns) {
  const auto& message = call.message;
  if (holds(message.header_block(ns, "AuthHeaderWithDomain"), ns,
            {{"Username", account::username},
             {"Token", account::token},
             {"Domain", account::domain}}))
    return true;
  return call.operation == "Environment_Get" &&
         holds(message.header_block(ns, "AuthHeader"), ns,
               {{"Username", account::username}, {"Token", account::token}});
}

std::string debtors() {
  return "<Debtor><Id>101</Id><Number>1</Number><Name>Acme Holding B.V.</Name></Debtor>"
         "<Debtor><Id>102</Id><Number>2</Number><Name>Acme &amp; Zonen</Name></Debtor>";
}

std::string companies() {
  return "<Company><ID>54613</ID><Number>1</Number><Name>Acme Nederland B.V.</Name>"
         "<PhoneNumber>020-5550100</PhoneNumber><Email>info@acme.example</Email>"
         "<LoonaangifteTijdvak>Month</LoonaangifteTijdvak><KvkNr>20153354</KvkNr></Company>"
         "<Company><ID>54614</ID><Number>2</Number><Name>Acme Logistiek B.V.</Name>"
         "<LoonaangifteTijdvak>Week4</LoonaangifteTijdvak></Company>";
}

std::string employees(bool active) {
  std::string list;
  for (std::size_t i = active ? 0 : 10; i < (active ? 10u : 12u); ++i)
    list += "<Employee><Id>" + std::to_string(503293 + i) + "</Id><Number>" +
            std::to_string(i + 1) + "</Number><DisplayName>" + xml_text(people()[i].name()) +
            "</DisplayName></Employee>";
  return list;
}

Response employees_of_company(const AsmxCall& call, std::string_view ns) {
  const auto& soap = call.message.ns;
  // ASP.NET ignores elements that are missing from its namespace: an int is then 0.
  auto company = call.message.operation->child_text(ns, "CompanyId").value_or("0");
  auto active = call.message.operation->child_text(ns, "active").value_or("active");
  if (active != "active" && active != "notActive" && active != "all")
    return asmx_fault(soap, "Client",
                      "System.Web.Services.Protocols.SoapException: Server was unable to read "
                      "request. ---> System.InvalidOperationException: There is an error in XML "
                      "document. ---> Instance validation error: '" +
                          active + "' is not a valid value for Active.");
  if (company != "54613" && company != "54614")
    return asmx_server_fault(soap, "2004: No access to this company");
  std::string list;
  if (active != "notActive") list += employees(true);
  if (active != "active") list += employees(false);
  return asmx_response(call, ns, list);
}

Response perform(const AsmxCall& call, std::string_view service, std::string_view ns) {
  if (service == "EmployeeService") return employees_of_company(call, ns);
  if (service == "CompanyService") return asmx_response(call, ns, companies());
  if (call.operation == "List_GetAll") return asmx_response(call, ns, debtors());
  return asmx_response(call, ns, "<SubDomain>" + xml_text(account::domain) + "</SubDomain>");
}

}  // namespace

Response nmbrs(const Request& request, SandboxState&) {
  auto target = parse_target(request.target);
  auto file = target ? match(*target, "/soap/v3/{}") : std::nullopt;
  for (const auto& service : services()) {
    if (!file || file->front() != std::string{service.name} + ".asmx") continue;
    std::string ns = "https://api.nmbrs.nl/soap/v3/" + std::string{service.name};
    auto [call, fault] = read_asmx_call(request, ns, ns + "/", service.operations);
    Response response;
    if (!call) {
      response = std::move(fault);
    } else if (!may_call(*call, ns)) {
      response = asmx_server_fault(call->message.ns, "1001: Invalid Authentication");
      response.refused = true;
    } else {
      response = perform(*call, service.name, ns);
    }
    response.kind = std::string{service.name};
    return response;
  }
  return text_response(404, "text/html", "<html><body>The resource cannot be found.</body></html>");
}

}  // namespace penstock::sandbox
