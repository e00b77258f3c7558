// How connections stand, as GET /v1/integrations tells it, and what the test calls of the plugins
// find.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <string>

#include "sandbox_process.hpp"

namespace penstock {
namespace {

using testing::SandboxProcess;

std::vector<ProbeResult> verify(Engine& engine, const std::string& id) {
  std::promise<Result<std::vector<ProbeResult>>> promise;
  engine.verify(id, [&](Result<std::vector<ProbeResult>> checks) { promise.set_value(checks); });
  auto checks = promise.get_future().get();
  if (!checks) throw std::runtime_error(checks.error().message);
  return *std::move(checks);
}

IntegrationInfo info(const Engine& engine, const std::string& id) {
  for (IntegrationInfo& one : engine.integrations()) {
    if (one.id == id) return std::move(one);
  }
  throw std::runtime_error("no integration " + id);
}

Call get(const std::string& integration, const std::string& tool, const std::string& api,
         const std::string& path) {
  Call call;
  call.tool = tool;
  call.api = api;
  call.integration_id = integration;
  call.path = path;
  return call;
}

class Health : public ::testing::Test {
 protected:
  static constexpr const char* broken =
      "  - id: hibob:wrong\n    tool: hibob\n    connection: { service_user_id: SERVICE-0001, "
      "token: "
      "WRONG-TOKEN-0001 }\n"
      "  - id: hibob:off\n    tool: hibob\n    enabled: false\n    connection: { service_user_id: "
      "a, "
      "token: b }\n"
      "  - id: nmbrs:domain\n    tool: nmbrs\n    connection: { username: penstock@acme.example, "
      "token: nmbrs-sandbox-token, domain: other }\n"
      "  - id: workday:dead\n    tool: workday\n    connection:\n      domain: "
      "wd5-impl-services1.workday.com\n      tenant: acme\n      client_id: penstock-client\n"
      "      client_secret: workday-sandbox-secret\n      refresh_token: REVOKED-REFRESH-TOKEN\n"
      "  - id: workday:gone\n    tool: workday\n    upstream: { connect_to: '127.0.0.1:1' }\n"
      "    connection:\n      domain: wd5-impl-services1.workday.com\n      tenant: acme\n"
      "      username: ISU_Penstock\n      password: workday-sandbox-password\n"
      "      default_service_version: '45.0'\n"
      "  - id: workday:reports\n    tool: workday\n    upstream: { connect_to: '127.0.0.1:1' }\n"
      "    connection: { domain: wd5-impl-services1.workday.com, tenant: acme, client_id: x,\n"
      "      client_secret: y, refresh_token: z }\n";

