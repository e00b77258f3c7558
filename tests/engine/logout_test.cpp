// Sessions that a vendor counts: Taleo Business Edition keeps two of them open at most.
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include <boost/asio/use_future.hpp>
#include <rapidjson/document.h>

#include "sandbox_process.hpp"

namespace penstock {
namespace {

using testing::SandboxProcess;

Call candidates(const std::string& query = "") {
  Call call;
  call.tool = "taleo";
  call.api = "business";
  call.integration_id = "taleo:business";
  call.path = "/object/candidate/search" + query;
  return call;
}

struct Ledger {
  int logins = 0, logouts = 0, dispatched = 0, calls = 0;
};

Ledger ledger(const SandboxProcess& sandbox) {
  rapidjson::Document all;
  all.Parse(sandbox.ledger().c_str());
  const auto& vendor = all["taleo_business"];
  const auto kind = [&](const char* name) {
    return vendor["kinds"].HasMember(name) ? vendor["kinds"][name].GetInt() : 0;
  };
  return {vendor["token_requests"].GetInt(), kind("logout"), kind("dispatcher"), kind("api")};
}

TEST(Logout, at_the_end_of_the_engine_gives_the_vendor_its_session_back) {
  const SandboxProcess sandbox;
  for (int life = 1; life <= 5; ++life) {
    const auto engine = sandbox.engine();
    const auto answer = testing::call(*engine, candidates());
    ASSERT_TRUE(answer.has_value()) << "life " << life << ": " << answer.error().message;
    EXPECT_EQ(answer->status, 200) << answer->body;
    engine->stop(std::chrono::seconds(5));
    EXPECT_EQ(ledger(sandbox).logouts, life);
    EXPECT_EQ(ledger(sandbox).logins, life) << "a session that was logged out was kept";
  }
}

TEST(Logout, has_no_place_in_an_end_without_grace_and_the_session_is_used_again) {
  const SandboxProcess sandbox;
  for (int life = 1; life <= 5; ++life) {
    const auto engine = sandbox.engine();
    ASSERT_EQ(testing::call(*engine, candidates())->status, 200) << "life " << life;
  }
  EXPECT_EQ(ledger(sandbox).logouts, 0);
  EXPECT_EQ(ledger(sandbox).logins, 1);
  EXPECT_EQ(ledger(sandbox).dispatched, 1);
}

TEST(Logout, of_a_dead_session_is_no_matter) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine();
  ASSERT_EQ(testing::call(*engine, candidates())->status, 200);
  sandbox.control(R"({"vendor":"taleo_business","revoke_access_tokens":true})");
  engine->stop(std::chrono::seconds(5));
  EXPECT_EQ(ledger(sandbox).logins, 1);
}

TEST(TaleoBusiness, calls_share_one_session_and_renew_it_once_when_it_dies) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine();
  const auto all_at_once = [&] {
    std::vector<std::future<Result<Response>>> pending;
    for (int i = 0; i < 25; ++i)
      pending.push_back(engine->async_call(candidates(), boost::asio::use_future));
    for (auto& one : pending) {
      const auto answer = one.get();
      ASSERT_TRUE(answer.has_value()) << answer.error().message;
      EXPECT_EQ(answer->status, 200) << answer->body;
    }
  };
  all_at_once();
  EXPECT_EQ(ledger(sandbox).logins, 1);
  sandbox.control(R"({"vendor":"taleo_business","revoke_access_tokens":true})");
  all_at_once();
  EXPECT_EQ(ledger(sandbox).logins, 2);
  EXPECT_EQ(ledger(sandbox).dispatched, 1) << "the company's address was known";
}

TEST(TaleoBusiness, paths_queries_and_params_go_behind_the_sessions_base_url) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine();
  Call call = candidates("?start=229");
  call.params = {{"limit", "1"}};
  const auto preview = engine->validate(call);
  ASSERT_TRUE(preview.has_value()) << preview.error().message;
  EXPECT_EQ(
      preview->url,
      "https://base-url-comes-with-the-session.invalid/object/candidate/search?start=229&limit=1");
  const auto answer = testing::call(*engine, call);
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->url,
            "https://chp.tbe.taleo.net/chp03/ats/api/v1/object/candidate/search?start=229&limit=1");
  EXPECT_NE(answer->body.find("\"candId\":229"), std::string::npos) << answer->body;
  EXPECT_EQ(engine->validate(call)->url, answer->url);
  Call other = candidates("/../../../../x");
  EXPECT_FALSE(testing::call(*engine, other).has_value());
  EXPECT_FALSE(engine->validate([] {
    Call with_cookie = candidates();
    with_cookie.headers = {{"Cookie", "authToken=mine"}};
    return with_cookie;
  }()));
}

TEST(NmbrsRest, a_refresh_token_that_is_replaced_at_each_use_outlives_engines) {
  const SandboxProcess sandbox({"--token-lifetime", "1"});
  Call call;
  call.tool = "nmbrs";
  call.api = "rest";
  call.integration_id = "nmbrs:rest";
  call.path = "/companies?pageSize=1";
  for (int life = 0; life < 3; ++life) {
    const auto engine = sandbox.engine();
    for (int i = 0; i < 2; ++i) {
      const auto answer = testing::call(*engine, call);
      ASSERT_TRUE(answer.has_value()) << "life " << life << ": " << answer.error().message;
      EXPECT_EQ(answer->status, 200) << answer->body;
      std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    }
  }
  rapidjson::Document all;
  all.Parse(sandbox.ledger().c_str());
  // One for each call; on a slow machine one more where a token ends on its way.
  EXPECT_GE(all["nmbrs_rest"]["token_requests"].GetInt(), 6);
  EXPECT_EQ(all["nmbrs_rest"]["token_refusals"].GetInt(), 0);
}

}  // namespace
}  // namespace penstock
