#include "accounts.hpp"
#include "http_text.hpp"
#include "json.hpp"
#include "people.hpp"
#include "vendors.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <tuple>

// HiBob limits the rate per endpoint and minute and reports it on every response, even on a 401,
// whose body is empty. Fifty 401 responses within ten seconds block the caller for five minutes.
namespace penstock::sandbox {
namespace {

constexpr std::size_t staff = 12;

Response problem(int status, std::string_view key, std::string_view error) {
  return json_response(status, "{\"key\":" + json_string(key) + ",\"error\":" + json_string(error) +
                                   ",\"args\":[]}");
}

Response not_found(std::string_view what) { return problem(404, "not_found", what); }

std::string person_json(const Person& person, bool readable) {
  std::string department = json_string(person.department), title = json_string(person.job_title);
  std::string json = "{\"id\":" + json_string(person.hibob_id()) +
                     ",\"companyId\":636192,\"email\":" + json_string(person.email) +
                     ",\"firstName\":" + json_string(person.first_name) +
                     ",\"surname\":" + json_string(person.last_name) +
                     ",\"displayName\":" + json_string(person.name()) +
                     ",\"creationDateTime\":\"2024-01-15T09:30:00.000000\"" +
                     ",\"work\":{\"department\":" + department + ",\"title\":" + title +
                     ",\"startDate\":" + json_string(person.start_date) +
                     ",\"isManager\":" + (person.number == 0 ? "true" : "false") + "}";
  if (readable)
    json += ",\"humanReadable\":{\"id\":" + json_string(person.hibob_id()) +
            ",\"work\":{\"department\":" + department + ",\"title\":" + title + "}}";
  return json + "}";
}

template <class Wanted>
Response employees(bool readable, Wanted wanted) {
  std::string list;
  for (std::size_t i = 0; i < staff; ++i) {
    const Person& person = people()[i];
    if (wanted(person)) list += (list.empty() ? "" : ",") + person_json(person, readable);
  }
  return json_response(200, "{\"employees\":[" + list + "]}");
}

const Person* find_person(const std::string& id) {
  for (std::size_t i = 0; i < staff; ++i)
    if (people()[i].hibob_id() == id || people()[i].email == id) return &people()[i];
  return nullptr;
}

bool is_json(const Request& request) {
  return parse_media_type(request.header("Content-Type")).type == "application/json";
}

Response search(const Request& request) {
  if (!is_json(request))
    return problem(415, "unsupported_media_type", "application/json is needed");
  auto body = parse_json(request.body);
  if (!body || !body->IsObject())
    return problem(400, "invalid_json", "the body is not a JSON object");
  const auto* fields = member(*body, "fields");
  if (fields && (!fields->IsArray() || fields->Size() > 400))
    return problem(400, "invalid_fields", "fields is a list of at most 400 names");
  auto readable = string_member(*body, "humanReadable").value_or("");
  const auto* filters = member(*body, "filters");
  if (!filters) return employees(readable == "APPEND", [](const Person&) { return true; });

  if (!filters->IsArray() || filters->Size() != 1)
    return problem(400, "invalid_filter", "filters holds exactly one filter, or is left out");
  const auto& filter = (*filters)[0];
  auto path = string_member(filter, "fieldPath").value_or("");
  const auto* values = member(filter, "values");
  if ((path != "root.id" && path != "root.email") ||
      string_member(filter, "operator") != "equals" || !values || !values->IsArray())
    return problem(400, "invalid_filter", "a filter is root.id or root.email, equals, and values");
  return employees(readable == "APPEND", [&](const Person& person) {
    return std::any_of(values->Begin(), values->End(), [&](const auto& value) {
      return value.IsString() &&
             value.GetString() == (path == "root.id" ? person.hibob_id() : person.email);
    });
  });
}

Response fields() {
  std::string list;
  for (auto [id, category, name] : {std::tuple{"root.id", "root", "ID"},
                                    {"root.email", "root", "Email"},
                                    {"root.firstName", "root", "First name"},
                                    {"work.department", "work", "Department"},
                                    {"work.title", "work", "Job title"},
                                    {"work.startDate", "work", "Start date"}})
    list += std::string{list.empty() ? "" : ","} + "{\"id\":" + json_string(id) +
            ",\"category\":" + json_string(category) + ",\"name\":" + json_string(name) +
            ",\"type\":\"text\",\"historical\":false}";
  return json_response(200, "[" + list + "]");
}

constexpr std::string_view report_id = "31170000";

Response start_report(const Request& request, const Target& target, SandboxState& state,
                      const std::string& id) {
  if (id != report_id) return not_found("no such report");
  auto format = only(target.query, "format").value_or("");
  if (format != "csv" && format != "xlsx") return problem(400, "invalid_format", "csv or xlsx");
  state.hibob.polls[id] = 0;
  Response response;
  response.headers = {{"Location", "https://" + request.host + "/v1/company/reports/download/" +
                                       id + "-headcount." + format}};
  return response;
}

Response report_file(SandboxState& state, const std::string& file) {
  std::string id{report_id};
  if (!state.hibob.polls.contains(id) ||
      (file != id + "-headcount.csv" && file != id + "-headcount.xlsx"))
    return not_found("no such report file");
  if (state.hibob.polls[id]++ < 2) {
    Response response;
    response.status = 204;
    return response;
  }
  std::string csv = "\xEF\xBB\xBF"
                    "Employee ID,Name,Department\r\n";
  for (std::size_t i = 0; i < staff; ++i)
    csv += people()[i].hibob_id() + ",\"" + people()[i].name() + "\"," + people()[i].department +
           "\r\n";
  auto response = text_response(200, "text/csv", std::move(csv));
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"headcount.csv\""});
  return response;
}

