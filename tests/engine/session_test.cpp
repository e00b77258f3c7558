// Sessions against the sandbox's token endpoint: one renewal, durable rotation, every grant.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/use_future.hpp>
#include <rapidjson/document.h>

#include "sandbox_process.hpp"

namespace penstock {
namespace {

using testing::SandboxProcess;

Call workers(const std::string& integration = "workday:acme") {
  Call call;
  call.tool = "workday";
  call.api = "rest";
  call.integration_id = integration;
  call.path = "/workers";
  call.params = {{"limit", "1"}};
  call.api_options = options({{"service_name", "staffing"}, {"version", "v6"}});
  return call;
}

int token_requests(const SandboxProcess& sandbox) {
  rapidjson::Document ledger;
  ledger.Parse(sandbox.ledger().c_str());
  return ledger["workday"]["token_requests"].GetInt();
}

TEST(Sessions, a_thousand_calls_at_once_make_one_token_request) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine(
      "  - id: workday:wide\n    tool: workday\n    max_in_flight: 1000\n    upstream: { "
      "connect_timeout_ms: 60000 }\n    connection:\n"
      "      domain: wd5-impl-services1.workday.com\n      tenant: acme\n      client_id: "
      "penstock-client\n"
      "      client_secret: workday-sandbox-secret\n      refresh_token: "
      "workday-sandbox-refresh\n");
  std::vector<std::future<Result<Response>>> pending;
  for (int i = 0; i < 1000; ++i)
    pending.push_back(engine->async_call(workers("workday:wide"), boost::asio::use_future));
  for (auto& one : pending) {
    const auto answer = one.get();
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
  }
  EXPECT_EQ(token_requests(sandbox), 1);
}

TEST(Sessions, a_token_that_the_vendor_revoked_is_renewed_once_and_the_call_repeated) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine();
  ASSERT_EQ(testing::call(*engine, workers())->status, 200);
  sandbox.control(R"({"vendor":"workday","revoke_access_tokens":true})");
  const auto answer = testing::call(*engine, workers());
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(token_requests(sandbox), 2);
}

TEST(Sessions, a_post_that_was_answered_is_told_as_sent_though_its_renewal_fails) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine();
  ASSERT_EQ(testing::call(*engine, workers())->status, 200);
  sandbox.control(R"({"vendor":"workday","revoke_access_tokens":true})");
  sandbox.control(R"({"vendor":"workday","token_status":503,"token_fail_next":100})");
  Call post = workers();
  post.method = "POST";
  post.body = "{}";
  post.timeout = std::chrono::seconds(10);
  const auto answer = testing::call(*engine, post);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().sent, Sent::yes) << answer.error().message;
  EXPECT_FALSE(answer.error().retryable);
}

TEST(Sessions, a_post_whose_caller_leaves_while_a_session_is_made_is_not_sent) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine();
  // The token request leaves a warm connection to the host of the API.
  sandbox.control(R"({"vendor":"workday","token_delay_ms":500})");
  Call post = workers();
  post.method = "POST";
  post.body = "{}";
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  post.client_disconnected = gone;
  auto pending = engine->async_call(std::move(post), boost::asio::use_future);
  *gone = true;
  const auto answer = pending.get();
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().origin, Origin::caller) << answer.error().message;
  EXPECT_EQ(answer.error().sent, Sent::no);
  EXPECT_EQ(token_requests(sandbox), 1);
  rapidjson::Document ledger;
  ledger.Parse(sandbox.ledger().c_str());
  EXPECT_EQ(ledger["workday"]["calls"].GetInt(), 0);
}

TEST(Sessions, a_rotated_refresh_token_outlives_the_engine) {
  const SandboxProcess sandbox({"--rotate-refresh-tokens"});
  for (int life = 0; life < 3; ++life) {
    const auto engine = sandbox.engine();
    sandbox.control(R"({"vendor":"workday","revoke_access_tokens":true})");
    const auto answer = testing::call(*engine, workers());
    ASSERT_TRUE(answer.has_value()) << "life " << life << ": " << answer.error().message;
    EXPECT_EQ(answer->status, 200) << "life " << life;
  }
}

Result<Preview> rehearse(Engine& engine, Call call) {
  std::promise<Result<Preview>> promise;
  auto future = promise.get_future();
  engine.validate_with_session(
      std::move(call), [&](Result<Preview> preview) { promise.set_value(std::move(preview)); });
  return future.get();
}

