#include "accounts.hpp"
#include "http_text.hpp"
#include "json.hpp"
#include "people.hpp"
#include "vendors.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

// Nmbrs REST: an OAuth token whose refresh token is replaced at each use, and a subscription key.
namespace penstock::sandbox {
namespace {

namespace account = accounts::nmbrs_rest;
constexpr std::string_view acme = "5b6a77c7-6abe-4f31-93dc-2692169e3ea4";

Response oauth_error(std::string_view code) {
  auto response = json_response(400, "{\"error\":" + json_string(code) + "}");
  response.refused = true;
  return response;
}

std::string refresh_token_number(std::int64_t number) {
  return std::string{account::refresh_token} + (number == 0 ? "" : "-" + std::to_string(number));
}

/// The number of a refresh token; nullopt if it is not one of this sandbox.
std::optional<std::int64_t> number_in(std::string_view token) {
  if (token == account::refresh_token) return 0;
  if (!token.starts_with(account::refresh_token)) return std::nullopt;
  token.remove_prefix(account::refresh_token.size());
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(token.data() + 1, token.data() + token.size(), number);
  if (error != std::errc{} || end != token.data() + token.size() || number < 1 ||
      refresh_token_number(number) != std::string{account::refresh_token} + std::string{token})
    return std::nullopt;
  return number;
}

/// RFC 6749 section 2.3.1: Basic credentials are form-encoded, so they are decoded here.
std::string decoded(const std::string& text) {
  auto form = form_fields("text=" + text);
  return form ? only(*form, "text").value_or("") : std::string{};
}

bool is_client(const Request& request, const Fields& form) {
  auto basic = basic_credentials(request.header("Authorization"));
  if (basic)
    return decoded(basic->first) == account::client_id &&
           decoded(basic->second) == account::client_secret;
  return only(form, "client_id") == std::string{account::client_id} &&
         only(form, "client_secret") == std::string{account::client_secret};
}

Response refresh(const Request& request, const Fields& form, SandboxState& state) {
  if (!is_client(request, form)) return oauth_error("invalid_client");
  auto presented = number_in(only(form, "refresh_token").value_or(""));
  auto& oauth = state.nmbrs;
  if (!presented || oauth.family_revoked) return oauth_error("invalid_grant");
  // After a start, the first token received is taken as the valid one.
  if (oauth.refresh_number < 0) oauth.refresh_number = *presented;
  bool in_grace = state.settings.refresh_grace && *presented == oauth.refresh_number - 1;
  if (*presented != oauth.refresh_number && !in_grace) {
    oauth.family_revoked = *presented < oauth.refresh_number;
    if (oauth.family_revoked) oauth.access_tokens.clear();
    return oauth_error("invalid_grant");
  }
  if (!in_grace) ++oauth.refresh_number;
  auto token = random_token();
  oauth.access_tokens[token] = state.now + state.settings.token_lifetime;
  return json_response(200, "{\"access_token\":" + json_string(token) +
                                ",\"expires_in\":" + std::to_string(state.settings.token_lifetime) +
                                ",\"token_type\":\"Bearer\",\"refresh_token\":" +
                                json_string(refresh_token_number(oauth.refresh_number)) +
                                ",\"scope\":\"offline_access company.info.read\"}");
}

Response problem(int status, std::string_view title, std::string_view detail) {
  return json_response(status, "{\"title\":" + json_string(title) +
                                   ",\"detail\":" + json_string(detail) + ",\"code\":\"" +
                                   std::to_string(status) + "\"}");
}

Response refused(Response response) {
  response.refused = true;
  return response;
}

int number_of(const Fields& query, std::string_view name, int otherwise, int most) {
  auto text = value_or(query, name, std::to_string(otherwise));
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::clamp(number, 1, most);
}

Response page(const Fields& query, const std::string& url, const std::vector<std::string>& all) {
  int size = number_of(query, "pageSize", 20, 100),
      number = number_of(query, "pageNumber", 1, 1000);
  int pages = std::max(1, (static_cast<int>(all.size()) + size - 1) / size);
  auto link = [&](int to) {
    if (to < 1 || to > pages) return std::string{};
    return url + "?pageNumber=" + std::to_string(to) + "&pageSize=" + std::to_string(size);
  };
  std::string list;
  for (int i = (number - 1) * size; i < number * size && i < static_cast<int>(all.size()); ++i)
    list += (list.empty() ? "" : ",") + all[static_cast<std::size_t>(i)];
  return json_response(
      200, "{\"pagination\":{\"pageNumber\":" + std::to_string(number) +
               ",\"pageSize\":" + std::to_string(size) + ",\"firstPage\":" + json_string(link(1)) +
               ",\"lastPage\":" + json_string(link(pages)) + ",\"totalPages\":" +
               std::to_string(pages) + ",\"totalRecords\":" + std::to_string(all.size()) +
               ",\"nextPage\":" + json_string(link(number + 1)) +
               ",\"previousPage\":" + json_string(link(number - 1)) + "},\"data\":[" + list + "]}");
}

std::vector<std::string> companies() {
  return {"{\"companyId\":" + json_string(acme) +
              ",\"number\":\"1\",\"name\":\"Acme Nederland B.V.\",\"debtorId\":"
              "\"45d8ad44-ffb8-4691-87d8-7a7a5f4376e9\"}",
          "{\"companyId\":\"6d4ed88e-7044-42b8-b5f1-606f27873f14\",\"number\":\"2\",\"name\":"
          "\"Acme Logistiek B.V.\",\"debtorId\":\"45d8ad44-ffb8-4691-87d8-7a7a5f4376e9\"}"};
}

std::vector<std::string> employees() {
  std::vector<std::string> out;
  for (const auto& person : people())
    out.push_back("{\"employeeId\":\"d30ec597-bd29-453e-9613-" + person.workday_id().substr(0, 12) +
                  "\",\"employeeNumber\":" + std::to_string(person.number + 1) +
                  ",\"displayName\":" + json_string(person.name()) + "}");
  return out;
}

}  // namespace

Response nmbrs_identity(const Request& request, SandboxState& state) {
  auto target = parse_target(request.target);
  auto form = form_fields(request.body);
  if (!target || !match(*target, "/connect/token")) return text_response(404, "text/plain", "");
  if (request.method != "POST" || !form) return oauth_error("invalid_request");
  if (only(*form, "grant_type") != std::string{"refresh_token"})
    return oauth_error("unsupported_grant_type");
  auto response = refresh(request, *form, state);
  response.kind = "refresh_token";
  return response;
}

Response nmbrs_rest(const Request& request, SandboxState& state) {
  auto target = parse_target(request.target);
  if (!target) return problem(400, "Bad Request", "the address is malformed");
  if (request.header("X-Subscription-Key") != account::subscription_key)
    return refused(json_response(401, R"({"statusCode":401,"message":"Access denied due to )"
                                      R"(missing or invalid subscription key."})"));
  auto authorization = parse_authorization(request.header("Authorization"));
  auto& tokens = state.nmbrs.access_tokens;
  auto token = authorization ? tokens.find(authorization->credentials) : tokens.end();
  if (token == tokens.end() || authorization->scheme != "bearer" || state.now >= token->second)
    return refused(
        problem(401, "Unauthorized", "Access denied due to missing or invalid credentials."));

  const std::string base = "https://api.nmbrsapp.com/api/companies";
  if (request.method == "GET" && match(*target, "/api/companies"))
    return page(target->query, base, companies());
  auto company = match(*target, "/api/companies/{}/employees");
  if (!company) return problem(404, "Not Found", "there is no such resource");
  if (company->front() != acme) return problem(403, "Forbidden", "no access to this company");
  if (request.method == "GET")
    return page(target->query, base + "/" + std::string{acme} + "/employees", employees());
  if (request.method != "POST") return problem(405, "Method Not Allowed", "GET or POST");
  auto body = parse_json(request.body);
  if (!body || !member(*body, "PersonalInfo"))
    return problem(400, "Bad Request", "PersonalInfo is required");
  return json_response(201, R"({"employeeId":"d30ec597-bd29-453e-9613-7786297eedcc"})");
}

}  // namespace penstock::sandbox
