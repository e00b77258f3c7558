// The session machine against a plugin and a world that live in the test: every order of events is
// in our hands.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <thread>

#include "rotating_plugin.hpp"
#include "session/credential_key.hpp"
#include "session/record_codec.hpp"
#include "session/renewal_gate.hpp"
#include "session/session_slot.hpp"

namespace penstock::session {
namespace {

using namespace std::chrono_literals;

/// Holds every fetch and save until the test lets it go.
class HeldEnvironment final : public Environment {
 public:
  std::int64_t now_unix_ms() override { return now; }
  std::array<std::uint8_t, 32> entropy() override { return {}; }
  void fetch(FetchRequest request, std::function<void(Result<FetchResponse>)> handler) override {
    fetches.push_back({std::move(request), std::move(handler)});
  }
  void wait(std::chrono::milliseconds time, std::function<void()> handler) override {
    waits.push_back({time, std::move(handler)});
  }
  std::shared_ptr<void> begin_exchange() override { return gate->enter(); }
  void save(std::string key, StoredState state, std::uint64_t fence,
            std::function<void(Result<std::uint64_t>)> handler) override {
    saves.push_back({std::move(key), std::move(state), fence, std::move(handler)});
  }
  void lease(std::string key, std::function<void(Result<std::optional<Lease>>)> handler) override {
    leases.push_back(
        [this, key = std::move(key), handler = std::move(handler)] { handler(disk->lease(key)); });
  }
  void extend(std::string, std::uint64_t, std::function<void(Result<bool>)>) override {}
  void release(std::string, std::uint64_t) override { ++releases; }

  /// Up to the first fetch: the lease, and the intent saved.
  void begin() {
    if (leases.empty()) return;
    begin_lease();
    if (!saves.empty()) store();
  }
  void begin_lease() {
    const auto lease = std::move(leases.front());
    leases.pop_front();
    lease();
  }
  void answer(int status, std::string body, std::vector<Field> headers = {}) {
    auto held = std::move(fetches.front());
    fetches.pop_front();
    held.handler(FetchResponse{status, std::move(headers), std::move(body)});
  }
  void store() {
    auto held = std::move(saves.front());
    saves.pop_front();
    held.handler(disk->save(held.key, held.state, held.fence));
  }
  void fail_to_store(bool though_it_is_stored = false) {
    auto held = std::move(saves.front());
    saves.pop_front();
    if (though_it_is_stored) (void)disk->save(held.key, held.state, held.fence);
    held.handler(failure(engine_failed("disk full", Phase::receive, Sent::no)));
  }
  /// The first of the waits that is this long.
  void pass(std::chrono::milliseconds time) {
    const auto found = std::ranges::find(waits, time, [](const auto& one) { return one.first; });
    ASSERT_NE(found, waits.end());
    const auto handler = std::move(found->second);
    waits.erase(found);
    now += time.count();
    handler();
  }

  struct Fetch {
    FetchRequest request;
    std::function<void(Result<FetchResponse>)> handler;
  };
  struct Save {
    std::string key;
    StoredState state;
    std::uint64_t fence;
    std::function<void(Result<std::uint64_t>)> handler;
  };
  std::deque<std::function<void()>> leases;
  std::deque<std::pair<std::chrono::milliseconds, std::function<void()>>> waits;
  int releases = 0;
  std::shared_ptr<RenewalGate> gate = std::make_shared<RenewalGate>();
  std::int64_t now = 1'700'000'000'000;
  std::deque<Fetch> fetches;
  std::deque<Save> saves;
  std::unique_ptr<CredentialStore> disk = make_memory_store();
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    plugin = host::Instance::create(rotating_plugin::functions,
                                    *Egress::parse({"https://login.example"}))
                 .
                 operator*();
    state = restart();
  }

  // A fetch that is never answered holds the world that holds it.
  ~SessionTest() override {
    environment->fetches.clear();
    environment->saves.clear();
    environment->leases.clear();
    environment->waits.clear();
  }

  std::shared_ptr<SessionSlot> restart(std::string refresh_token = "r0",
                                       bool rotates = true) const {
    const host::Connection configured{"acme", {{"refresh_token", Secret(refresh_token), true}}};
    return std::make_shared<SessionSlot>("p/acme", configured, *environment->disk->load("p/acme"),
                                         rotates);
  }

