#include "accounts.hpp"
#include "http_text.hpp"
#include "json.hpp"
#include "people.hpp"
#include "vendors.hpp"

#include <charconv>
#include <cstdint>

// Taleo Business Edition: a dispatcher returns the customer's host, a login there returns a cookie,
// and the number of open sessions is limited.
namespace penstock::sandbox {
namespace {

namespace account = accounts::taleo_business;
constexpr std::string_view base = "https://chp.tbe.taleo.net/chp03/ats/api/v1/";
constexpr std::int64_t session_life = 4 * 3600;
constexpr std::size_t most_sessions = 2;

Response success(const std::string& response) {
  return json_response(200, "{\"response\":" + response +
                                ",\"status\":{\"success\":true,\"detail\":{}}}");
}

Response failed(int status, std::string_view operation, std::string_view message) {
  return json_response(status, "{\"response\":{},\"status\":{\"success\":false,\"detail\":{"
                               "\"operation\":" +
                                   json_string(operation) +
                                   ",\"errorcode\":" + std::to_string(status) +
                                   ",\"errormessage\":" + json_string(message) + "}}}");
}

Response refused(Response response) {
  response.refused = true;
  return response;
}

/// The token in the request's only cookie.
std::string cookie_token(const Request& request) {
  constexpr std::string_view name = "authToken=";
  auto cookie = request.header("Cookie");
  if (request.count("Cookie") != 1 || !cookie.starts_with(name)) return {};
  return std::string{cookie.substr(name.size())};
}

std::string candidate_json(const Person& person) {
  return "{\"candidate\":{\"candId\":" + std::to_string(person.number + 1) +
         ",\"firstName\":" + json_string(person.first_name) +
         ",\"lastName\":" + json_string(person.last_name) +
         ",\"email\":" + json_string(person.email) + "}}";
}

int number_of(const Fields& query, std::string_view name, int otherwise) {
  auto text = value_or(query, name, std::to_string(otherwise));
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Response search(const Fields& query) {
  int start = number_of(query, "start", 1), limit = number_of(query, "limit", 10);
  int total = static_cast<int>(people().size());
  if (start < 1 || limit < 1 || limit > 200)
    return failed(500, "search", "start counts from 1, limit to 200");
  auto link = [&](int from) {
    return json_string(std::string{base} + "object/candidate/search?start=" + std::to_string(from) +
                       "&limit=" + std::to_string(limit));
  };
  std::string found;
  for (int i = start - 1; i < start - 1 + limit && i < total; ++i)
    found += (found.empty() ? "" : ",") + candidate_json(people()[static_cast<std::size_t>(i)]);
  return success("{\"pagination\":{\"total\":" + std::to_string(total) +
                 ",\"self\":" + link(start) +
                 (start > 1 ? ",\"previous\":" + link(std::max(1, start - limit)) : "") +
                 (start - 1 + limit < total ? ",\"next\":" + link(start + limit) : "") +
                 "},\"searchResults\":[" + found + "]}");
}

Response objects(const Request& request, const Target& target) {
  if (request.method == "GET" && match(target, "/chp03/ats/api/v1/object/info"))
    return success(R"({"objectInfo":{"candidate":"candidate","requisition":"requisition"}})");
  if (request.method == "GET" && match(target, "/chp03/ats/api/v1/object/candidate/search"))
    return search(target.query);
  if (auto id = match(target, "/chp03/ats/api/v1/object/candidate/{}")) {
    for (const auto& person : people())
      if (id->front() == std::to_string(person.number + 1)) return success(candidate_json(person));
    return failed(404, "view", "candidate " + id->front() + " does not exist");
  }
  if (request.method == "POST" && match(target, "/chp03/ats/api/v1/object/candidate")) {
    auto body = parse_json(request.body);
    if (!body || !member(*body, "candidate")) return failed(500, "create", "candidate is missing");
    return success(R"({"candId":231})");
  }
  return failed(404, "", "there is no such resource");
}

}  // namespace

Response taleo_business_dispatcher(const Request& request, SandboxState&) {
  auto target = parse_target(request.target);
  auto org = target ? match(*target, "/MANAGER/dispatcher/api/v1/serviceUrl/{}") : std::nullopt;
  Response response;
  if (!org || request.method != "GET") {
    response = text_response(404, "text/html", "<html><body>Not Found</body></html>");
  } else if (org->front() != account::company_code) {
    response = refused(failed(500, "serviceUrl", "Invalid company code"));
  } else {
    response = success("{\"URL\":" + json_string(base) + "}");
  }
  response.kind = "dispatcher";
  return response;
}

Response taleo_business_login(const Request& request, SandboxState& state) {
  Response response;
  auto form = form_fields(request.body);
  auto& sessions = state.taleo_business.sessions;
  std::erase_if(sessions, [&](const auto& one) { return one.second <= state.now; });
  auto is = [&](std::string_view name, std::string_view value) {
    return only(*form, name) == std::string{value};
  };
  if (request.method != "POST" || !form) {
    response = failed(405, "login", "POST of a form is needed");
  } else if (!is("orgCode", account::company_code) || !is("userName", account::username) ||
             !is("password", account::password)) {
    response = refused(failed(401, "login", "Login failed: unknown company, user or password"));
  } else if (sessions.size() >= most_sessions) {
    response = failed(500, "login", "Maximum number of open sessions reached");
  } else {
    auto token = "webapi-" + random_token();
    sessions[token] = state.now + session_life;
    response = success("{\"authToken\":" + json_string(token) + "}");
  }
  response.kind = "login";
  return response;
}

Response taleo_business(const Request& request, SandboxState& state) {
  auto target = parse_target(request.target);
  if (!target) return failed(400, "", "the address is malformed");
  auto& sessions = state.taleo_business.sessions;
  auto session = sessions.find(cookie_token(request));
  if (session == sessions.end() || session->second <= state.now)
    return refused(failed(401, "", "Invalid or expired authToken"));
  if (request.method == "POST" && match(*target, "/chp03/ats/api/v1/logout")) {
    sessions.erase(session);
    auto response = success("{}");
    response.kind = "logout";
    return response;
  }
  return objects(request, *target);
}

}  // namespace penstock::sandbox
