#include "accounts.hpp"
#include "asmx.hpp"
#include "http_text.hpp"
#include "vendors.hpp"

#include <array>

// HR Office has no public documentation: this is ASP.NET's usual behaviour behind HTTP Basic.
namespace penstock::sandbox {
namespace {

namespace account = accounts::hroffice;
constexpr std::string_view ns = "http://tempuri.org/";
constexpr std::array<std::string_view, 1> operations{"GetAllJobByLanguage"};

std::string jobs(std::string_view language) {
  auto job = [](int id, std::string_view title) {
    return "<Job><Id>" + std::to_string(id) + "</Id><Title>" + xml_text(title) +
           "</Title><City>Haarlem</City></Job>";
  };
  if (language == "1") return job(4101, "Ontwikkelaar C++") + job(4102, "Recruiter R&D");
  if (language == "2") return job(4101, "C++ Developer") + job(4102, "R&D Recruiter");
  return {};
}

}  // namespace

Response hroffice(const Request& request, SandboxState&) {
  auto target = parse_target(request.target);
  if (!target || !match(*target, "/HROfficeCoreService.asmx"))
    return text_response(404, "text/html",
                         "<html><body>The resource cannot be found.</body></html>");
  auto basic = basic_credentials(request.header("Authorization"));
  if (!basic || basic->first != account::username || basic->second != account::password) {
    auto response = text_response(401, "text/html", "<html><body>Unauthorized</body></html>");
    response.headers.push_back({"WWW-Authenticate", "Basic realm=\"api.hroffice.nl\""});
    response.refused = true;
    return response;
  }
  auto [call, fault] = read_asmx_call(request, ns, ns, operations);
  if (!call) return std::move(fault);
  // An unqualified languageId is not found, and a missing int is 0: no jobs.
  auto language = call->message.operation->child_text(ns, "languageId").value_or("0");
  return asmx_response(*call, ns, jobs(language));
}

}  // namespace penstock::sandbox
