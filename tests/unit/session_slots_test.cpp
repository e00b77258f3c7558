// The slots of a session.key: one for each value, and no more of them than are used.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "session/session_slots.hpp"

namespace penstock::session {
namespace {

host::SessionKey key_of(std::string api, std::vector<Field> options = {}) {
  return {std::move(api), {"region", "company"}, std::move(options)};
}

SessionSlots slots() {
  return SessionSlots(
      std::make_shared<SessionSlot>("p/acme", host::Connection{"acme", {}}, std::nullopt, false));
}

TEST(SessionKey, HasOneTextForEachValueAndNoOther) {
  EXPECT_EQ(host::SessionKey{}.text(), "");
  EXPECT_EQ((host::SessionKey{"rest", {}, {}}).text(), "api=rest");
  EXPECT_EQ(key_of("rest").text(), "api=rest&opt.region&opt.company");
  EXPECT_EQ(key_of("", {{"company", "a&b"}, {"region", ""}}).text(),
            "opt.region=&opt.company=a%26b");
  EXPECT_EQ(key_of("", {{"region", "&opt.company=1"}}).text(),
            "opt.region=%26opt.company%3D1&opt.company");
}

TEST(SessionSlots, AreTheSameForEqualKeysAlone) {
  SessionSlots all = slots();
  const auto eu = all.at(key_of("rest", {{"region", "eu"}}));
  EXPECT_EQ(all.at({}), all.own());
  EXPECT_EQ(all.at(key_of("rest", {{"region", "eu"}})), eu);
  EXPECT_NE(all.at(key_of("rest", {{"region", "us"}})), eu);
  EXPECT_NE(all.at(key_of("reports", {{"region", "eu"}})), eu);
  EXPECT_NE(all.at(key_of("", {{"region", "eu"}})), all.own());
  EXPECT_EQ(all.all().size(), 5U);
}

TEST(SessionSlots, ForgetThoseThatNoCallUses) {
  SessionSlots all = slots();
  const auto used = all.at(key_of("used"));
  for (int i = 0; i < 2000; ++i) {
    (void)all.at(key_of("rest", {{"region", std::to_string(i)}}));
    ASSERT_LE(all.all().size(), 258U) << i;
  }
  EXPECT_EQ(all.at(key_of("used")), used);
}

TEST(SessionSlots, RefuseAKeyThatIsTooLongForAStore) {
  SessionSlots all = slots();
  EXPECT_NE(all.at(key_of("", {{"region", std::string(400, 'x')}})), nullptr);
  EXPECT_EQ(all.at(key_of("", {{"region", std::string(513, 'x')}})), nullptr);
  EXPECT_EQ(all.all().size(), 2U);
}

}  // namespace
}  // namespace penstock::session