TEST(Sessions, a_validation_with_a_session_gets_one_and_sends_no_call) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine();
  EXPECT_EQ(engine->validate(workers())->session, Preview::Session::not_requested);
  EXPECT_EQ(token_requests(sandbox), 0);

  const auto preview = rehearse(*engine, workers());
  ASSERT_TRUE(preview.has_value()) << preview.error().message;
  EXPECT_EQ(preview->session, Preview::Session::had);
  EXPECT_GT(preview->session_expires_ms, 0);
  EXPECT_TRUE(preview->warnings.empty());
  EXPECT_EQ(preview->headers.get("Authorization"), "Bearer ***");
  EXPECT_EQ(token_requests(sandbox), 1);
  rapidjson::Document ledger;
  ledger.Parse(sandbox.ledger().c_str());
  EXPECT_EQ(ledger["workday"]["calls"].GetInt(), 0);

  ASSERT_EQ(testing::call(*engine, workers())->status, 200);
  EXPECT_EQ(token_requests(sandbox), 1);  // the same session
}

TEST(Sessions, a_validation_with_a_session_gives_the_error_that_the_call_would_give) {
  const SandboxProcess sandbox;
  const auto engine =
      sandbox.engine("  - id: workday:wrong\n    tool: workday\n    connection:\n"
                     "      domain: wd5-impl-services1.workday.com\n      tenant: acme\n"
                     "      client_id: penstock-client\n      client_secret: not-the-secret\n"
                     "      refresh_token: workday-sandbox-refresh\n");
  const auto preview = rehearse(*engine, workers("workday:wrong"));
  ASSERT_FALSE(preview.has_value());
  const auto answer = testing::call(*engine, workers("workday:wrong"));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(preview.error().http_status, 502);
  EXPECT_EQ(preview.error().phase, Phase::session);
  EXPECT_EQ(answer.error().message, preview.error().message + "; not tried again for 5 s");

  Call soap = workers();
  soap.tool = "nmbrs", soap.api = "soap", soap.integration_id = "nmbrs:acme", soap.method = "POST";
  soap.path = "/", soap.params = {};
  soap.api_options = options({{"service_name", "CompanyService"}});
  soap.body = "<List_GetAll xmlns=\"https://api.nmbrs.nl/soap/v3/CompanyService\"/>";
  const auto sessionless = rehearse(*engine, soap);
  ASSERT_TRUE(sessionless.has_value()) << sessionless.error().message;
  EXPECT_EQ(sessionless->session, Preview::Session::not_needed);
}

TEST(Sessions, every_grant_gets_its_token) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine(
      "  - id: workday:cc\n    tool: workday\n    connection:\n      domain: "
      "wd5-impl-services1.workday.com\n      tenant: acme\n"
      "      grant: client_credentials\n      client_id: penstock-client\n      client_secret: "
      "workday-sandbox-secret\n"
      "  - id: workday:jwt\n    tool: workday\n    connection:\n      domain: "
      "wd5-impl-services1.workday.com\n      tenant: acme\n"
      "      grant: jwt_bearer\n      client_id: penstock-client\n      isu: ISU_Penstock\n      "
      "private_key: ${file:" PENSTOCK_SOURCE_DIR "/sandbox/demo_keys/workday_jwt.pem}\n");
  for (const char* integration : {"workday:acme", "workday:cc", "workday:jwt"}) {
    const auto answer = testing::call(*engine, workers(integration));
    ASSERT_TRUE(answer.has_value()) << integration << ": " << answer.error().message;
    EXPECT_EQ(answer->status, 200) << integration;
  }
  EXPECT_EQ(token_requests(sandbox), 3);
}

TEST(Sessions, a_refused_grant_is_an_error_that_names_the_cure_and_is_not_hammered) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine(
      "  - id: workday:dead\n    tool: workday\n    connection:\n"
      "      domain: wd5-impl-services1.workday.com\n      tenant: acme\n      client_id: "
      "penstock-client\n"
      "      client_secret: workday-sandbox-secret\n      refresh_token: REVOKED-REFRESH-TOKEN\n");
  for (int i = 0; i < 5; ++i) {
    const auto answer = testing::call(*engine, workers("workday:dead"));
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().http_status, 502);
    EXPECT_EQ(answer.error().code, Code::none);
    EXPECT_EQ(answer.error().phase, Phase::session);
    EXPECT_NE(answer.error().message.find("reconnect it"), std::string::npos)
        << answer.error().message;
    EXPECT_EQ(answer.error().message.find("REVOKED"), std::string::npos);
    EXPECT_EQ(answer.error().concurrency_slots.limit, 30);
    EXPECT_EQ(answer.error().concurrency_slots.remaining, 29);
  }
  EXPECT_EQ(token_requests(sandbox), 1);
}

int calls(const SandboxProcess& sandbox, const char* vendor) {
  rapidjson::Document ledger;
  ledger.Parse(sandbox.ledger().c_str());
  return ledger[vendor]["calls"].GetInt();
}

