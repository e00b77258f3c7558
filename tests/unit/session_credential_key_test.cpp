#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include <penstock/credential_store.hpp>

#include "session/credential_key.hpp"
#include "session/record_codec.hpp"

namespace penstock::session {
namespace {

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

TEST_F(CredentialKey, moves_a_record_that_an_earlier_release_stored_under_the_id) {
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

}  // namespace
}  // namespace penstock::session