Response upload(const Request& request, const std::string& id) {
  if (!find_person(id)) return not_found("no such employee");
  auto parts = form_parts(request.header("Content-Type"), request.body);
  if (!parts) return problem(400, "invalid_upload", "the body is not multipart/form-data");
  auto file = std::find_if(parts->begin(), parts->end(), [](const FormPart& part) {
    return part.name == "file" && part.file_name;
  });
  if (file == parts->end())
    return problem(400, "missing_file", "a file in the field file is needed");
  if (file->data.size() > 5u << 20)
    return problem(400, "file_too_large", "a file has at most 5 MB");
  return json_response(200, "{\"id\":7001,\"fileName\":" + json_string(*file->file_name) +
                                ",\"contentType\":" + json_string(file->content_type) +
                                ",\"size\":" + std::to_string(file->data.size()) +
                                ",\"sha256\":" + json_string(hex(sha256(file->data))) + "}");
}

/// An endpoint: its name, by which rate limits are counted, and the function called once the
/// request is admitted.
struct Endpoint {
  std::string name;
  std::function<Response()> answer;
};

Endpoint api_endpoint(const Request& request, const Target& target, SandboxState& state) {
  auto at = [&](std::string_view method, std::string_view pattern) {
    return request.method == method ? match(target, pattern) : std::nullopt;
  };
  if (at("GET", "/v1/people"))
    return {"people", [&] {
              bool readable = value_or(target.query, "includeHumanReadable", "") == "true";
              return employees(readable, [](const Person&) { return true; });
            }};
  if (at("POST", "/v1/people/search")) return {"people/search", [&] { return search(request); }};
  if (auto id = at("GET", "/v1/people/{}"))
    return {"people/{id}", [id] {
              const Person* person = find_person(id->front());
              return person ? json_response(200, person_json(*person, false))
                            : not_found("no such employee");
            }};
  if (at("GET", "/v1/company/people/fields")) return {"people/fields", [] { return fields(); }};
  if (at("GET", "/v1/company/reports"))
    return {"reports", [] {
              return json_response(200, "{\"views\":[{\"id\":31170000,\"name\":\"Headcount\"}]}");
            }};
  if (auto id = at("GET", "/v1/company/reports/{}/download-async"))
    return {"reports/download-async",
            [&, id] { return start_report(request, target, state, id->front()); }};
  if (auto file = at("GET", "/v1/company/reports/download/{}"))
    return {"reports/download", [&, file] { return report_file(state, file->front()); }};
  if (auto id = at("POST", "/v1/docs/people/{}/shared/upload"))
    return {"docs/upload", [&, id] { return upload(request, id->front()); }};
  return {"other", [] { return not_found("no such endpoint"); }};
}