Call people(const std::string& integration) {
  Call call;
  call.tool = "hibob";
  call.api = "v1";
  call.integration_id = integration;
  call.path = "/people";
  return call;
}

TEST(Gentleness, a_pause_that_the_vendor_asks_for_is_told_and_kept_by_who_wants_to) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine();
  ASSERT_EQ(testing::call(*engine, people("hibob:acme"))->status, 200);
  // "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"
  sandbox.control(
      R"({"vendor":"hibob","next_raw_base64":"SFRUUC8xLjEgNDI5IFRvbyBNYW55IFJlcXVlc3RzDQpSZXRyeS1BZnRlcjogNjANCkNvbnRlbnQtTGVuZ3RoOiAwDQoNCg=="})");
  const auto told = testing::call(*engine, people("hibob:acme"));
  ASSERT_TRUE(told.has_value()) << told.error().message;
  EXPECT_EQ(told->status, 429);
  ASSERT_EQ(told->warnings.size(), 1U);
  EXPECT_EQ(told->warnings.front(), "the vendor demands a pause of 60 s before the next call");

  const int before = calls(sandbox, "hibob");
  Call polite = people("hibob:acme");
  polite.respect_rate_limit = true;
  const auto held = testing::call(*engine, polite);
  ASSERT_FALSE(held.has_value());
  EXPECT_EQ(held.error().http_status, 429);
  EXPECT_GT(held.error().retry_after, std::chrono::seconds(50));
  EXPECT_EQ(calls(sandbox, "hibob"), before) << "it was sent";
  EXPECT_EQ(testing::call(*engine, people("hibob:acme"))->status, 200) << "the others go on";
}

TEST(Gentleness, credentials_that_the_vendor_refuses_are_not_hammered_at_it) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine(
      "  - id: hibob:wrong\n    tool: hibob\n    connection: { service_user_id: SERVICE-0001, "
      "token: not-the-token-of-it }\n");
  int refused = 0, held = 0;
  for (int i = 0; i < 40; ++i) {
    const auto answer = testing::call(*engine, people("hibob:wrong"));
    if (answer) {
      EXPECT_EQ(answer->status, 401);
      ++refused;
    } else {
      EXPECT_NE(answer.error().message.find("10 times in a row"), std::string::npos)
          << answer.error().message;
      EXPECT_EQ(answer.error().sent, Sent::no);
      ++held;
    }
  }
  EXPECT_EQ(refused, 10);
  EXPECT_EQ(held, 30);
  EXPECT_EQ(testing::call(*engine, people("hibob:acme"))->status, 200)
      << "another connection of the same vendor is none the worse";
}

TEST(Gentleness, a_refusal_in_a_soap_fault_counts_like_one_by_status_and_another_fault_does_not) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine(
      "  - id: workday:wrong\n    tool: workday\n    connection: { domain: "
      "wd5-impl-services1.workday.com, tenant: acme, username: ISU_Penstock, password: no }\n"
      "  - id: nmbrs:wrong\n    tool: nmbrs\n    connection: { username: penstock@acme.example, "
      "token: no, domain: acme }\n");
  Call workday;
  workday.tool = "workday", workday.api = "soap", workday.integration_id = "workday:wrong";
  workday.method = "POST", workday.path = "/";
  workday.api_options = options({{"service_name", "Human_Resources"}});
  workday.body = "<wd:Server_Timestamp_Get/>";
  Call nmbrs = workday;
  nmbrs.tool = "nmbrs", nmbrs.integration_id = "nmbrs:wrong";
  nmbrs.api_options = options({{"service_name", "CompanyService"}});
  nmbrs.body = "<List_GetAll xmlns=\"https://api.nmbrs.nl/soap/v3/CompanyService\"/>";
  for (const Call& call : {workday, nmbrs}) {
    int sent = 0;
    for (int i = 0; i < 40; ++i) {
      const auto answer = testing::call(*engine, call);
      if (answer) {
        EXPECT_EQ(answer->status, 500);
        ++sent;
      }
    }
    EXPECT_EQ(sent, 10) << call.integration_id;
    const auto all = engine->integrations();
    const auto info = std::ranges::find(all, call.integration_id, &IntegrationInfo::id);
    EXPECT_EQ(info->health, "refused") << call.integration_id;
    EXPECT_GT(info->cooling_down_until_ms, 0);
  }
  Call fault = workday;
  fault.integration_id = "workday:acme";
  fault.body = "<wd:No_Such_Request/>";
  for (int i = 0; i < 15; ++i)
    EXPECT_TRUE(testing::call(*engine, fault).has_value()) << "a fault of another kind, " << i;
}

