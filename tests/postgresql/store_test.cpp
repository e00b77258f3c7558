// The store that replicas share, on a real server.
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <penstock/credential_store.hpp>
#include <penstock/text.hpp>

namespace penstock {
namespace {

std::string run(const std::string& command) {
  std::string out;
  std::array<char, 256> buffer{};
  FILE* pipe = ::popen(command.c_str(), "r");
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe))
    out.append(buffer.data(), size);
  if (::pclose(pipe) != 0) throw std::runtime_error(command + " failed");
  return out.substr(0, out.find('\n'));
}

class PostgresqlStore : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::setenv("PENSTOCK_STATE_KEY", base64_encode(std::string(32, 'k')).c_str(), 1);
    folder = (std::filesystem::temp_directory_path() /
              ("penstock-postgresql-" + std::to_string(::getpid())))
                 .string();
    url = run(server("start"));
  }
  static void TearDownTestSuite() {
    run(server("stop"));
    std::filesystem::remove_all(folder);
  }
  static std::string server(const std::string& what) {
    return PENSTOCK_SOURCE_DIR "/tests/postgresql/server.sh " + what + " " + folder;
  }
  static std::unique_ptr<CredentialStore> open() {
    auto store = open_postgresql_store(url);
    if (!store) throw std::runtime_error(store.error().message);
    return *std::move(store);
  }

  static void sql(const std::string& statements) { run(server("sql") + " '" + statements + "'"); }
  /// The URL for another role, or another database.
  static std::string url_of(const std::string& role, const std::string& database = "postgres") {
    return "postgresql:///" + database + "?host=" + folder + "&user=" + role;
  }

  /// A replica in a process of its own, that takes the lease and then sleeps.
  static pid_t holder(const std::string& key) {
    std::array<int, 2> ready{};
    EXPECT_EQ(::pipe(ready.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto store = open();
      const auto lease = store->lease(key);
      const char granted = lease && *lease ? 'y' : 'n';
      (void)!::write(ready[1], &granted, 1);
      ::pause();
      ::_exit(0);
    }
    char granted = 0;
    EXPECT_EQ(::read(ready[0], &granted, 1), 1);
    EXPECT_EQ(granted, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
    return child;
  }

  static bool granted_within(CredentialStore& store, const std::string& key,
                             std::chrono::seconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    bool granted = false;
    while (!(granted = store.lease(key)->has_value()) && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return granted;
  }

  static std::string folder, url;
};
std::string PostgresqlStore::folder;
std::string PostgresqlStore::url;

TEST_F(PostgresqlStore, keeps_states_and_their_versions) {
  const auto store = open(), other = open();
  EXPECT_FALSE(store->load("a")->has_value());
  StoredState state;
  state.credentials = {{"refresh_token", Secret("canary"), true}};
  EXPECT_EQ(*store->save("a", state, 0), 1U);
  EXPECT_FALSE(other->save("a", state, 0)) << "a stale writer";
  EXPECT_EQ((*other->load("a"))->version, 1U);
  EXPECT_EQ((*other->load("a"))->credentials.at(0).value.reveal(), "canary");
  state.version = 1;
  EXPECT_EQ(*other->save("a", state, 0), 2U);
  state.version = 7;
  EXPECT_FALSE(store->save("b", state, 0)) << "a version of what was never saved";
}

TEST_F(PostgresqlStore, grants_a_lease_to_one_replica_and_shows_it_what_is_stored) {
  const auto first = open(), second = open();
  const auto lease = *first->lease("l");
  ASSERT_TRUE(lease);
  EXPECT_FALSE(lease->state);
  EXPECT_FALSE(*second->lease("l"));
  EXPECT_TRUE(*second->lease("another"));
  StoredState state;
  state.session_formats = {3};
  EXPECT_EQ(*first->save("l", state, lease->fence), 1U);
  first->release("l", lease->fence);
  const auto next = *second->lease("l");
  ASSERT_TRUE(next);
  EXPECT_GT(next->fence, lease->fence);
  EXPECT_EQ(next->state->session_formats, std::vector{3});
  EXPECT_EQ(next->state->version, 1U);
  state.version = 1;
  EXPECT_FALSE(first->save("l", state, lease->fence)) << "the fence of an earlier lease";
  EXPECT_FALSE(*first->extend("l", lease->fence));
  EXPECT_TRUE(*second->extend("l", next->fence));
  EXPECT_EQ(*second->save("l", state, next->fence), 2U);
}

TEST_F(PostgresqlStore,
       gives_the_lease_of_a_killed_replica_in_seconds_and_waits_for_a_stopped_one) {
  const auto store = open();
  const pid_t killed = holder("k");
  EXPECT_FALSE(*store->lease("k"));
  ::kill(killed, SIGKILL);
  ::waitpid(killed, nullptr, 0);
  EXPECT_TRUE(granted_within(*store, "k", std::chrono::seconds(5)));

  const pid_t stopped = holder("s");
  ::kill(stopped, SIGSTOP);
  EXPECT_FALSE(granted_within(*store, "s", std::chrono::seconds(5)));
  ::kill(stopped, SIGKILL);
  ::waitpid(stopped, nullptr, 0);
}

TEST_F(PostgresqlStore, says_so_when_the_server_is_down_and_goes_on_when_it_is_back) {
  const auto store = open();
  const auto lease = *store->lease("d");
  ASSERT_TRUE(lease);
  run(server("stop"));
  const auto down = store->load("d");
  ASSERT_FALSE(down);
  EXPECT_TRUE(down.error().retryable);
  EXPECT_NE(down.error().message.find("PostgreSQL"), std::string::npos);
  StoredState state;
  EXPECT_FALSE(store->save("d", state, lease->fence));
  run(server("resume"));
  EXPECT_TRUE(*store->extend("d", lease->fence)) << "the lease outlives its connection";
  EXPECT_EQ(*store->save("d", state, lease->fence), 1U);
}

TEST_F(PostgresqlStore, keeps_the_lease_of_a_holder_that_lost_its_connection) {
  const auto holder = open(), other = open();
  const auto lease = *holder->lease("c");
  ASSERT_TRUE(lease);
  ASSERT_TRUE(*holder->extend("c", lease->fence));
  run(server("disconnect"));
  EXPECT_FALSE(*other->lease("c")) << "its holder lives, and was given no time to come back";
  EXPECT_TRUE(*holder->extend("c", lease->fence));
  EXPECT_FALSE(granted_within(*other, "c", std::chrono::seconds(5)));
  StoredState state;
  EXPECT_EQ(*holder->save("c", state, lease->fence), 1U);
}

TEST_F(PostgresqlStore, needs_no_right_to_make_a_table_that_is_there) {
  (void)open();
  sql("CREATE ROLE app LOGIN; GRANT SELECT, INSERT, UPDATE ON penstock_state TO app;"
      " REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  auto store = open_postgresql_store(url_of("app"));
  ASSERT_TRUE(store) << store.error().message;
  const auto lease = *(*store)->lease("app");
  ASSERT_TRUE(lease);
  EXPECT_EQ(*(*store)->save("app", StoredState{}, lease->fence), 1U);
}

TEST_F(PostgresqlStore, says_at_the_start_which_statements_a_role_lacks) {
  (void)open();
  sql("CREATE ROLE reader LOGIN; GRANT SELECT ON penstock_state TO reader");
  sql("CREATE DATABASE bare");
  const struct {
    std::string url;
    std::vector<const char*> says;
  } rows[] = {
      {url_of("reader"), {"GRANT SELECT, INSERT, UPDATE ON penstock_state TO \"reader\""}},
      {url_of("reader", "bare"), {"CREATE TABLE IF NOT EXISTS penstock_state(", "\"reader\""}},
  };
  for (const auto& row : rows) {
    const auto refused = open_postgresql_store(row.url);
    ASSERT_FALSE(refused) << row.url;
    for (const char* words : row.says)
      EXPECT_NE(refused.error().message.find(words), std::string::npos) << refused.error().message;
  }
}

TEST_F(PostgresqlStore, does_not_take_the_lease_of_a_holder_whose_row_its_role_may_not_see) {
  (void)open();
  sql("CREATE ROLE other LOGIN; GRANT SELECT, INSERT, UPDATE ON penstock_state TO other");
  const auto store = *open_postgresql_store(url_of("other"));
  const pid_t alive = holder("r");
  EXPECT_FALSE(granted_within(*store, "r", std::chrono::seconds(5)));
  ::kill(alive, SIGKILL);
  ::waitpid(alive, nullptr, 0);
  EXPECT_TRUE(granted_within(*store, "r", std::chrono::seconds(8)));
}

TEST_F(PostgresqlStore, takes_either_scheme) {
  std::string other = url;
  other.replace(0, other.find(':'), "postgres");
  EXPECT_TRUE(open_postgresql_store(other));
}

TEST_F(PostgresqlStore, needs_the_key_that_all_replicas_have) {
  const std::string key = std::getenv("PENSTOCK_STATE_KEY");
  ::unsetenv("PENSTOCK_STATE_KEY");
  const auto without = open_postgresql_store(url);
  ASSERT_FALSE(without);
  EXPECT_NE(without.error().message.find("PENSTOCK_STATE_KEY"), std::string::npos);
  ::setenv("PENSTOCK_STATE_KEY", key.c_str(), 1);
  StoredState state;
  ASSERT_TRUE(open()->save("w", state, 0));
  ::setenv("PENSTOCK_STATE_KEY", base64_encode(std::string(32, 'x')).c_str(), 1);
  const auto other = open()->load("w");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("another state key"), std::string::npos);
  ::setenv("PENSTOCK_STATE_KEY", key.c_str(), 1);
}

TEST_F(PostgresqlStore, seals_anew_when_it_is_opened_with_a_new_key) {
  const std::string old_key = std::getenv("PENSTOCK_STATE_KEY");
  const std::string new_key = base64_encode(std::string(32, 'n'));
  StoredState state;
  state.session = {{"access_token", Secret("a"), true}};
  ASSERT_TRUE(open()->save("sealed", state, 0));
  for (const std::string& keys : {old_key + "," + new_key, new_key + "," + old_key, new_key}) {
    ::setenv("PENSTOCK_STATE_KEY", keys.c_str(), 1);
    const auto found = open()->load("sealed");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ((*found)->session.at(0).value.reveal(), "a");
    EXPECT_EQ((*found)->version, 1U);
  }
  ::setenv("PENSTOCK_STATE_KEY", old_key.c_str(), 1);
  EXPECT_FALSE(open()->load("sealed"));
}

}  // namespace
}  // namespace penstock
