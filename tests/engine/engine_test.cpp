// The embedded engine, with real plugins, over real TLS, against the sandbox.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "sandbox_process.hpp"

namespace penstock {
namespace {

using testing::SandboxProcess;

Call make(const std::string& tool, const std::string& api, const std::string& method,
          const std::string& path) {
  Call call;
  call.tool = tool;
  call.api = api;
  call.integration_id = tool + ":acme";
  call.method = method;
  call.path = path;
  return call;
}

Call hibob_people() { return make("hibob", "v1", "GET", "/people"); }

class EngineTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    sandbox = new SandboxProcess();
    engine =
        sandbox
            ->engine(
                "  - id: hibob:unreachable\n    tool: hibob\n    upstream: { connect_to: "
                "'127.0.0.1:1' }\n"
                "    connection: { service_user_id: a, token: SECRET-TOKEN-1 }\n"
                "  - id: hibob:wrong\n    tool: hibob\n"
                "    connection: { service_user_id: SERVICE-0001, token: wrong-token }\n"
                "  - id: hibob:small\n    tool: hibob\n    upstream: { max_response_bytes: 100 }\n"
                "    connection: { service_user_id: SERVICE-0001, token: hibob-sandbox-token }\n"
                "  - id: workday:soaponly\n    tool: workday\n    connection:\n"
                "      domain: wd5-impl-services1.workday.com\n      tenant: acme\n      username: "
                "ISU_Penstock\n"
                "      password: workday-sandbox-password\n      default_service_version: '45.0'\n")
            .release();
  }
  static void TearDownTestSuite() {
    delete engine;
    delete sandbox;
  }
  static SandboxProcess* sandbox;
  static Engine* engine;
};
SandboxProcess* EngineTest::sandbox = nullptr;
Engine* EngineTest::engine = nullptr;

TEST_F(EngineTest, gives_the_vendors_answer_untouched) {
  const auto answer = testing::call(*engine, hibob_people());
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->url, "https://api.hibob.com/v1/people");
  EXPECT_TRUE(answer->body.starts_with("{\"employees\""));
  EXPECT_EQ(answer->plugin, "hibob 1.0.0");
  EXPECT_GT(answer->total.count(), 0);
}

TEST_F(EngineTest, speaks_every_soap_dialect) {
  struct Case {
    Call call;
    std::string body;
    std::string expected;
  };
  Call workday = make("workday", "soap", "POST", "/");
  workday.api_options = options({{"service_name", "Human_Resources"}, {"service_version", "45.0"}});
  Call nmbrs = make("nmbrs", "soap", "POST", "");
  nmbrs.api_options = options({{"service_name", "DebtorService"}});
  Call hroffice = make("hroffice", "soap", "POST", "/");
  hroffice.api_options = options({{"operation_name", "GetAllJobByLanguage"}});
  const Case cases[] = {
      {workday, "<bsvc:Get_Workers_Request/>", "Get_Workers_Response"},
      {nmbrs, "<List_GetAll xmlns=\"https://api.nmbrs.nl/soap/v3/DebtorService\"/>",
       "List_GetAllResult"},
      {hroffice, "<languageId>1</languageId>", "GetAllJobByLanguageResult"},
  };
  for (const Case& one : cases) {
    Call soap = one.call;
    soap.body = one.body;
    const auto answer = testing::call(*engine, soap);
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->status, 200) << answer->body;
    EXPECT_NE(answer->body.find(one.expected), std::string::npos) << answer->body;
  }
}

TEST_F(EngineTest, reports_a_soap_fault_as_answer_with_a_warning) {
  Call call = make("nmbrs", "soap", "POST", "/");
  call.api_options = options({{"service_name", "CompanyService"}});
  call.body = "<No_Such_Operation xmlns=\"https://api.nmbrs.nl/soap/v3/CompanyService\"/>";
  const auto answer = testing::call(*engine, call);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 500);
  ASSERT_EQ(answer->warnings.size(), 1U);
  EXPECT_NE(answer->warnings[0].find("the vendor reports"), std::string::npos);
}

