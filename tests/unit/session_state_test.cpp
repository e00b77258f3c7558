// The session machine against a plugin and a world that live in the test: every order of events is
// in our hands.
#include <gtest/gtest.h>

#include <deque>

#include "session/connection_state.hpp"
#include "session/stored_record.hpp"

namespace penstock::session {
namespace {

pst_str str(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(pst_str text) { return {text.ptr, text.len}; }

const pst_host* host_functions = nullptr;

/// A plugin with a rotating grant: one fetch, whose answer is "access refresh".
std::int32_t create(const pst_host* host, pst_cx*, pst_str, void**) {
  host_functions = host;
  return PST_OK;
}
std::int32_t prepare(void*, pst_cx*, const pst_prepare_in* in) {
  return in->session == nullptr ? PST_NEED_SESSION : PST_OK;
}
std::int32_t session(void*, pst_cx* cx, const pst_session_in* in) {
  if (in->event != PST_EV_FETCHED) {
    host_functions->set_url(cx, str("https://login.example/token"));
    for (std::uint32_t i = 0; i < in->conn->n_fields; ++i) {
      if (view(in->conn->fields[i].key) == "refresh_token")
        host_functions->set_body(cx, in->conn->fields[i].val);
    }
    return PST_FETCH;
  }
  if (in->reply->status != 200) {
    host_functions->fail(cx, PST_E_CONSENT_REVOKED, str("invalid_grant"),
                         str("the token endpoint refuses the grant"));
    return PST_FAILED;
  }
  const std::string_view body = view(in->reply->body);
  const std::size_t space = body.find(' ');
  host_functions->put_session(cx, str("access_token"), str(body.substr(0, space)), PST_KV_SECRET);
  host_functions->put_credential(cx, str("refresh_token"), str(body.substr(space + 1)));
  host_functions->expire_session(cx, in->env->now_unix_ms + 3'600'000);
  return PST_OK;
}
constexpr pst_plugin rotating = {
    sizeof(pst_plugin), 1, 0, {}, create, nullptr, prepare, session, nullptr, nullptr};

/// Holds every fetch and save until the test lets it go.
class HeldWorld final : public World {
 public:
  std::int64_t now_unix_ms() override { return now; }
  std::array<std::uint8_t, 32> entropy() override { return {}; }
  void fetch(FetchRequest request, std::function<void(Result<FetchReply>)> handler) override {
    fetches.push_back({std::move(request), std::move(handler)});
  }
  void save(std::string key, StoredState state,
            std::function<void(Result<std::uint64_t>)> handler) override {
    saves.push_back({std::move(key), std::move(state), std::move(handler)});
  }
  void answer(int status, std::string body) {
    auto held = std::move(fetches.front());
    fetches.pop_front();
    held.handler(FetchReply{status, {}, std::move(body)});
  }
  void store() {
    auto held = std::move(saves.front());
    saves.pop_front();
    held.handler(disk->save(held.key, held.state));
  }

  struct Fetch {
    FetchRequest request;
    std::function<void(Result<FetchReply>)> handler;
  };
  struct Save {
    std::string key;
    StoredState state;
    std::function<void(Result<std::uint64_t>)> handler;
  };
  std::int64_t now = 1'700'000'000'000;
  std::deque<Fetch> fetches;
  std::deque<Save> saves;
  std::unique_ptr<CredentialStore> disk = make_memory_store();
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    plugin =
        host::Instance::create(rotating, *Egress::parse({"https://login.example"})).operator*();
    state = restart();
  }

  // A fetch that is never answered holds the world that holds it.
  ~SessionTest() override {
    world->fetches.clear();
    world->saves.clear();
  }

  std::shared_ptr<ConnectionState> restart(std::string refresh_token = "r0") const {
    const host::Connection configured{"acme", {{"refresh_token", Secret(refresh_token), true}}};
    return std::make_shared<ConnectionState>("p/acme", configured, *world->disk->load("p/acme"), 1);
  }

  Need need(std::uint64_t used = 0) const {
    Need wanted;
    wanted.plugin = plugin;
    wanted.used_generation = used;
    return wanted;
  }

  void ask(std::uint64_t used = 0) {
    state->obtain(need(used), world,
                  [this](Result<SnapshotPtr> result) { results.push_back(std::move(result)); });
  }

  static std::string token(const SnapshotPtr& snapshot) {
    return std::string(snapshot->session->items.at(0).value.reveal());
  }

  std::shared_ptr<const host::Instance> plugin;
  std::shared_ptr<HeldWorld> world = std::make_shared<HeldWorld>();
  std::shared_ptr<ConnectionState> state;
  std::vector<Result<SnapshotPtr>> results;
};

TEST_F(SessionTest, a_thousand_waiting_calls_share_one_renewal) {
  for (int i = 0; i < 1000; ++i)
    ask();
  ASSERT_EQ(world->fetches.size(), 1U);
  world->answer(200, "a1 r1");
  world->store();
  ASSERT_EQ(results.size(), 1000U);
  for (const auto& result : results) {
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(token(*result), "a1");
  }
  EXPECT_TRUE(world->fetches.empty());
}

TEST_F(SessionTest, a_rotated_credential_is_durable_before_anyone_gets_the_session) {
  ask();
  world->answer(200, "a1 r1");
  EXPECT_TRUE(results.empty());
  EXPECT_FALSE(state->current()->session.has_value());
  ASSERT_EQ(world->saves.size(), 1U);
  EXPECT_EQ(world->saves.front().state.credentials.at(0).value.reveal(), "r1");
  world->store();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(token(*results.front()), "a1");
}

TEST_F(SessionTest, the_next_renewal_uses_the_rotated_credential_also_after_a_restart) {
  ask();
  EXPECT_EQ(world->fetches.front().request.body, "r0");
  world->answer(200, "a1 r1");
  world->store();
  state = restart();
  EXPECT_EQ(token(state->current()), "a1");
  ask(state->current()->generation);
  EXPECT_EQ(world->fetches.front().request.body, "r1");
}

TEST_F(SessionTest, a_newly_configured_credential_wins_over_a_stored_one) {
  ask();
  world->answer(200, "a1 r1");
  world->store();
  state = restart("fresh");
  EXPECT_FALSE(state->current()->session.has_value());
  ask();
  EXPECT_EQ(world->fetches.front().request.body, "fresh");
}

TEST_F(SessionTest, a_session_newer_than_the_one_used_is_given_without_a_renewal) {
  ask();
  world->answer(200, "a1 r1");
  world->store();
  const std::uint64_t used = state->current()->generation;
  ask(used);
  world->answer(200, "a2 r2");
  world->store();
  ask(used);  // its 401 was about the session before
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(token(*results.back()), "a2");
  EXPECT_TRUE(world->fetches.empty());
}

TEST_F(SessionTest, a_refused_login_is_told_to_all_and_not_repeated_at_once) {
  ask();
  ask();
  world->answer(400, "");
  ASSERT_EQ(results.size(), 2U);
  for (const auto& result : results) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().http_status, 502);
    EXPECT_EQ(result.error().origin, Origin::vendor);
    EXPECT_EQ(result.error().sent, Sent::no);
  }
  ask();
  EXPECT_TRUE(world->fetches.empty());
  ASSERT_EQ(results.size(), 3U);
  EXPECT_TRUE(results.back().error().retry_after.has_value());
  world->now += 5'000;
  ask();
  EXPECT_EQ(world->fetches.size(), 1U);
}

