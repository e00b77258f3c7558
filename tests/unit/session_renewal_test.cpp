// The state machine of a renewal: what is durable when, and what happens if the store fails.
#include <thread>

#include "session_fixture.hpp"

namespace penstock::session {
namespace {

using namespace std::chrono_literals;

TEST_F(SessionTest, a_rotated_credential_is_durable_before_anyone_gets_the_session) {
  ask();
  environment->answer(200, "a1 r1");
  EXPECT_TRUE(results.empty());
  EXPECT_FALSE(state->current()->session.has_value());
  ASSERT_EQ(environment->saves.size(), 1U);
  EXPECT_EQ(environment->saves.front().state.credentials.at(0).value.reveal(), "r1");
  environment->store();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(token(*results.front()), "a1");
}

TEST_F(SessionTest, a_rotated_credential_is_saved_even_if_no_session_came_with_it) {
  ask();
  environment->answer(206, "r1");
  ASSERT_EQ(environment->saves.size(), 1U);
  environment->store();
  ASSERT_FALSE(results.back().has_value());
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::refused);
  environment->now += 5'000;
  ask();
  EXPECT_EQ(environment->fetches.front().request.body, "r1");
  state = restart();
  ask();
  EXPECT_EQ(environment->fetches.back().request.body, "r1") << "after a restart too";
}

TEST_F(SessionTest, an_interrupted_renewal_is_repeated_and_explains_a_refusal) {
  ask();
  environment->fetches.clear();  // the process ends while the vendor answers
  state = restart();
  ask();
  ASSERT_EQ(environment->fetches.size(), 1U)
      << "a vendor with grace takes the old credential once more";
  environment->answer(400, "");
  environment->store();
  EXPECT_NE(results.back().error().message.find("was interrupted"), std::string::npos);
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::needs_credentials);
}

TEST_F(SessionTest, a_session_that_cannot_be_saved_is_given_to_no_call) {
  ask();
  environment->answer(200, "a1 r1");
  environment->fail_to_store();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_FALSE(results.front().has_value());
  EXPECT_EQ(results.front().error().phase, Phase::session);
  EXPECT_FALSE(state->current()->session.has_value());
}

