// What a failed or refused login does to the next ones.
#include "session_fixture.hpp"

namespace penstock::session {
namespace {

using namespace std::chrono_literals;

TEST_F(SessionTest, a_refused_login_fails_all_waiting_calls_and_lengthens_the_backoff) {
  ask();
  ask();
  environment->answer(401, "");
  ASSERT_EQ(results.size(), 2U);
  for (const auto& result : results) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().http_status, 502);
    EXPECT_EQ(result.error().origin, Origin::vendor);
    EXPECT_EQ(result.error().sent, Sent::no);
  }
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::refused);
  for (const std::int64_t rest : {5'000, 30'000, 300'000, 1'800'000, 1'800'000}) {
    environment->now += rest - 1;
    ask();
    EXPECT_TRUE(environment->fetches.empty()) << rest;
    EXPECT_TRUE(results.back().error().retry_after.has_value());
    environment->now += 1;
    ask();
    ASSERT_EQ(environment->fetches.size(), 1U) << rest;
    environment->answer(401, "");
  }
}

TEST_F(SessionTest, a_vendor_that_is_down_is_retried_within_seconds_after_any_number_of_failures) {
  for (int failures = 1; failures <= 200; ++failures) {
    ask();
    ASSERT_EQ(environment->fetches.size(), 1U) << failures;
    environment->answer(503, "");
    EXPECT_NE(state->status(environment->now).health, SessionStatus::Health::refused);
    ask();
    EXPECT_TRUE(environment->fetches.empty()) << "a backoff is active";
    EXPECT_TRUE(results.back().error().retry_after.has_value());
    environment->now += 15'000;
  }
  ask();
  environment->answer(200, "a1 r1");
  environment->store();
  EXPECT_TRUE(results.back().has_value());
}

TEST(BackoffAfterFailure, doubles_up_to_15_s_and_has_jitter) {
  EXPECT_EQ(backoff_after_failure(1, 255), 1'000);
  EXPECT_EQ(backoff_after_failure(1, 0), 500);
  EXPECT_EQ(backoff_after_failure(3, 255), 4'000);
  for (const int failures : {5, 50, 1'000'000}) {
    EXPECT_EQ(backoff_after_failure(failures, 255), 15'000);
    EXPECT_EQ(backoff_after_failure(failures, 0), 7'500);
  }
}

TEST_F(SessionTest, no_backoff_outlasts_the_session_not_even_a_retry_after) {
  ask();
  environment->answer(200, "a1 r1");
  environment->store();
  const std::int64_t end = state->current()->session->expires_ms;
  environment->now = state->current()->refresh_early_ms;
  state->refresh_early(request(), environment);
  environment->begin();
  environment->answer(503, "", {{"retry-after", "86400"}});
  environment->now = end - 1;
  ask();
  EXPECT_EQ(token(*results.back()), "a1") << "a valid session is used";
  state->refresh_early(request(), environment);
  EXPECT_TRUE(environment->leases.empty());
  environment->now = end;
  ask(state->current()->generation);
  EXPECT_EQ(environment->fetches.size(), 1U);
}

TEST_F(SessionTest, a_retry_after_of_the_login_is_respected) {
  ask();
  environment->answer(503, "", {{"retry-after", "120"}});
  EXPECT_EQ(results.back().error().retry_after, 120'000ms);
  environment->now += 119'999;
  ask();
  EXPECT_TRUE(environment->fetches.empty());
  EXPECT_EQ(results.back().error().retry_after, 1ms);
  environment->now += 1;
  ask();
  EXPECT_EQ(environment->fetches.size(), 1U);
}

TEST_F(SessionTest, a_grant_that_spends_no_credential_is_never_refused_permanently) {
  state = restart("k", false);
  ask();
  environment->answer(400, "", {{"date", "Tue, 14 Nov 2023 22:18:20 GMT"}});
  EXPECT_TRUE(environment->saves.empty()) << "a refusal was saved";
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::refused);
  EXPECT_NE(results.back().error().message.find("clock is 300 s behind"), std::string::npos)
      << results.back().error().message;
  state = restart("k", false);
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::ok);
  ask();
  environment->answer(200, "a1 r1");
  environment->store();
  EXPECT_TRUE(results.back().has_value());
}

TEST_F(SessionTest,
       a_permanent_refusal_that_an_earlier_release_stored_for_such_a_grant_is_ignored) {
  ask();
  environment->answer(400, "");
  environment->store();
  EXPECT_EQ(restart("r0", true)->status(environment->now).health,
            SessionStatus::Health::needs_credentials);
  EXPECT_EQ(restart("r0", false)->status(environment->now).health, SessionStatus::Health::ok);
}

TEST_F(SessionTest, a_permanently_refused_grant_is_not_sent_again) {
  ask();
  environment->answer(400, "");
  environment->store();
  ASSERT_FALSE(results.back().has_value());
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::needs_credentials);
  for (int i = 0; i < 3; ++i) {
    environment->now += 86'400'000;
    ask();
    EXPECT_TRUE(environment->fetches.empty());
    EXPECT_FALSE(results.back().has_value());
    state = restart();  // the refusal is stored
    EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::needs_credentials);
  }
  state = restart("fresh");
  ask();
  EXPECT_EQ(environment->fetches.size(), 1U) << "the refusal was of another credential";
}

TEST_F(SessionTest, ignore_backoff_contacts_the_vendor_in_spite_of_its_refusal) {
  ask();
  environment->answer(400, "");
  environment->store();
  SessionRequest wanted = request();
  wanted.ignore_backoff = true;
  ask(std::move(wanted));
  ASSERT_EQ(environment->fetches.size(), 1U);
  environment->answer(200, "a1 r1");
  environment->store();
  EXPECT_TRUE(results.back().has_value());
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::ok);
  EXPECT_EQ(restart()->status(environment->now).health, SessionStatus::Health::ok);
}