Endpoint docs_endpoint(const Request& request, const Target& target, SandboxState&) {
  auto id = match(target, "/api/docs/employees/{}");
  if (request.method != "GET" || !id)
    return {"other", [] { return not_found("no such endpoint"); }};
  return {"docs", [id] {
            if (!find_person(id->front())) return not_found("no such employee");
            return json_response(200, "{\"documents\":[{\"id\":\"7001\",\"name\":\"contract.pdf\","
                                      "\"folder\":\"shared\"}]}");
          }};
}

Endpoint hire_endpoint(const Request& request, const Target& target, SandboxState&) {
  if (request.method == "GET" && match(target, "/api/hire/candidates"))
    return {"candidates", [] {
              return json_response(200, "{\"candidates\":[{\"id\":\"c-1\",\"fullName\":\"Vera "
                                        "Example\",\"stage\":\"Interview\"}]}");
            }};
  if (request.method == "GET" && match(target, "/api/hire/jobs"))
    return {"jobs", [] {
              return json_response(200, "{\"jobs\":[{\"id\":\"j-1\",\"title\":\"Engineer\"}]}");
            }};
  return {"other", [] { return not_found("no such endpoint"); }};
}

bool too_many_refusals(HibobState& state, std::int64_t now) {
  while (!state.refusals.empty() && state.refusals.front() <= now - 10)
    state.refusals.pop_front();
  state.refusals.push_back(now);
  return state.refusals.size() >= 50;
}

Response admit(const Request& request, SandboxState& state, std::string_view user,
               std::string_view token,
               Endpoint (*endpoint_of)(const Request&, const Target&, SandboxState&)) {
  if (state.now < state.hibob.blocked_until)
    return text_response(403, "text/html", "<html><body>Request blocked</body></html>");
  auto target = parse_target(request.target);
  if (!target) return problem(400, "invalid_path", "the path cannot be read");

  auto endpoint = endpoint_of(request, *target, state);
  auto& vendor = state.vendors["hibob"];
  auto counted = request.host + " " + endpoint.name;
  bool within = vendor.admit(counted, state.now);
  auto basic = basic_credentials(request.header("Authorization"));
  Response response;
  if (!basic || basic->first != user || basic->second != token) {
    response.status = 401;
    response.refused = true;
    if (too_many_refusals(state.hibob, state.now)) state.hibob.blocked_until = state.now + 300;
  } else if (!within) {
    response.status = 429;
  } else {
    response = endpoint.answer();
  }
  response.kind = endpoint.name;
  response.headers.push_back({"X-RateLimit-Limit", std::to_string(vendor.rate_limit)});
  response.headers.push_back(
      {"X-RateLimit-Remaining", std::to_string(vendor.remaining(counted, state.now))});
  response.headers.push_back({"X-RateLimit-Reset", std::to_string((state.now / 60 + 1) * 60)});
  return response;
}

}  // namespace

Response hibob_api(const Request& request, SandboxState& state) {
  return admit(request, state, accounts::hibob::user, accounts::hibob::token, api_endpoint);
}

Response hibob_docs(const Request& request, SandboxState& state) {
  return admit(request, state, accounts::hibob::user, accounts::hibob::token, docs_endpoint);
}

Response hibob_hire(const Request& request, SandboxState& state) {
  return admit(request, state, accounts::hibob::hire_user, accounts::hibob::hire_token,
               hire_endpoint);
}

}  // namespace penstock::sandbox