TEST_F(EngineTest, sends_the_very_bytes_of_path_query_and_body) {
  Call call = make("hibob", "v1", "POST", "/people/search?a=1&a=%2F;x!y&b=+");
  call.params = {{"c d", "e&f"}};
  call.headers = {{"X-Trace", "a b"}};
  call.body = "{\"fields\":[\"root.id\"], \"n\":1.10e2, \"n\":0}  ";
  call.body_is_json = true;
  ASSERT_TRUE(testing::call(*engine, call).has_value());
  const std::string ledger = sandbox->ledger();
  EXPECT_NE(ledger.find("/v1/people/search?a=1&a=%2F;x!y&b=+&c%20d=e%26f"), std::string::npos)
      << ledger;
  EXPECT_NE(ledger.find("eyJmaWVsZHMiOlsicm9vdC5pZCJdLCAibiI6MS4xMGUyLCAibiI6MH0gIA=="),
            std::string::npos)
      << ledger;
}

TEST_F(EngineTest, takes_any_completion_token) {
  // a future
  EXPECT_TRUE(engine->async_call(hibob_people(), boost::asio::use_future).get().has_value());
  // a plain handler, on an engine loop
  std::promise<int> status;
  engine->async_call(hibob_people(), [&](Result<Response> answer) {
    status.set_value(answer ? answer->status : 0);
  });
  EXPECT_EQ(status.get_future().get(), 200);
  // a coroutine of the embedder's own io_context: it goes on there
  boost::asio::io_context own;
  int seen = 0;
  bool on_own_thread = false;
  const auto caller = std::this_thread::get_id();
  boost::asio::co_spawn(
      own,
      [&]() -> boost::asio::awaitable<void> {
        Call call = hibob_people();
        const Result<Response> answer =
            co_await engine->async_call(std::move(call), boost::asio::use_awaitable);
        seen = answer ? answer->status : 0;
        on_own_thread = std::this_thread::get_id() == caller;
      },
      boost::asio::detached);
  own.run();
  EXPECT_EQ(seen, 200);
  EXPECT_TRUE(on_own_thread);
}

struct ErrorCase {
  const char* name;
  std::function<void(Call&)> change;
  Code code;
  int status;
  Phase phase;
  const char* message;
};

TEST_F(EngineTest, says_what_is_wrong_with_a_call) {
  const ErrorCase cases[] = {
      {"unknown api", [](Call& c) { c.api = "v11"; }, Code::input_invalid, 400, Phase::route,
       "did you mean \"hibob/v1\"?"},
      {"unknown integration", [](Call& c) { c.integration_id = "hibob:x"; },
       Code::integration_not_found, 404, Phase::route, "hibob:x"},
      {"no integration", [](Call& c) { c.integration_id = ""; }, Code::integration_not_found, 404,
       Phase::route, "X-Integration-Id"},
      {"other tool", [](Call& c) { c.integration_id = "nmbrs:acme"; }, Code::integration_not_found,
       404, Phase::route, "of tool nmbrs"},
      {"dot segment", [](Call& c) { c.path = "/%2e%2e/x"; }, Code::input_invalid, 400,
       Phase::validate, "dot segment"},
      {"method", [](Call& c) { c.method = "TRACE"; }, Code::input_invalid, 400, Phase::validate,
       "takes GET"},
      {"header",
       [](Call& c) {
         c.headers = {{"Authorization", "x"}};
       },
       Code::input_invalid, 400, Phase::validate, "credential"},
      {"option", [](Call& c) { c.api_options = R"({"x":"y"})"; }, Code::input_invalid, 400,
       Phase::validate, "api_options.x is not known here"},
      {"unreachable", [](Call& c) { c.integration_id = "hibob:unreachable"; }, Code::none, 502,
       Phase::connect, "api.hibob.com"},
      {"too large", [](Call& c) { c.integration_id = "hibob:small"; }, Code::none, 502,
       Phase::receive, "max_response_bytes"},
  };
  for (const ErrorCase& one : cases) {
    Call call = hibob_people();
    one.change(call);
    const auto answer = testing::call(*engine, call);
    ASSERT_FALSE(answer.has_value()) << one.name;
    const Error& error = answer.error();
    EXPECT_EQ(error.code, one.code) << one.name;
    EXPECT_EQ(error.http_status, one.status) << one.name;
    EXPECT_EQ(error.phase, one.phase) << one.name;
    EXPECT_NE(error.message.find(one.message), std::string::npos)
        << one.name << ": " << error.message;
    EXPECT_EQ(error.message.find("SECRET"), std::string::npos);
    if (one.phase != Phase::connect && one.phase != Phase::receive) {
      EXPECT_FALSE(engine->validate(call).has_value()) << one.name;
    }
  }
}

