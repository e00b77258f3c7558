#include "support.hpp"

namespace penstock::sandbox {
namespace {

const Header service_user = basic("SERVICE-0001:hibob-sandbox-token");
const Header hire_user = basic("HIRE-0001:hire-sandbox-token");
constexpr const char* first_id = "3332883884017713000";

struct SandboxHibob : testing::Test {
  SandboxState state;
  Response get(const std::string& target) {
    return ask(state, {"api.hibob.com", "GET", target, {service_user}});
  }
  Response search(const std::string& body, const std::string& type = "application/json") {
    return ask(state, {"api.hibob.com",
                       "POST",
                       "/v1/people/search",
                       {service_user, {"Content-Type", type}},
                       body});
  }
};

TEST_F(SandboxHibob, EachHostTakesItsOwnCredentialsOnly) {
  struct {
    const char* host;
    const char* target;
    Header credentials;
    int status;
  } rows[] = {
      {"api.hibob.com", "/v1/people", service_user, 200},
      {"api.sandbox.hibob.com", "/v1/people", service_user, 200},
      {"app.hibob.com", "/api/docs/employees/3332883884017713000", service_user, 200},
      {"acme.hire.hibob.com", "/api/hire/candidates", hire_user, 200},
      {"api.hibob.com", "/v1/people", hire_user, 401},
      {"acme.hire.hibob.com", "/api/hire/candidates", service_user, 401},
      {"api.hibob.com", "/v1/people", basic("SERVICE-0001:hibob-sandbox-toke"), 401},
      {"api.hibob.com", "/v1/people", basic("SERVICE-0001:hibob-sandbox-token "), 401},
      {"api.hibob.com", "/v1/people", basic("service-0001:hibob-sandbox-token"), 401},
      {"api.hibob.com", "/v1/people", bearer("hibob-sandbox-token"), 401},
      {"api.hibob.com", "/v1/people", {"Authorization", "hibob-sandbox-token"}, 401},
      {"api.hibob.com", "/v1/people", {"X-Nothing", ""}, 401},
      {"acme.hire.hibob.com", "/v1/people", hire_user, 404},
      {"app.hibob.com", "/v1/people", service_user, 404},
  };
  for (const auto& row : rows)
    EXPECT_EQ(ask(state, {row.host, "GET", row.target, {row.credentials}}).status, row.status)
        << row.host << row.target << " " << row.credentials.value;
}

TEST_F(SandboxHibob, ARefusalHasAnEmptyBodyAndTheRateLimit) {
  state.now = 125;
  auto response = ask(state, {"api.hibob.com", "GET", "/v1/people"});
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(header_of(response, "X-RateLimit-Limit"), "5000");
  EXPECT_EQ(header_of(response, "X-RateLimit-Remaining"), "4999");
  EXPECT_EQ(header_of(response, "X-RateLimit-Reset"), "180");
}

TEST_F(SandboxHibob, TheRateLimitIsPerEndpointAndMinute) {
  state.now = 60;
  state.vendors["hibob"].rate_limit = 2;
  EXPECT_EQ(get("/v1/people").status, 200);
  EXPECT_EQ(get("/v1/people").status, 200);
  auto response = get("/v1/people");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(header_of(response, "X-RateLimit-Remaining"), "0");
  EXPECT_EQ(get("/v1/company/reports").status, 200);
  state.now = 120;
  EXPECT_EQ(get("/v1/people").status, 200);
}

TEST_F(SandboxHibob, FiftyRefusalsInTenSecondsBlockForFiveMinutes) {
  state.now = 1000;
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(ask(state, {"api.hibob.com", "GET", "/v1/people"}).status, 401);
  EXPECT_EQ(get("/v1/people").status, 403);
  state.now = 1300;
  EXPECT_EQ(get("/v1/people").status, 200);
}

TEST_F(SandboxHibob, PeopleAreReadByIdAndSearchedByFilter) {
  auto person = json_of(get(std::string{"/v1/people/"} + first_id));
  EXPECT_EQ(string_member(person, "displayName"), "Ada Lovelace");
  auto missing = get("/v1/people/1");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(string_member(json_of(missing), "key"), "not_found");

  auto found = json_of(search(R"({"fields":["root.id"],"filters":[{"fieldPath":"root.id",
      "operator":"equals","values":["3332883884017713000"]}]})"));
  EXPECT_EQ(member(found, "employees")->Size(), 1u);
  EXPECT_EQ(member(json_of(search("{}")), "employees")->Size(), 12u);
}

TEST_F(SandboxHibob, HumanReadableIsThereWhenAskedFor) {
  EXPECT_TRUE(contains(get("/v1/people?includeHumanReadable=true").body, "humanReadable"));
  EXPECT_FALSE(contains(get("/v1/people?includeHumanReadable=false").body, "humanReadable"));
  EXPECT_TRUE(contains(search(R"({"humanReadable":"APPEND"})").body, "humanReadable"));
}

TEST_F(SandboxHibob, ASearchThatHibobWouldRefuseIsRefused) {
  EXPECT_EQ(search("{}", "text/plain").status, 415);
  for (const char* body :
       {"", "[]", "{", R"({"filters":[]})", R"({"filters":[{}]})",
        R"({"filters":[{"fieldPath":"work.title","operator":"equals","values":[]}]})",
        R"({"fields":"root.id"})"}) {
    auto response = search(body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_TRUE(string_member(json_of(response), "error")) << body;
  }
}

TEST_F(SandboxHibob, AReportIsReadyAtTheThirdPoll) {
  auto started = get("/v1/company/reports/31170000/download-async?format=csv");
  EXPECT_EQ(started.status, 200);
  EXPECT_EQ(started.body, "");
  std::string prefix = "https://api.hibob.com", location = header_of(started, "Location");
  ASSERT_TRUE(location.starts_with(prefix + "/v1/company/reports/download/")) << location;
  auto file = location.substr(prefix.size());
  EXPECT_EQ(get(file).status, 204);
  EXPECT_EQ(get(file).status, 204);
  auto ready = get(file);
  EXPECT_EQ(ready.status, 200);
  EXPECT_TRUE(ready.body.starts_with("\xEF\xBB\xBF"
                                     "Employee ID,"));
  EXPECT_EQ(get("/v1/company/reports/31170000/download-async").status, 400);
  EXPECT_EQ(get("/v1/company/reports/1/download-async?format=csv").status, 404);
}

TEST_F(SandboxHibob, AnUploadIsAnsweredWithWhatArrived) {
  Call call{"api.hibob.com",
            "POST",
            std::string{"/v1/docs/people/"} + first_id + "/shared/upload",
            {service_user, {"Content-Type", "multipart/form-data; boundary=b"}}};
  std::string data{"\x00\r\n\xff", 4};
  call.body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c.pdf\"\r\n"
              "Content-Type: application/pdf\r\n\r\n" +
              data + "\r\n--b--\r\n";
  auto answer = json_of(ask(state, call));
  EXPECT_EQ(string_member(answer, "fileName"), "c.pdf");
  EXPECT_EQ(string_member(answer, "contentType"), "application/pdf");
  EXPECT_EQ(member(answer, "size")->GetInt(), 4);
  EXPECT_EQ(string_member(answer, "sha256"), hex(sha256(data)));

  replace(call.body, "name=\"file\"", "name=\"other\"");
  EXPECT_EQ(ask(state, call).status, 400);
  call.body = "not multipart";
  EXPECT_EQ(ask(state, call).status, 400);
}

}  // namespace
}  // namespace penstock::sandbox