  const SandboxProcess sandbox;
  const std::unique_ptr<Engine> engine = sandbox.engine(broken);
};

TEST_F(Health, every_shipped_connection_proves_to_work) {
  const struct {
    const char* id;
    std::vector<std::string> apis;
  } rows[] = {
      {"hibob:acme", {"hibob/v1", "hibob/hire"}},
      {"workday:acme", {"workday/rest", "workday/soap"}},
      {"nmbrs:acme", {"nmbrs/soap"}},
      {"nmbrs:rest", {"nmbrs/rest"}},
      {"taleo:acme", {"taleo/soap"}},
      {"taleo:business", {"taleo/business"}},
      {"hroffice:acme", {"hroffice/soap"}},
  };
  for (const auto& row : rows) {
    std::vector<std::string> apis;
    for (const ProbeResult& check : verify(*engine, row.id)) {
      EXPECT_TRUE(check.works) << check.api << ": " << check.message;
      EXPECT_EQ(check.status, 200) << check.api;
      EXPECT_EQ(check.message, "works: the vendor returns HTTP 200");
      apis.push_back(check.api);
    }
    std::ranges::sort(apis);
    auto wanted = row.apis;
    std::ranges::sort(wanted);
    EXPECT_EQ(apis, wanted) << row.id;
    EXPECT_EQ(info(*engine, row.id).health, "ok") << row.id;
  }
}

TEST_F(Health, what_is_wrong_is_said_in_a_sentence_without_a_secret) {
  const struct {
    const char* id;
    const char* says;
    int status;
  } rows[] = {
      {"hibob:wrong", "the vendor refuses the credentials (HTTP 401)", 401},
      {"nmbrs:domain",
       "the vendor refuses the credentials (HTTP 500, \"1001: Invalid Authentication\")", 500},
      {"workday:dead", "reconnect it", 0},
      {"workday:gone", "no connection to wd5-impl-services1.workday.com", 0},
  };
  const std::map<std::string, std::string> outcomes = {{"hibob:wrong", "refused"},
                                                       {"nmbrs:domain", "refused"},
                                                       {"workday:dead", "refused"},
                                                       {"workday:gone", "unreachable"}};
  for (const auto& row : rows) {
    const auto checks = verify(*engine, row.id);
    ASSERT_EQ(checks.size(), 1U) << row.id;
    EXPECT_FALSE(checks[0].works);
    EXPECT_EQ(checks[0].outcome, outcomes.at(row.id)) << row.id;
    EXPECT_NE(checks[0].message.find(row.says), std::string::npos) << checks[0].message;
    EXPECT_EQ(checks[0].status, row.status) << row.id;
    for (const char* secret : {"WRONG-TOKEN-0001", "REVOKED-REFRESH-TOKEN", "nmbrs-sandbox-token"})
      EXPECT_EQ(checks[0].message.find(secret), std::string::npos);
  }
  for (const char* id : {"hibob:off", "hibob:none"})
    EXPECT_THROW(verify(*engine, id), std::runtime_error);
}

TEST_F(Health, of_a_connection_goes_with_what_the_vendor_says) {
  EXPECT_EQ(info(*engine, "hibob:off").health, "disabled");

  // A refusal for good.
  (void)testing::call(*engine, [] {
    Call call = get("workday:dead", "workday", "rest", "/workers");
    call.api_options = options({{"service_name", "staffing"}});
    return call;
  }());
  const IntegrationInfo dead = info(*engine, "workday:dead");
  EXPECT_EQ(dead.health, "needs_credentials");
  EXPECT_NE(dead.last_error.find("reconnect it"), std::string::npos) << dead.last_error;
  EXPECT_EQ(dead.last_error.find("REVOKED"), std::string::npos);
  EXPECT_GT(dead.last_error_ms, 1'700'000'000'000);
  EXPECT_EQ(dead.last_renewal_ms, 0);

  // A vendor that is away: asked again soon.
  (void)testing::call(*engine, [] {
    Call call = get("workday:reports", "workday", "rest", "/workers");
    call.api_options = options({{"service_name", "staffing"}});
    return call;
  }());
  const IntegrationInfo away = info(*engine, "workday:reports");
  EXPECT_EQ(away.health, "unreachable");
  EXPECT_GT(away.cooling_down_until_ms, away.last_error_ms);

  // Calls that are refused.
  EXPECT_EQ(testing::call(*engine, get("hibob:wrong", "hibob", "v1", "/people"))->status, 401);
  EXPECT_EQ(info(*engine, "hibob:wrong").health, "refused");
  EXPECT_EQ(info(*engine, "hibob:wrong").last_error,
            "the vendor refused the credentials of the last call");

  // A good session.
  ASSERT_EQ(verify(*engine, "workday:acme").size(), 2U);
  const IntegrationInfo good = info(*engine, "workday:acme");
  EXPECT_EQ(good.health, "ok");
  EXPECT_EQ(good.last_error, "");
  EXPECT_GT(good.session_expires_ms, good.last_renewal_ms);
}

TEST_F(Health, a_refused_grant_that_was_put_right_is_taken_when_verified) {
  // The vendor fails with what reads as a refusal for good, once.
  // "HTTP/1.1 400 x\r\nContent-Length: 25\r\n\r\n{\"error\":\"invalid_grant\"}"
  sandbox.control(
      R"({"vendor":"workday","token_next_raw_base64":"SFRUUC8xLjEgNDAwIHgNCkNvbnRlbnQtTGVuZ3RoOiAyNQ0KDQp7ImVycm9yIjoiaW52YWxpZF9ncmFudCJ9"})");
  Call call = get("workday:acme", "workday", "rest", "/workers");
  call.api_options = options({{"service_name", "staffing"}});
  ASSERT_FALSE(testing::call(*engine, call).has_value());
  ASSERT_FALSE(testing::call(*engine, call).has_value()) << "it asked again";
  EXPECT_EQ(info(*engine, "workday:acme").health, "needs_credentials");
  for (const ProbeResult& check : verify(*engine, "workday:acme"))
    EXPECT_TRUE(check.works) << check.message;
  EXPECT_EQ(info(*engine, "workday:acme").health, "ok");
  EXPECT_EQ(testing::call(*engine, call)->status, 200);
}

}  // namespace
}  // namespace penstock