TEST_F(EngineTest, names_the_integration_that_was_probably_meant) {
  Call call;
  call.tool = "hibob", call.api = "v1", call.integration_id = "hibob:acm";
  const auto preview = engine->validate(call);
  ASSERT_FALSE(preview);
  EXPECT_EQ(preview.error().message,
            "there is no integration \"hibob:acm\"; did you mean \"hibob:acme\"?");
}

TEST_F(EngineTest, says_that_it_is_the_stored_credential_that_the_vendor_refuses) {
  Call call = hibob_people();
  call.integration_id = "hibob:wrong";
  const auto answer = testing::call(*engine, call);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 401);
  ASSERT_FALSE(answer->warnings.empty());
  EXPECT_NE(answer->warnings.back().find("POST /v1/integrations/hibob:wrong/verify"),
            std::string::npos)
      << answer->warnings.back();
}

TEST_F(EngineTest, tells_all_problems_of_a_call_at_once) {
  Call call = make("workday", "rest", "GET", "/a b");
  call.api_options = R"({"servce_name":"staffing"})";
  call.headers = {{"Host", "evil"}};
  const auto answer = testing::call(*engine, call);
  ASSERT_FALSE(answer.has_value());
  std::vector<std::string> pointers;
  for (const Problem& problem : answer.error().details)
    pointers.push_back(problem.pointer);
  EXPECT_EQ(pointers,
            (std::vector<std::string>{"/path", "/headers/Host", "/api_options/service_name",
                                      "/api_options/servce_name"}));
}

TEST_F(EngineTest, previews_a_call_without_its_secrets) {
  const auto hibob = engine->validate(hibob_people());
  ASSERT_TRUE(hibob.has_value());
  EXPECT_EQ(hibob->url, "https://api.hibob.com/v1/people");
  EXPECT_EQ(hibob->headers.get("Authorization"), "Basic ***");

  Call soap = make("workday", "soap", "POST", "/");
  soap.api_options = R"({"service_name":"Staffing","service_version":38.2})";
  soap.body = "<wd:X/>";
  const auto workday = engine->validate(soap);
  ASSERT_TRUE(workday.has_value()) << workday.error().message;
  EXPECT_EQ(workday->url, "https://wd5-impl-services1.workday.com/ccx/service/acme/Staffing/v38.2");
  EXPECT_NE(workday->body.find("ISU_Penstock@acme"), std::string::npos);
  EXPECT_NE(workday->body.find("#PasswordText\">***</"), std::string::npos) << workday->body;
  EXPECT_EQ(workday->body.find("workday-sandbox-password"), std::string::npos);
}

TEST_F(EngineTest, takes_an_options_default_from_the_connection) {
  Call call = make("workday", "soap", "POST", "/");
  call.integration_id = "workday:soaponly";
  call.api_options = options({{"service_name", "Staffing"}});
  call.body = "<wd:X/>";
  EXPECT_EQ(engine->validate(call)->url,
            "https://wd5-impl-services1.workday.com/ccx/service/acme/Staffing/v45.0");
}

TEST_F(EngineTest, calls_only_apis_that_the_connection_is_complete_for) {
  Call call = make("workday", "rest", "GET", "/workers");
  call.integration_id = "workday:soaponly";
  call.api_options = options({{"service_name", "staffing"}});
  const auto answer = testing::call(*engine, call);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Code::integration_not_found);
  EXPECT_NE(answer.error().message.find("lacks client_id"), std::string::npos)
      << answer.error().message;
  for (const IntegrationInfo& info : engine->integrations()) {
    if (info.id != "workday:soaponly") continue;
    EXPECT_EQ(info.apis, (std::vector<std::string>{"workday/custom-report", "workday/soap"}));
  }
}

TEST_F(EngineTest, refuses_calls_once_it_is_stopping) {
  const testing::SandboxProcess another;  // An engine has its state folder to itself.
  const auto other = another.engine("", 1);
  other->stop(std::chrono::seconds(1));
  const auto answer = testing::call(*other, hibob_people());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().http_status, 503);
}

TEST_F(EngineTest, survives_many_calls_from_many_threads) {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const auto answer = testing::call(*engine, hibob_people());
        if (answer && answer->status == 200) ++good;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(good, 100);
}

}  // namespace
}  // namespace penstock
