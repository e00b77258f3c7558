#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include <unistd.h>

#include <penstock/credential_store.hpp>

#include "session/record_codec.hpp"

namespace penstock::session {
namespace {

TEST(StoredRecord, survives_serialisation) {
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

TEST(StoredRecord, of_an_earlier_release_keeps_the_format_of_its_session) {
  const auto read =
      from_record(R"({"credentials":[],"session":[],"session_format":7,"connection_digest":""})");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->session_formats, std::vector{7});
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

}  // namespace
}  // namespace penstock::session
