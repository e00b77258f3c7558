#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <set>

#include <pwd.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <penstock/credential_store.hpp>
#include <penstock/text.hpp>

#include "base/file_access.hpp"
#include "session/record_cipher.hpp"

namespace penstock::session {
namespace {

namespace fs = std::filesystem;

std::string key_text(char fill) { return base64_encode(std::string(32, fill)); }

std::unique_ptr<RecordCipher> cipher_with(const std::string& keys) {
  return *RecordCipher::from_text(keys);
}

class RecordCipherTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = fs::temp_directory_path() / ("penstock-vault-" + std::to_string(::getpid()));
    fs::remove_all(folder);
    fs::create_directory(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  /// Changed for whoever looks at the file's time.
  void write_keys(const std::string& text) const {
    static int seconds = 1;
    std::ofstream(folder / "state.key") << text;
    ::chmod((folder / "state.key").c_str(), 0600);
    const timespec times[2] = {{1'800'000'000 + ++seconds, 0}, {1'800'000'000 + seconds, 0}};
    ::utimensat(AT_FDCWD, (folder / "state.key").c_str(), times, 0);
  }

  fs::path folder;
};

TEST_F(RecordCipherTest, opens_what_it_sealed_and_nothing_that_was_moved_or_altered) {
  const auto cipher = cipher_with(key_text('a'));
  const std::string sealed = cipher->encrypt("the secret", {"p/acme", 7});
  EXPECT_EQ(cipher->decrypt(sealed, {"p/acme", 7})->reveal(), "the secret");
  EXPECT_EQ(sealed.find("secret"), std::string::npos);

  EXPECT_FALSE(cipher->decrypt(sealed, {"p/other", 7})) << "another connection's record";
  EXPECT_FALSE(cipher->decrypt(sealed, {"p/acme", 6})) << "an older version's place";
  EXPECT_FALSE(cipher->decrypt(sealed, {"p/acm", 7}));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string flipped = sealed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(cipher->decrypt(flipped, {"p/acme", 7})) << "bit " << bit;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_FALSE(cipher->decrypt(sealed.substr(0, size), {"p/acme", 7})) << size;
  EXPECT_FALSE(cipher->decrypt(sealed + "x", {"p/acme", 7}));
}

TEST_F(RecordCipherTest, never_seals_the_same_bytes_twice) {
  const auto cipher = cipher_with(key_text('a'));
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i)
    EXPECT_TRUE(seen.insert(cipher->encrypt("x", {"k", 1}).substr(12, 24)).second);
}

TEST_F(RecordCipherTest, says_which_key_is_missing_and_takes_old_ones_for_reading) {
  const std::string sealed = cipher_with(key_text('a'))->encrypt("x", {"k", 1});
  const auto other = cipher_with(key_text('b'))->decrypt(sealed, {"k", 1});
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().find("another state key"), std::string::npos);
  const auto both = cipher_with(key_text('b') + "," + key_text('a'));
  EXPECT_EQ(both->decrypt(sealed, {"k", 1})->reveal(), "x");
  EXPECT_FALSE(sealed.starts_with(both->current_prefix()));
  EXPECT_TRUE(both->encrypt("x", {"k", 1}).starts_with(both->current_prefix()));
}

TEST_F(RecordCipherTest, takes_keys_of_32_bytes_only) {
  for (const char* text : {"", ",", "short", "not base64 at all!", "QUFBQQ=="}) {
    const auto cipher = RecordCipher::from_text(text);
    ASSERT_FALSE(cipher) << text;
    EXPECT_EQ(cipher.error().find("QUFB"), std::string::npos) << "a key is shown";
  }
}

