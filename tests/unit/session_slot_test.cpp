#include "session/record_codec.hpp"
#include "session_fixture.hpp"

namespace penstock::session {
namespace {

TEST_F(SessionTest, a_thousand_waiting_calls_share_one_renewal) {
  for (int i = 0; i < 1000; ++i)
    ask();
  ASSERT_EQ(environment->fetches.size(), 1U);
  environment->answer(200, "a1 r1");
  environment->store();
  ASSERT_EQ(results.size(), 1000U);
  for (const auto& result : results) {
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(token(*result), "a1");
  }
  EXPECT_TRUE(environment->fetches.empty());
}

TEST_F(SessionTest, a_session_newer_than_the_one_used_is_returned_without_a_renewal) {
  ask();
  environment->answer(200, "a1 r1");
  environment->store();
  const std::uint64_t used = state->current()->generation;
  ask(used);
  environment->answer(200, "a2 r2");
  environment->store();
  ask(used);  // its 401 was about the session before
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(token(*results.back()), "a2");
  EXPECT_TRUE(environment->fetches.empty());
}

TEST_F(SessionTest, the_next_renewal_uses_the_rotated_credential_also_after_a_restart) {
  ask();
  EXPECT_EQ(environment->fetches.front().request.body, "r0");
  environment->answer(200, "a1 r1");
  environment->store();
  state = restart();
  EXPECT_EQ(token(state->current()), "a1");
  ask(state->current()->generation);
  EXPECT_EQ(environment->fetches.front().request.body, "r1");
}

TEST_F(SessionTest, a_newly_configured_credential_wins_over_a_stored_one) {
  ask();
  environment->answer(200, "a1 r1");
  environment->store();
  state = restart("fresh");
  EXPECT_FALSE(state->current()->session.has_value());
  ask();
  EXPECT_EQ(environment->fetches.front().request.body, "fresh");
}

TEST_F(SessionTest, a_stored_session_serves_each_api_that_it_was_made_for_and_no_other) {
  SessionRequest wanted = request();
  wanted.format = 1;
  wanted.formats = {1, 2};
  ask(wanted);
  environment->answer(200, "a1 r1");
  environment->store();
  state = restart();
  EXPECT_NE(state->current()->session_for(1, environment->now), nullptr);
  EXPECT_NE(state->current()->session_for(2, environment->now), nullptr);
  EXPECT_EQ(state->current()->session_for(3, environment->now), nullptr);
  EXPECT_EQ(to_record({}).find("session_format\""), std::string::npos);
}

TEST_F(SessionTest, a_session_is_refreshed_early_while_it_is_in_use) {
  ask();
  environment->answer(200, "a1 r1");
  environment->store();
  const std::int64_t ahead = state->current()->refresh_early_ms - environment->now;
  EXPECT_GE(ahead, 3'600'000 * 7 / 10);
  EXPECT_LE(ahead, 3'600'000 * 9 / 10);
  environment->now += ahead - 1;
  state->refresh_early(request(), environment);
  EXPECT_TRUE(environment->leases.empty());
  environment->now += 1;
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::expiring);
  for (int i = 0; i < 100; ++i)
    state->refresh_early(request(), environment);
  EXPECT_EQ(environment->leases.size(), 1U);
  environment->begin();
  ask();  // gets the current session at once
  EXPECT_EQ(token(*results.back()), "a1");
  environment->answer(200, "a2 r2");
  environment->store();
  EXPECT_EQ(token(state->current()), "a2");
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::ok);
}

TEST_F(SessionTest, a_failed_early_refresh_leaves_the_session_in_use) {
  ask();
  environment->answer(200, "a1 r1");
  environment->store();
  environment->now = state->current()->refresh_early_ms;
  state->refresh_early(request(), environment);
  environment->begin();
  environment->answer(503, "");
  ask();
  EXPECT_EQ(token(*results.back()), "a1");
  state->refresh_early(request(), environment);
  EXPECT_TRUE(environment->leases.empty()) << "a failed attempt starts a backoff";
}

TEST_F(SessionTest, a_session_that_another_replica_failed_to_renew_stays_in_use) {
  ask();
  environment->answer(200, "a1 r1");
  environment->store();
  const std::uint64_t generation = state->current()->generation;
  const auto uses = state->current()->uses;
  replica_renews(503, "");
  environment->now = state->current()->refresh_early_ms;
  state->refresh_early(request(), environment);
  environment->begin();
  EXPECT_EQ(token(state->current()), "a1");
  EXPECT_EQ(state->current()->generation, generation);
  EXPECT_EQ(state->current()->uses, uses) << "session_seq would start again in the same session";
  environment->answer(503, "");
  ask();
  ASSERT_TRUE(results.back().has_value());
  EXPECT_EQ(token(*results.back()), "a1");
}

TEST_F(SessionTest, a_refused_replica_adopts_another_ones_session_without_contacting_the_vendor) {
  ask();
  environment->answer(400, "");
  environment->store();
  replica_renews(200, "a1 r1");
  ask();
  EXPECT_FALSE(results.back().has_value()) << "the store is checked at intervals only";
  environment->now += 30'000;
  ask();
  EXPECT_TRUE(environment->fetches.empty());
  ASSERT_TRUE(results.back().has_value()) << results.back().error().message;
  EXPECT_EQ(token(*results.back()), "a1");
}

TEST(Expiry, has_a_margin_that_shrinks_with_the_lifetime) {
  const struct {
    std::int64_t life_ms, margin_ms;
  } rows[] = {{3'600'000, 10'000},
              {100'000, 10'000},
              {60'000, 6'000},
              {15'000, 1'500},
              {1'000, 100},
              {1, 0},
              {0, 0},
              {-5, 0}};
  for (const auto& row : rows) {
    EXPECT_EQ(expiry_margin(1'000'000, 1'000'000 + row.life_ms), row.margin_ms) << row.life_ms;
    Snapshot snapshot;
    snapshot.session = host::SessionState{{}, 1'000'000, 1'000'000 + row.life_ms};
    snapshot.session_formats = {1};
    if (row.life_ms > 1) {
      EXPECT_FALSE(snapshot.is_due(1'000'000)) << "a session that was just made serves";
      EXPECT_TRUE(snapshot.is_due(1'000'000 + row.life_ms - row.margin_ms));
      EXPECT_NE(snapshot.session_for(1, 1'000'000 + row.life_ms - 1), nullptr);
    }
    EXPECT_EQ(snapshot.session_for(1, 1'000'000 + std::max<std::int64_t>(row.life_ms, 0)), nullptr);
  }
  Snapshot endless;
  endless.session = host::SessionState{{}, 1'000'000, 0};
  endless.session_formats = {1};
  EXPECT_FALSE(endless.is_due(INT64_MAX));
  EXPECT_NE(endless.session_for(1, INT64_MAX), nullptr);
}

TEST(EarlyRefresh, has_jitter_and_does_not_apply_to_short_lifetimes) {
  EXPECT_EQ(refresh_early_time(1'000'000, 1'059'999, 0), 0);
  EXPECT_EQ(refresh_early_time(1'000'000, 0, 0), 0);
  EXPECT_EQ(refresh_early_time(1'000'000, 2'000'000, 0), 1'700'000);
  EXPECT_EQ(refresh_early_time(1'000'000, 2'000'000, 255), 1'900'000);
}

}  // namespace
}  // namespace penstock::session