TEST(Gentleness,
     many_connections_that_are_refused_one_after_the_other_do_not_shut_out_the_address) {
  const SandboxProcess sandbox;
  std::string more;
  for (int i = 0; i < 30; ++i) {
    more += "  - id: hibob:wrong" + std::to_string(i) +
            "\n    tool: hibob\n    connection: { service_user_id: SERVICE-0001, token: wrong-" +
            std::to_string(i) + " }\n";
  }
  const auto engine = sandbox.engine(more);
  int sent = 0;
  const auto began = std::chrono::steady_clock::now();
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 30; ++i)
      sent += testing::call(*engine, people("hibob:wrong" + std::to_string(i))) ? 1 : 0;
  }
  const auto windows = 1 + (std::chrono::steady_clock::now() - began) / std::chrono::seconds(10);
  EXPECT_GE(sent, 30) << "each may be refused once";
  EXPECT_LT(sent, 50 * windows) << "the vendor shuts out an address after 50 in 10 s";
  EXPECT_EQ(testing::call(*engine, people("hibob:acme"))->status, 200);
}

TEST(Sessions, two_engines_of_one_process_share_a_state_folder) {
  const SandboxProcess sandbox({"--rotate-refresh-tokens"});
  const auto first = sandbox.engine(), second = sandbox.engine();
  for (int round = 0; round < 3; ++round) {
    sandbox.control(R"({"vendor":"workday","revoke_access_tokens":true})");
    for (Engine* engine : {first.get(), second.get()}) {
      const auto answer = testing::call(*engine, workers());
      ASSERT_TRUE(answer.has_value()) << answer.error().message;
      EXPECT_EQ(answer->status, 200);
    }
  }
  EXPECT_EQ(token_requests(sandbox), 3);
}

TEST(Sessions, the_end_of_an_engine_waits_for_a_renewal_whose_call_has_given_up) {
  const SandboxProcess sandbox({"--rotate-refresh-tokens"});
  {
    const auto engine = sandbox.engine();
    sandbox.control(R"({"vendor":"workday","token_delay_ms":1500})");
    Call hasty = workers();
    hasty.timeout = std::chrono::milliseconds(300);
    ASSERT_FALSE(testing::call(*engine, hasty).has_value());
  }
  sandbox.control(R"({"vendor":"workday","token_delay_ms":0})");
  const auto next = sandbox.engine();
  const auto answer = testing::call(*next, workers());
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(token_requests(sandbox), 1) << "the answer was not kept";
}

TEST(Sessions, a_token_endpoint_that_fails_is_asked_again_soon_and_costs_no_call_that_has_a_token) {
  const SandboxProcess sandbox({"--token-lifetime", "20"});
  const auto engine = sandbox.engine();
  ASSERT_EQ(testing::call(*engine, workers())->status, 200);
  sandbox.control(R"({"vendor":"workday","token_fail_next":1000000})");
  const auto began = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - began < std::chrono::seconds(15)) {
    const auto answer = testing::call(*engine, workers());
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  sandbox.control(R"({"vendor":"workday","token_fail_next":0})");
  bool renewed = false;
  while (!renewed && std::chrono::steady_clock::now() - began < std::chrono::seconds(60)) {
    (void)testing::call(*engine, workers());
    const auto all = engine->integrations();
    const auto info = std::ranges::find(all, "workday:acme", &IntegrationInfo::id);
    renewed = info->health == "ok" && info->last_error.empty();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  EXPECT_TRUE(renewed);
}

TEST(Sessions, a_grant_without_a_rotating_token_recovers_from_a_refusal_by_itself) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine(
      "  - id: workday:cc\n    tool: workday\n    connection: { domain: "
      "wd5-impl-services1.workday.com, tenant: acme, grant: client_credentials, client_id: "
      "penstock-client, client_secret: workday-sandbox-secret }\n");
  // "HTTP/1.1 400 x\r\nDate: Tue, 14 Nov 2023 22:18:20 GMT\r\nContent-Length: 25\r\n\r\n
  // {\"error\":\"invalid_grant\"}"
  sandbox.control(
      R"({"vendor":"workday","token_next_raw_base64":"SFRUUC8xLjEgNDAwIHgNCkRhdGU6IFR1ZSwgMTQgTm92IDIwMjMgMjI6MTg6MjAgR01UDQpDb250ZW50LUxlbmd0aDogMjUNCg0KeyJlcnJvciI6ImludmFsaWRfZ3JhbnQifQ=="})");
  const auto refused = testing::call(*engine, workers("workday:cc"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("this machine's clock is"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(refused.error().message.find("reconnect it"), std::string::npos);
  std::this_thread::sleep_for(std::chrono::milliseconds(5'200));
  const auto answer = testing::call(*engine, workers("workday:cc"));
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
}

}  // namespace
}  // namespace penstock
