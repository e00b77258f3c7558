#include "apis.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <penstock/text.hpp>

namespace penstock::corpora {
namespace {

Api rest(const char* tool, const char* name, const char* path, const char* host, const char* base,
         const char* secret) {
  Api api;
  api.call.tool = api.vendor = tool;
  api.call.api = name;
  api.call.integration_id = std::string(tool) + ":acme";
  api.call.path = path;
  api.host = host;
  api.base = base;
  api.secret = secret;
  return api;
}

Api soap(const char* tool, const char* host, const char* base, std::vector<Field> values,
         const char* body) {
  Api api = rest(tool, "soap", "/", host, base, "");
  api.secret = std::string(tool) + (api.vendor == "nmbrs" ? "-sandbox-token" : "-sandbox-password");
  api.call.method = "POST";
  api.call.body = body;
  api.call.api_options = options(values);
  api.endpoint = true;
  return api;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded_once(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                         hex_digit(text[i + 2]) >= 0;
    out +=
        escaped ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i];
    if (escaped) i += 2;
  }
  return out;
}

/// The path that the most obliging server could make of this one: parameters of segments cut off,
/// backslashes taken for slashes, empty segments dropped, dots resolved.
std::string resolved(std::string path) {
  std::ranges::replace(path, '\\', '/');
  std::vector<std::string> segments;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    std::string segment = path.substr(at, end - at);
    at = end + 1;
    segment = segment.substr(0, segment.find_first_of(std::string_view(";\0", 2)));
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      segments.push_back(std::move(segment));
    } else if (!segments.empty()) {
      segments.pop_back();
    }
  }
  std::string out;
  for (const std::string& segment : segments)
    out += "/" + segment;
  return out;
}

bool stays_below(std::string path, std::string_view base) {
  for (int round = 0; round < 6; ++round) {
    const std::string seen = resolved(path);
    if (!seen.starts_with(base) || (seen.size() > base.size() && seen[base.size()] != '/'))
      return false;
    path = decoded_once(path);
  }
  return true;
}

void expect_in_place(const Api& api, const Call& call, const Seen& seen) {
  EXPECT_EQ(seen.method, call.method);
  EXPECT_EQ(seen.host, api.host);
  EXPECT_EQ(seen.sni, api.host);
  EXPECT_TRUE(stays_below(seen.target.substr(0, seen.target.find('?')), api.base)) << seen.target;
  std::set<std::string> allowed = {"host",           "authorization",  "accept",
                                   "user-agent",     "content-type",   "soapaction",
                                   "content-length", "accept-encoding"};
  for (const Field& field : call.headers)
    allowed.insert(lower(field.name));
  for (const Field& field : seen.headers) {
    EXPECT_TRUE(allowed.contains(lower(field.name))) << field.name;
    const bool its_place = equal_ignoring_case(field.name, "authorization");
    EXPECT_EQ(credential_in(field.value, its_place ? api.secret : ""), "") << field.name;
  }
  EXPECT_EQ(seen.header("host"), api.host);
  EXPECT_EQ(credential_in(seen.target), "");
  EXPECT_EQ(credential_in(seen.body, api.endpoint ? api.secret : ""), "");
}

}  // namespace

std::vector<Api> apis() {
  std::vector<Api> out = {
      rest("hibob", "v1", "/people", "api.hibob.com", "/v1", "hibob-sandbox-token"),
      rest("hibob", "hire", "/jobs", "acme.hire.hibob.com", "/api/hire", "hire-sandbox-token"),
      rest("hibob", "docs", "/3332883884017713000", "app.hibob.com", "/api/docs/employees",
           "hibob-sandbox-token"),
      rest("workday", "rest", "/workers", "wd5-impl-services1.workday.com",
           "/ccx/api/staffing/v6/acme", "an access token"),
      rest("workday", "custom-report", "/ISU_Penstock/Headcount", "wd5-impl-services1.workday.com",
           "/ccx/service/customreport2/acme", "workday-sandbox-password"),
      soap("workday", "wd5-impl-services1.workday.com", "/ccx/service/acme/Human_Resources/v45.0",
           {{"service_name", "Human_Resources"}, {"service_version", "45.0"}},
           "<bsvc:Get_Workers_Request/>"),
      soap("nmbrs", "api.nmbrs.nl", "/soap/v3/DebtorService.asmx",
           {{"service_name", "DebtorService"}},
           "<List_GetAll xmlns=\"https://api.nmbrs.nl/soap/v3/DebtorService\"/>"),
      soap("taleo", "acme.taleo.net", "/enterprise/soap",
           {{"service_name", "FindService"}, {"operation_name", "findPartialEntities"}},
           "<a:findPartialEntities xmlns:a=\"http://www.taleo.com/ws/tee800/2009/01/find\"/>"),
      soap("hroffice", "api.hroffice.nl", "/HROfficeCoreService.asmx",
           {{"operation_name", "GetAllJobByLanguage"}}, "<languageId>1</languageId>"),
  };
  out[3].call.api_options = options({{"service_name", "staffing"}, {"version", "v6"}});
  return out;
}

Caller::Caller(Stage& stage) : stage_(stage) {
  for (const Api& api : apis())
    EXPECT_TRUE(testing::call(stage.engine(), api.call)) << api.id();
  requests_ = stage.ledger().requests;
}

Fate Caller::make(const Api& api, const Call& call) {
  Fate fate{false, {}, testing::call(stage_.engine(), call)};
  const std::string shown = visible(fate.result);
  EXPECT_EQ(credential_in(shown), "");
  if (!fate.result) {
    EXPECT_EQ(fate.result.error().http_status, 400) << fate.result.error().message;
    EXPECT_EQ(fate.result.error().sent, Sent::no);
    return fate;
  }
  const Ledger ledger = stage_.ledger();
  EXPECT_EQ(ledger.requests, ++requests_);
  fate.sent = true;
  fate.seen = ledger.last.at(api.vendor).value();
  expect_in_place(api, call, fate.seen);
  const std::string authorization = fate.seen.header("authorization");
  if (!authorization.empty()) {
    EXPECT_EQ(shown.find(authorization.substr(authorization.find(' ') + 1)), std::string::npos);
  }
  EXPECT_EQ(fate.result->url, "https://" + api.host + fate.seen.target);
  return fate;
}

void Caller::expect_nothing_more() { EXPECT_EQ(stage_.ledger().requests, requests_); }

}  // namespace penstock::corpora
