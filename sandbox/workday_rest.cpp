#include "accounts.hpp"
#include "http_text.hpp"
#include "json.hpp"
#include "people.hpp"
#include "vendors.hpp"

#include <algorithm>
#include <charconv>

namespace penstock::sandbox {
namespace {

namespace account = accounts::workday;

Response problem(int status, std::string_view error, std::string_view code) {
  return json_response(status,
                       "{\"error\":" + json_string(error) + ",\"code\":" + json_string(code) + "}");
}

Response no_such_resource() { return problem(404, "the requested resource was not found", "S21"); }

Response validation_error(std::string_view field, std::string_view what) {
  return json_response(
      400,
      "{\"error\":\"validation error: invalid input\",\"errors\":[{\"error\":" + json_string(what) +
          ",\"code\":\"A212\",\"field\":" + json_string(field) + ",\"severity\":\"Critical\"}]}");
}

bool has_token(const Request& request, const SandboxState& state) {
  auto authorization = parse_authorization(request.header("Authorization"));
  return authorization && authorization->scheme == "bearer" &&
         state.workday.accepts(authorization->credentials, state.now);
}

Response invalid_token() {
  auto response = json_response(401, R"({"error":"invalid_token","error_description":)"
                                     R"("the access token is missing, unknown or expired"})");
  response.headers.push_back({"WWW-Authenticate", "Bearer error=\"invalid_token\""});
  response.refused = true;
  return response;
}

std::string worker_json(const Person& person, const std::string& collection) {
  return "{\"id\":" + json_string(person.workday_id()) +
         ",\"descriptor\":" + json_string(person.name()) +
         ",\"href\":" + json_string(collection + "/" + person.workday_id()) +
         ",\"workerId\":" + json_string(person.employee_id()) +
         ",\"primaryWorkEmail\":" + json_string(person.email) +
         ",\"isManager\":" + (person.number == 0 ? "true" : "false") +
         ",\"primaryJob\":{\"businessTitle\":" + json_string(person.job_title) +
         ",\"supervisoryOrganization\":{\"descriptor\":" + json_string(person.department) + "}}}";
}

/// An integer from the query within bounds, the default if absent, otherwise nullopt.
std::optional<int> number_of(const Fields& query, std::string_view name, int otherwise, int least,
                             int most) {
  auto text = value_or(query, name, std::to_string(otherwise));
  int number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most)
    return std::nullopt;
  return number;
}

Response workers(const Fields& query, const std::string& collection) {
  auto limit = number_of(query, "limit", 20, 1, 100);
  if (!limit) return validation_error("limit", "limit must be between 1 and 100");
  auto offset = number_of(query, "offset", 0, 0, 1'000'000);
  if (!offset) return validation_error("offset", "offset must be zero or more");
  std::string list;
  auto end = std::min(people().size(), static_cast<std::size_t>(*offset + *limit));
  for (auto i = static_cast<std::size_t>(*offset); i < end; ++i)
    list += (list.empty() ? "" : ",") + worker_json(people()[i], collection);
  return json_response(200, "{\"total\":" + std::to_string(people().size()) + ",\"data\":[" + list +
                                "]}");
}

const Person* find_worker(const std::string& id) {
  for (const auto& person : people())
    if (id == person.workday_id() || id == "Employee_ID=" + person.employee_id() ||
        (id == "me" && person.number == 0))
      return &person;
  return nullptr;
}

Response change_job(const Request& request, const Person& person) {
  if (parse_media_type(request.header("Content-Type")).type != "application/json")
    return problem(415, "unsupported media type", "A1");
  auto body = parse_json(request.body);
  if (!body || !body->IsObject())
    return problem(400, "invalid request: the body is not JSON", "A1");
  // The caller's members are returned byte for byte.
  auto open = request.body.find('{'), close = request.body.rfind('}');
  auto members = request.body.substr(open + 1, close - open - 1);
  return json_response(201,
                       "{\"id\":" + json_string(hex(sha256(person.workday_id())).substr(0, 32)) +
                           ",\"descriptor\":" + json_string("Job Change: " + person.name()) +
                           (body->MemberCount() > 0 ? "," + members : "") + "}");
}

}  // namespace

Response workday_rest(const Request& request, SandboxState& state) {
  if (!has_token(request, state)) return invalid_token();
  auto target = parse_target(request.target);
  if (!target) return problem(400, "invalid request: the URL cannot be read", "A1");
  auto& vendor = state.vendors["workday"];
  if (!vendor.admit("rest", state.now)) return problem(429, "too many requests", "A429");

  // Tenants respond below /ccx/api and below /api; the old core service has no service name.
  auto& path = target->segments;
  if (!path.empty() && path.front() == "ccx") path.erase(path.begin());
  if (path.size() < 4 || path[0] != "api") return no_such_resource();
  bool core = path[1] == "v1";
  if (core) path.insert(path.begin() + 1, "common");
  bool served = core || (path[1] == "staffing" && path[2].size() == 2 && path[2][0] == 'v' &&
                         path[2][1] >= '1' && path[2][1] <= '6');
  if (!served || path.size() < 5 || path[3] != account::tenant || path[4] != "workers")
    return no_such_resource();

  auto question = request.target.find('?');
  auto here = "https://" + request.host + request.target.substr(0, question);
  if (path.size() == 5)
    return request.method == "GET" ? workers(target->query, here)
                                   : problem(405, "method not allowed", "A405");
  const Person* person = find_worker(path[5]);
  if (!person) return problem(404, "invalid resource ID: " + path[5], "S21");
  if (path.size() == 6 && request.method == "GET")
    return json_response(200, worker_json(*person, here.substr(0, here.rfind('/'))));
  if (path.size() == 7 && path[6] == "jobChanges" && path[2] == "v6" && request.method == "POST")
    return change_job(request, *person);
  return no_such_resource();
}

Response workday(const Request& request, SandboxState& state) {
  auto target = parse_target(request.target);
  auto starts_with = [&](std::string_view a, std::string_view b) {
    return target && target->segments.size() > 2 && target->segments[0] == a &&
           target->segments[1] == b;
  };
  Response response;
  if (starts_with("ccx", "service")) {
    bool report = target->segments[2] == "customreport2";
    response = report ? workday_report(request, state) : workday_soap(request, state);
    response.kind = report ? "report" : "soap";
  } else if (starts_with("ccx", "oauth2")) {
    // A token request that reaches this point is for another tenant.
    response = problem(404, "the tenant is unknown", "S21");
  } else {
    response = workday_rest(request, state);
    response.kind = "rest";
  }
  return response;
}

}  // namespace penstock::sandbox