TEST_F(RecordCipherTest, makes_a_private_key_file_once) {
  const std::string sealed = (*RecordCipher::open(folder / "state.key"))->encrypt("x", {"k", 1});
  struct stat status {};
  ASSERT_EQ(::stat((folder / "state.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ((*RecordCipher::open(folder / "state.key"))->decrypt(sealed, {"k", 1})->reveal(), "x");
  ::chmod((folder / "state.key").c_str(), 0644);
  const auto refused = RecordCipher::open(folder / "state.key");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("chmod 600"), std::string::npos);
}

/// Where each user has a group of his own, `umask 0002` opens the file to nobody else.
TEST_F(RecordCipherTest, takes_a_key_file_that_only_a_group_of_one_may_read_as_well) {
  ASSERT_TRUE(RecordCipher::open(folder / "state.key"));
  ::chmod((folder / "state.key").c_str(), 0660);
  struct stat status {};
  ASSERT_EQ(::stat((folder / "state.key").c_str(), &status), 0);
  EXPECT_EQ(RecordCipher::open(folder / "state.key").has_value(),
            open_to(status, S_IRWXO) == OpenTo::nobody);
  if (::geteuid() != 0) return;
  // The group of `daemon`, which every Debian has, is that user's.
  const struct passwd* daemon = ::getpwnam("daemon");
  ASSERT_NE(daemon, nullptr);
  ASSERT_EQ(::chown((folder / "state.key").c_str(), 0, daemon->pw_gid), 0);
  const auto refused = RecordCipher::open(folder / "state.key");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("chmod 600"), std::string::npos);
}

TEST_F(RecordCipherTest, leaves_no_half_made_key_file) {
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit full{0, limit.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  const auto failed = RecordCipher::open(folder / "state.key");
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);
  EXPECT_FALSE(failed);
  const auto made = RecordCipher::open(folder / "state.key");
  ASSERT_TRUE(made) << made.error();
}

TEST_F(RecordCipherTest, takes_a_new_key_while_it_runs_and_keeps_its_keys_when_the_file_is_broken) {
  write_keys(key_text('a') + "\n");
  const auto cipher = *RecordCipher::open(folder / "state.key");
  const std::string old = cipher->encrypt("x", {"k", 1});
  write_keys(key_text('b') + "\n" + key_text('a') + "\n");
  EXPECT_FALSE(old.starts_with(cipher->current_prefix()));
  EXPECT_EQ(cipher->decrypt(old, {"k", 1})->reveal(), "x");
  write_keys("half a k");
  EXPECT_EQ(cipher->decrypt(old, {"k", 1})->reveal(), "x");
}

TEST_F(RecordCipherTest,
       of_a_store_keeps_every_value_out_of_its_files_and_seals_anew_with_a_new_key) {
  write_keys(key_text('a'));
  auto store = *open_sqlite_store(folder);
  StoredState state;
  state.credentials = {{"refresh_token", Secret("canary-refresh"), true}};
  state.session = {{"access_token", Secret("canary-access"), true}};
  ASSERT_EQ(*store->save("p/acme", state, 0), 1U);
  ASSERT_EQ(*store->save("p/other", state, 0), 1U);
  write_keys(key_text('b') + "," + key_text('a'));
  state.version = 1;
  ASSERT_EQ(*store->save("p/acme", state, 0), 2U);
  write_keys(key_text('b'));
  EXPECT_EQ((*store->load("p/other"))->session.at(0).value.reveal(), "canary-access")
      << "what nobody has saved since was not sealed with the new key";
  store.reset();
  for (const auto& file : fs::directory_iterator(folder)) {
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_EQ(bytes.find("canary"), std::string::npos) << file.path();
    EXPECT_EQ(bytes.find(base64_encode("canary-refresh").substr(0, 16)), std::string::npos);
    EXPECT_EQ(bytes.find("access_token"), std::string::npos) << "not even names of fields";
  }
}

TEST_F(RecordCipherTest, of_a_store_refuses_records_that_changed_places) {
  auto store = *open_sqlite_store(folder);
  StoredState state;
  ASSERT_TRUE(store->save("p/acme", state, 0));
  ASSERT_TRUE(store->save("p/other", state, 0));
  store.reset();
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "penstock.db").c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database,
                         "UPDATE state SET record = (SELECT record FROM state WHERE key = "
                         "'p/other') WHERE key = 'p/acme'",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  store = *open_sqlite_store(folder);
  const auto swapped = store->load("p/acme");
  ASSERT_FALSE(swapped);
  EXPECT_NE(swapped.error().message.find("p/acme"), std::string::npos);
  EXPECT_NE(swapped.error().message.find("belongs to another connection"), std::string::npos);
  EXPECT_TRUE(store->load("p/other"));
}

}  // namespace
}  // namespace penstock::session