TEST_F(SessionTest, a_store_that_fails_gives_nobody_the_session) {
  ask();
  world->answer(200, "a1 r1");
  world->saves.front().handler(failure(engine_failed("disk full", Phase::receive, Sent::no)));
  ASSERT_EQ(results.size(), 1U);
  EXPECT_FALSE(results.front().has_value());
  EXPECT_EQ(results.front().error().phase, Phase::session);
  EXPECT_FALSE(state->current()->session.has_value());
}

TEST(StoredRecord, survives_the_way_there_and_back) {
  StoredState state;
  state.credentials = {{"refresh_token", Secret(std::string_view("\0\xff\"x", 4)), true}};
  state.session = {{"base_url", Secret("https://a.example"), false}};
  state.session_format = 3;
  state.session_created_ms = 1;
  state.session_expires_ms = 1'700'000'000'000;
  state.connection_digest = "d";
  const auto read = from_record(to_record(state));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->credentials.at(0).value.reveal(), state.credentials.at(0).value.reveal());
  EXPECT_FALSE(read->session.at(0).secret);
  EXPECT_EQ(read->session_format, 3);
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
  state.session_format = 1;
  EXPECT_EQ(*store->save("k", state), 1U);
  EXPECT_FALSE(store->save("k", state).has_value());
  state.version = 1;
  state.session_format = 2;
  EXPECT_EQ(*store->save("k", state), 2U);
  EXPECT_EQ((*store->load("k"))->session_format, 2);
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
  ASSERT_TRUE((*open_sqlite_store(folder))->save("k", state).has_value());
  auto reopened = *open_sqlite_store(folder);
  EXPECT_EQ((*reopened->load("k"))->connection_digest, "d");
  EXPECT_EQ(std::filesystem::status(folder).permissions(), std::filesystem::perms::owner_all);
  const auto file = std::filesystem::status(folder / "penstock.db").permissions();
  EXPECT_EQ(file & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
            std::filesystem::perms::none);
  reopened.reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace penstock::session