  SessionRequest request(std::uint64_t used = 0) const {
    SessionRequest out;
    out.plugin = plugin;
    out.used_generation = used;
    return out;
  }

  /// Another replica on the same store renews, from the lease to the end.
  std::shared_ptr<SessionSlot> replica_renews(int status, const std::string& body) {
    auto other = restart();
    SessionRequest wanted = request(other->current()->generation);
    wanted.ignore_backoff = true;
    other->obtain(std::move(wanted), environment, [](const auto&) {});
    environment->begin();
    environment->answer(status, body);
    if (!environment->saves.empty()) environment->store();
    return other;
  }

  void ask(std::uint64_t used = 0) { ask(request(used)); }
  void ask(SessionRequest wanted) {
    state->obtain(std::move(wanted), environment,
                  [this](Result<SnapshotPtr> result) { results.push_back(std::move(result)); });
    environment->begin();
  }

  static std::string token(const SnapshotPtr& snapshot) {
    return std::string(snapshot->session->items.at(0).value.reveal());
  }

  std::shared_ptr<const host::Instance> plugin;
  std::shared_ptr<HeldEnvironment> environment = std::make_shared<HeldEnvironment>();
  std::shared_ptr<SessionSlot> state;
  std::vector<Result<SnapshotPtr>> results;
};

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

TEST_F(SessionTest, a_session_newer_than_the_one_used_is_given_without_a_renewal) {
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

TEST_F(SessionTest, a_refused_login_is_told_to_all_and_waits_longer_each_time) {
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

TEST_F(SessionTest, a_vendor_that_is_down_is_asked_again_within_seconds_however_long_it_was) {
  for (int failures = 1; failures <= 200; ++failures) {
    ask();
    ASSERT_EQ(environment->fetches.size(), 1U) << failures;
    environment->answer(503, "");
    EXPECT_NE(state->status(environment->now).health, SessionStatus::Health::refused);
    ask();
    EXPECT_TRUE(environment->fetches.empty()) << "it rests between";
    EXPECT_TRUE(results.back().error().retry_after.has_value());
    environment->now += 15'000;
  }
  ask();
  environment->answer(200, "a1 r1");
  environment->store();
  EXPECT_TRUE(results.back().has_value());
}

TEST(BackoffAfterFailure, doubles_to_a_quarter_of_a_minute_and_is_spread) {
  EXPECT_EQ(backoff_after_failure(1, 255), 1'000);
  EXPECT_EQ(backoff_after_failure(1, 0), 500);
  EXPECT_EQ(backoff_after_failure(3, 255), 4'000);
  for (const int failures : {5, 50, 1'000'000}) {
    EXPECT_EQ(backoff_after_failure(failures, 255), 15'000);
    EXPECT_EQ(backoff_after_failure(failures, 0), 7'500);
  }
}

TEST_F(SessionTest, no_rest_lasts_past_the_end_of_the_session_not_even_one_that_was_asked_for) {
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
  EXPECT_EQ(token(*results.back()), "a1") << "what lives serves";
  state->refresh_early(request(), environment);
  EXPECT_TRUE(environment->leases.empty());
  environment->now = end;
  ask(state->current()->generation);
  EXPECT_EQ(environment->fetches.size(), 1U);
}

TEST(Expiry, has_a_margin_that_shrinks_with_the_life) {
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

TEST(StoredRecord, of_an_earlier_release_keeps_the_format_of_its_session) {
  const auto read =
      from_record(R"({"credentials":[],"session":[],"session_format":7,"connection_digest":""})");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->session_formats, std::vector{7});
}

TEST_F(SessionTest, a_grant_without_a_token_that_is_spent_is_never_condemned_for_good) {
  state = restart("k", false);
  ask();
  environment->answer(400, "", {{"date", "Tue, 14 Nov 2023 22:18:20 GMT"}});
  EXPECT_TRUE(environment->saves.empty()) << "a refusal was kept";
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

TEST_F(SessionTest, a_refusal_that_an_earlier_release_kept_for_such_a_grant_is_not_believed) {
  ask();
  environment->answer(400, "");
  environment->store();
  EXPECT_EQ(restart("r0", true)->status(environment->now).health,
            SessionStatus::Health::needs_credentials);
  EXPECT_EQ(restart("r0", false)->status(environment->now).health, SessionStatus::Health::ok);
}

TEST_F(SessionTest, a_rotated_credential_is_kept_even_where_no_session_came_with_it) {
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

TEST_F(SessionTest, an_orderly_end_waits_for_what_the_vendor_answers_and_begins_nothing) {
  ask();
  EXPECT_FALSE(environment->gate->close(0ms)) << "the intent is saved, the answer is not";
  environment->answer(200, "a1 r1");
  EXPECT_FALSE(environment->gate->close(0ms)) << "nor now";
  environment->store();
  EXPECT_TRUE(environment->gate->close(0ms));
  ask(state->current()->generation);
  EXPECT_TRUE(environment->fetches.empty());
  EXPECT_TRUE(environment->saves.empty());
  ASSERT_FALSE(results.back().has_value());
  EXPECT_EQ(results.back().error().http_status, 503);
}

TEST_F(SessionTest, an_orderly_end_waits_for_a_store_that_is_away_and_for_a_kept_refusal) {
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

class CredentialKey : public testing::Test {
 protected:
  static host::Connection connection(std::string id, std::string token) {
    return {std::move(id), {{"refresh_token", Secret(token), true}}};
  }
  Located locate(const std::string& id, const std::string& token,
                 std::string_view rotating = "refresh_token") {
    auto found = locate_state(*store, "p", connection(id, token), rotating);
    EXPECT_TRUE(found.has_value());
    return *std::move(found);
  }
  std::unique_ptr<CredentialStore> store = make_memory_store();
};

TEST_F(CredentialKey, follows_the_credential_and_not_the_id) {
  const Located one = locate("acme", "secret-token");
  EXPECT_EQ(one.key.find("secret-token"), std::string::npos);
  EXPECT_EQ(one.key, locate("acme-renamed", "secret-token").key);
  EXPECT_NE(one.key, locate("acme", "another-token").key);
  EXPECT_NE(one.key,
            locate_state(*store, "q", connection("acme", "secret-token"), "refresh_token")->key);
  const auto other_store = make_memory_store();
  EXPECT_NE(
      one.key,
      locate_state(*other_store, "p", connection("acme", "secret-token"), "refresh_token")->key)
      << "keyed: the same credential has another fingerprint elsewhere";
  EXPECT_EQ(locate("acme", "secret-token", "").key, "p/acme");
  EXPECT_EQ(locate("acme", "", "refresh_token").key, "p/acme");
}

TEST_F(CredentialKey, moves_what_an_earlier_release_kept_under_the_id) {
  StoredState earlier;
  earlier.credentials = {{"refresh_token", Secret("r7"), true}};
  earlier.connection_digest = digest_of(connection("acme", "r0"), earlier.credentials);
  ASSERT_TRUE(store->save("p/acme", earlier, 0));
  EXPECT_FALSE(locate("acme", "reconnected").state.has_value()) << "new credentials win";
  ASSERT_TRUE(locate("acme", "r0").state.has_value());
  const Located renamed = locate("acme-eu", "r0");
  ASSERT_TRUE(renamed.state.has_value());
  EXPECT_EQ(renamed.state->credentials.at(0).value.reveal(), "r7");
  EXPECT_EQ(renamed.state->version, 1U);
}

TEST_F(SessionTest, a_grant_refused_for_good_is_asked_for_again_by_nobody) {
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
    state = restart();  // it is remembered
    EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::needs_credentials);
  }
  state = restart("fresh");
  ask();
  EXPECT_EQ(environment->fetches.size(), 1U) << "another credential is another matter";
}

TEST_F(SessionTest, who_insists_asks_the_vendor_in_spite_of_its_refusal) {
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

TEST_F(SessionTest, a_renewal_that_was_cut_off_is_tried_again_and_explains_a_refusal) {
  ask();
  environment->fetches.clear();  // the process ends while the vendor answers
  state = restart();
  ask();
  ASSERT_EQ(environment->fetches.size(), 1U)
      << "a vendor with grace takes the old credential once more";
  environment->answer(400, "");
  environment->store();
  EXPECT_NE(results.back().error().message.find("was cut off"), std::string::npos);
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::needs_credentials);
}

TEST_F(SessionTest, a_session_is_renewed_ahead_of_its_end_while_it_serves) {
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
  ask();  // has what it needs at once
  EXPECT_EQ(token(*results.back()), "a1");
  environment->answer(200, "a2 r2");
  environment->store();
  EXPECT_EQ(token(state->current()), "a2");
  EXPECT_EQ(state->status(environment->now).health, SessionStatus::Health::ok);
}

TEST_F(SessionTest, a_failed_renewal_ahead_leaves_the_session_that_serves) {
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
  EXPECT_TRUE(environment->leases.empty()) << "a failed attempt rests";
}

TEST(EarlyRefresh, is_spread_by_chance_and_left_to_short_lives) {
  EXPECT_EQ(refresh_early_time(1'000'000, 1'059'999, 0), 0);
  EXPECT_EQ(refresh_early_time(1'000'000, 0, 0), 0);
  EXPECT_EQ(refresh_early_time(1'000'000, 2'000'000, 0), 1'700'000);
  EXPECT_EQ(refresh_early_time(1'000'000, 2'000'000, 255), 1'900'000);
}

TEST_F(SessionTest, a_store_that_fails_gives_nobody_the_session) {
  ask();
  environment->answer(200, "a1 r1");
  environment->fail_to_store();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_FALSE(results.front().has_value());
  EXPECT_EQ(results.front().error().phase, Phase::session);
  EXPECT_FALSE(state->current()->session.has_value());
}

TEST_F(SessionTest, a_rotated_credential_that_the_store_did_not_take_is_kept_as_soon_as_it_does) {
  ask();
  environment->answer(200, "a1 r1");
  environment->fail_to_store();
  for (int i = 0; i < 3; ++i) {
    ask();  // is told why it gets nothing, and makes no second request
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

TEST_F(SessionTest, a_save_whose_answer_was_lost_is_found_in_the_store) {
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

TEST_F(SessionTest, another_replicas_later_answer_wins_over_one_that_was_not_kept) {
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

TEST_F(SessionTest, an_answer_that_was_not_kept_gives_way_to_credentials_rotated_since) {
  ask();
  environment->answer(200, "a1 r1");
  environment->fail_to_store();
  const auto other = replica_renews(200, "a2 r2");
  other->obtain(request(other->current()->generation), environment, [](const auto&) {});
  environment->begin();
  environment->fetches.clear();  // it dies while it renews again
  environment->pass(2'000ms);
  environment->begin_lease();
  environment->store();
  ASSERT_EQ(environment->fetches.size(), 1U);
  EXPECT_EQ(environment->fetches.front().request.body, "r2");
}

TEST_F(SessionTest, an_answer_that_was_not_kept_wins_over_another_replicas_refusal) {
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

TEST_F(SessionTest, a_replica_takes_what_another_got_after_the_refusal_and_asks_nobody) {
  ask();
  environment->answer(400, "");
  environment->store();
  replica_renews(200, "a1 r1");
  ask();
  EXPECT_FALSE(results.back().has_value()) << "it looks once in a while only";
  environment->now += 30'000;
  ask();
  EXPECT_TRUE(environment->fetches.empty());
  ASSERT_TRUE(results.back().has_value()) << results.back().error().message;
  EXPECT_EQ(token(*results.back()), "a1");
}

TEST_F(SessionTest, what_another_replica_failed_to_renew_goes_on_serving) {
  ask();
  environment->answer(200, "a1 r1");
  environment->store();
  const std::uint64_t generation = state->current()->generation;
  replica_renews(503, "");
  environment->now = state->current()->refresh_early_ms;
  state->refresh_early(request(), environment);
  environment->begin();
  EXPECT_EQ(token(state->current()), "a1");
  EXPECT_EQ(state->current()->generation, generation);
  environment->answer(503, "");
  ask();
  ASSERT_TRUE(results.back().has_value());
  EXPECT_EQ(token(*results.back()), "a1");
}

TEST_F(SessionTest, a_pause_that_the_login_asks_for_is_kept) {
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

TEST_F(SessionTest, a_refusal_that_quotes_the_secret_shows_it_to_nobody) {
  state = restart("the-refresh-token");
  ask();
  environment->answer(400, "unknown grant the-refresh-token");
  EXPECT_EQ(environment->saves.front().state.refusal.find("the-refresh-token"), std::string::npos);
  environment->store();
  EXPECT_NE(results.back().error().message.find("unknown grant"), std::string::npos);
  EXPECT_EQ(results.back().error().message.find("the-refresh-token"), std::string::npos);
  EXPECT_EQ(state->status(environment->now).error.find("the-refresh-token"), std::string::npos);
}

TEST_F(SessionTest, a_long_refusal_is_shortened_after_its_secrets_were_taken_out_and_not_before) {
  state = restart("the-refresh-token");
  ask();
  environment->answer(400, std::string(800, 'x') + "the-refresh-token" + std::string(3'000, 'y'));
  environment->store();
  const std::string& message = results.back().error().message;
  EXPECT_LT(message.size(), 1'100U);
  EXPECT_EQ(message.find("the-re"), std::string::npos) << message;
  EXPECT_NE(message.find("x***y"), std::string::npos) << message;
}

TEST(StoredRecord, survives_the_way_there_and_back) {
  StoredState state;
  state.credentials = {{"refresh_token", Secret(std::string_view("\0\xff\"x", 4)), true}};
  state.session = {{"base_url", Secret("https://a.example"), false}};
  state.session_formats = {3, 4};
  state.session_created_ms = 1;
  state.session_expires_ms = 1'700'000'000'000;
  state.connection_digest = "d";
  const auto read = from_record(to_record(state));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->credentials.at(0).value.reveal(), state.credentials.at(0).value.reveal());
  EXPECT_FALSE(read->session.at(0).secret);
  EXPECT_EQ(read->session_formats, (std::vector{3, 4}));
  EXPECT_EQ(read->session_expires_ms, 1'700'000'000'000);
  EXPECT_FALSE(from_record(to_record(state).substr(5)).has_value());
}

class StoreContract : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!GetParam()) {
      store = make_memory_store();
      return;
    }
    folder =
        std::filesystem::temp_directory_path() / ("penstock-store-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    store = *open_sqlite_store(folder);
  }
  void TearDown() override {
    store.reset();
    if (!folder.empty()) std::filesystem::remove_all(folder);
  }
  std::filesystem::path folder;
  std::unique_ptr<CredentialStore> store;
};

TEST_P(StoreContract, versions_rise_and_a_stale_writer_changes_nothing) {
  EXPECT_FALSE(store->load("k")->has_value());
  StoredState state;
  state.session_formats = {1};
  EXPECT_EQ(*store->save("k", state, 0), 1U);
  EXPECT_FALSE(store->save("k", state, 0).has_value());
  state.version = 1;
  state.session_formats = {2};
  EXPECT_EQ(*store->save("k", state, 0), 2U);
  EXPECT_EQ((*store->load("k"))->session_formats, std::vector{2});
  EXPECT_EQ((*store->load("k"))->version, 2U);
  EXPECT_FALSE(store->load("other")->has_value());
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, testing::Bool(),
                         [](const auto& which) { return which.param ? "sqlite" : "memory"; });

TEST(SqliteStore, keeps_its_state_across_openings_in_a_private_folder) {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("penstock-store-open-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  StoredState state;
  state.connection_digest = "d";
  ASSERT_TRUE((*open_sqlite_store(folder))->save("k", state, 0).has_value());
  auto reopened = *open_sqlite_store(folder);
  EXPECT_EQ((*reopened->load("k"))->connection_digest, "d");
  EXPECT_EQ(std::filesystem::status(folder).permissions(), std::filesystem::perms::owner_all);
  const auto file = std::filesystem::status(folder / "penstock.db").permissions();
  EXPECT_EQ(file & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
            std::filesystem::perms::none);
  reopened.reset();
  std::filesystem::remove_all(folder);
}

TEST_F(SessionTest, a_refusal_that_quotes_secrets_is_kept_and_told_without_them) {
  state = restart("refresh-secret");
  SessionRequest wanted = request();
  wanted.max_fetches = 2;
  ask(std::move(wanted));
  environment->answer(202, "ticket-secret");
  ASSERT_EQ(environment->fetches.size(), 1U);
  environment->answer(410, "gone: ticket-secret dGlja2V0LXNlY3JldA== refresh-secret");
  ASSERT_EQ(environment->saves.size(), 1U);
  const std::string kept = environment->saves.front().state.refusal;
  environment->store();
  ASSERT_EQ(results.size(), 1U);
  ASSERT_FALSE(results[0].has_value());
  for (const std::string& words :
       {kept, results[0].error().message, state->status(environment->now).error}) {
    EXPECT_NE(words.find("gone: ***"), std::string::npos) << words;
    EXPECT_EQ(words.find("secret"), std::string::npos) << words;
    EXPECT_EQ(words.find("dGlja2V0"), std::string::npos) << words;
  }
}

}  // namespace
}  // namespace penstock::session