TEST_F(SessionTest, a_refusal_that_quotes_the_secret_is_redacted) {
  state = restart("the-refresh-token");
  ask();
  environment->answer(400, "unknown grant the-refresh-token");
  EXPECT_EQ(environment->saves.front().state.refusal.find("the-refresh-token"), std::string::npos);
  environment->store();
  EXPECT_NE(results.back().error().message.find("unknown grant"), std::string::npos);
  EXPECT_EQ(results.back().error().message.find("the-refresh-token"), std::string::npos);
  EXPECT_EQ(state->status(environment->now).error.find("the-refresh-token"), std::string::npos);
}

TEST_F(SessionTest, a_refusal_that_quotes_secrets_is_stored_and_returned_without_them) {
  state = restart("refresh-secret");
  SessionRequest wanted = request();
  wanted.max_fetches = 2;
  ask(std::move(wanted));
  environment->answer(202, "ticket-secret");
  ASSERT_EQ(environment->fetches.size(), 1U);
  environment->answer(410, "gone: ticket-secret dGlja2V0LXNlY3JldA== refresh-secret");
  ASSERT_EQ(environment->saves.size(), 1U);
  const std::string stored = environment->saves.front().state.refusal;
  environment->store();
  ASSERT_EQ(results.size(), 1U);
  ASSERT_FALSE(results[0].has_value());
  for (const std::string& words :
       {stored, results[0].error().message, state->status(environment->now).error}) {
    EXPECT_NE(words.find("gone: ***"), std::string::npos) << words;
    EXPECT_EQ(words.find("secret"), std::string::npos) << words;
    EXPECT_EQ(words.find("dGlja2V0"), std::string::npos) << words;
  }
}

TEST_F(SessionTest, a_long_refusal_is_redacted_before_it_is_shortened) {
  state = restart("the-refresh-token");
  ask();
  environment->answer(400, std::string(800, 'x') + "the-refresh-token" + std::string(3'000, 'y'));
  environment->store();
  const std::string& message = results.back().error().message;
  EXPECT_LT(message.size(), 1'100U);
  EXPECT_EQ(message.find("the-re"), std::string::npos) << message;
  EXPECT_NE(message.find("x***y"), std::string::npos) << message;
}

}  // namespace
}  // namespace penstock::session