TEST_F(SessionTest, the_save_of_a_rotated_credential_is_repeated_until_it_succeeds) {
  ask();
  environment->answer(200, "a1 r1");
  environment->fail_to_store();
  for (int i = 0; i < 3; ++i) {
    ask();  // fails with the reason, and sends no second request
    environment->pass(2'000ms);
    environment->begin_lease();
    environment->fail_to_store();
    ASSERT_FALSE(results.back().has_value());
    EXPECT_NE(results.back().error().message.find("disk full"), std::string::npos);
  }
  ask();
  environment->pass(2'000ms);
  environment->begin_lease();
  environment->store();
  EXPECT_TRUE(environment->fetches.empty()) << "r0 was used twice";
  ASSERT_TRUE(results.back().has_value());
  EXPECT_EQ(token(*results.back()), "a1");
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::ok);
  state = restart();
  ask(state->current()->generation);
  EXPECT_EQ(environment->fetches.front().request.body, "r1");
}

TEST_F(SessionTest, a_save_of_unknown_outcome_is_found_in_the_store) {
  ask();
  environment->answer(200, "a1 r1");
  environment->fail_to_store(true);
  environment->pass(2'000ms);
  environment->begin_lease();
  EXPECT_TRUE(environment->saves.empty());
  EXPECT_EQ(token(state->current()), "a1");
  ask(state->current()->generation);
  EXPECT_EQ(environment->fetches.front().request.body, "r1");
}

TEST_F(SessionTest, another_replicas_later_response_wins_over_an_unsaved_one) {
  ask();
  environment->answer(200, "a1 r1");
  environment->fail_to_store();
  replica_renews(200, "a2 r2");  // a vendor with grace
  ask();
  environment->pass(2'000ms);
  environment->begin_lease();
  EXPECT_TRUE(environment->saves.empty());
  ASSERT_TRUE(results.back().has_value());
  EXPECT_EQ(token(*results.back()), "a2");
}

TEST_F(SessionTest, an_unsaved_response_gives_way_to_credentials_rotated_since) {
  ask();
  environment->answer(200, "a1 r1");
  environment->fail_to_store();
  replica_renews_and_dies_renewing_again();
  environment->store();
  ASSERT_EQ(environment->fetches.size(), 1U);
  EXPECT_EQ(environment->fetches.front().request.body, "r2");
}

TEST_F(SessionTest, an_unsaved_response_wins_over_another_replicas_refusal) {
  ask();
  environment->answer(200, "a1 r1");
  environment->fail_to_store();
  const auto other = replica_renews(400, "");  // a strict vendor: r0 is used up
  EXPECT_EQ(other->status(environment->now).health, SessionStatus::Health::needs_credentials);
  environment->pass(2'000ms);
  environment->begin_lease();
  environment->store();
  EXPECT_EQ(token(state->current()), "a1");
  EXPECT_EQ(restart()->status(environment->now).health, SessionStatus::Health::ok);
}

TEST_F(SessionTest, a_refusal_after_the_lease_was_lost_counts_only_if_the_store_is_unchanged) {
  ask();
  const auto login = std::move(environment->fetches.front());
  environment->fetches.pop_front();
  environment->lose_lease();
  replica_renews(200, "a1 r1");
  login.handler(FetchResponse{400, {}, "r0 is used up"});
  EXPECT_TRUE(environment->saves.empty()) << "the refusal is of a credential that was replaced";
  environment->begin_lease();
  EXPECT_TRUE(environment->fetches.empty());
  ASSERT_TRUE(results.back().has_value()) << results.back().error().message;
  EXPECT_EQ(token(*results.back()), "a1");
}

TEST_F(SessionTest, a_lost_lease_is_forgotten_with_the_next_one) {
  ask();
  environment->lose_lease();
  environment->answer(200, "a1 r1");
  environment->fail_to_store();
  replica_renews_and_dies_renewing_again();
  environment->store();
  environment->answer(400, "");
  EXPECT_TRUE(environment->leases.empty()) << "the vendor is sent a refused credential again";
  ASSERT_EQ(environment->saves.size(), 1U);
  EXPECT_FALSE(environment->saves.front().state.refusal.empty());
}

TEST_F(SessionTest, a_graceful_shutdown_waits_for_the_response_and_starts_no_renewal) {
  ask();
  EXPECT_FALSE(environment->gate->close(0ms)) << "the intent is saved, the response is not";
  environment->answer(200, "a1 r1");
  EXPECT_FALSE(environment->gate->close(0ms)) << "the response is not saved yet";
  environment->store();
  EXPECT_TRUE(environment->gate->close(0ms));
  ask(state->current()->generation);
  EXPECT_TRUE(environment->fetches.empty());
  EXPECT_TRUE(environment->saves.empty());
  ASSERT_FALSE(results.back().has_value());
  EXPECT_EQ(results.back().error().http_status, 503);
}

TEST_F(SessionTest, a_graceful_shutdown_waits_until_a_response_or_a_refusal_is_saved) {
  ask();
  environment->answer(200, "a1 r1");
  environment->fail_to_store();
  EXPECT_FALSE(environment->gate->close(0ms));
  environment->pass(2'000ms);
  environment->begin_lease();
  environment->store();
  EXPECT_TRUE(environment->gate->close(0ms));

  environment->gate = std::make_shared<RenewalGate>();
  ask(state->current()->generation);
  environment->answer(400, "");
  EXPECT_FALSE(environment->gate->close(0ms));
  environment->store();
  EXPECT_TRUE(environment->gate->close(0ms));

  for (const int status : {503, 401}) {
    environment->gate = std::make_shared<RenewalGate>();
    state = restart("fresh");
    ask();
    EXPECT_FALSE(environment->gate->close(0ms));
    environment->answer(status, "");
    EXPECT_TRUE(environment->gate->close(0ms)) << status;
  }
}

TEST(RenewalGate, waits_on_another_thread_until_the_last_one_leaves) {
  const auto gate = std::make_shared<RenewalGate>();
  auto first = gate->enter(), second = gate->enter();
  std::thread leaving([&] {
    first.reset();
    second.reset();
  });
  EXPECT_TRUE(gate->close(60s));
  leaving.join();
  EXPECT_EQ(gate->enter(), nullptr);
}

}  // namespace
}  // namespace penstock::session
