// How gently a connection treats its vendor: refusals, budgets and asked pauses.
#include <gtest/gtest.h>

#include "base/asked_wait.hpp"
#include "dispatch/restraint.hpp"

namespace penstock::dispatch {
namespace {

constexpr std::int64_t t0 = 1'790'000'000'000;

TEST(AskedWait, ReadsWhatVendorsWrite) {
  const struct {
    int status;
    Field header;
    std::int64_t wait_ms;
  } rows[] = {
      {429, {"retry-after", "7"}, 7'000},
      {503, {"retry-after", "120"}, 120'000},
      {429, {"retry-after", "0"}, 0},
      {200, {"retry-after", "7"}, 0},
      {202, {"retry-after", "7"}, 0},
      // t0 is Mon, 21 Sep 2026 14:13:20 GMT.
      {429, {"retry-after", "Mon, 21 Sep 2026 14:13:50 GMT"}, 30'000},
      {429, {"retry-after", "Monday, 21-Sep-26 14:13:50 GMT"}, 30'000},
      {429, {"retry-after", "Mon, 21 Sep 2026 14:00:00 GMT"}, 0},
      {429, {"retry-after", "soon"}, 0},
      {429, {"retry-after", "-5"}, 0},
      {429, {"retry-after", "99999999999999999999"}, 0},
      {429, {"retry-after", "9999999"}, 86'400'000},
      {429, {"x-ratelimit-reset", "1790000012"}, 12'000},
      {429, {"x-ratelimit-reset", "1790000012.25"}, 12'000},
      {429, {"x-ratelimit-reset", "9"}, 9'000},
      {429, {"ratelimit-reset", "9"}, 9'000},
      {429, {"x-vendor-pause", "3"}, 3'000},
      {429, {"x-other", "3"}, 0},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(asked_wait_ms(row.status, {row.header}, "x-vendor-pause", t0), row.wait_ms)
        << row.status << " " << row.header.name << ": " << row.header.value;
  }
}

TEST(Restraint, HoldsBackOnlyWhoAskedForPatience) {
  Restraint restraint;
  RefusalBudget budget;
  EXPECT_EQ(restraint.note(429, 7'000, false, budget, t0),
            "the vendor asks to wait 7 s before the next call");
  EXPECT_FALSE(restraint.hold_back("a", budget, false, t0 + 1));
  const auto error = restraint.hold_back("a", budget, true, t0 + 2'000);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->http_status, 429);
  EXPECT_EQ(error->retry_after, std::chrono::milliseconds(5'000));
  EXPECT_EQ(error->sent, Sent::no);
  EXPECT_EQ(restraint.patience_until_ms(t0), t0 + 7'000);
  EXPECT_FALSE(restraint.hold_back("a", budget, true, t0 + 7'000));
  EXPECT_EQ(restraint.patience_until_ms(t0 + 7'000), 0);
}

TEST(Restraint, RestsLongerEachTimeThatTheVendorRefusesTenInARow) {
  Restraint restraint;
  RefusalBudget budget;
  std::int64_t now = t0;
  for (int i = 0; i < Restraint::most_refusals; ++i) {
    now += 1'000;
    ASSERT_FALSE(restraint.hold_back("a", budget, false, now)) << i;
    restraint.note(401, 0, false, budget, now);
  }
  for (const std::int64_t rest : {5'000, 30'000, 300'000, 300'000}) {
    const auto error = restraint.hold_back("hibob:acme", budget, false, now + rest - 1);
    ASSERT_TRUE(error) << rest;
    EXPECT_EQ(error->http_status, 502);
    EXPECT_NE(error->message.find("hibob:acme"), std::string::npos);
    EXPECT_EQ(error->retry_after, std::chrono::milliseconds(1));
    now += rest;
    EXPECT_EQ(restraint.rests_until_ms(now - 1), now);
    EXPECT_FALSE(restraint.hold_back("a", budget, false, now)) << "one goes ahead to see";
    EXPECT_TRUE(restraint.hold_back("a", budget, false, now)) << "and only one";
    restraint.note(401, 0, false, budget, now);
  }
  now += 300'000;
  EXPECT_FALSE(restraint.hold_back("a", budget, false, now));
  restraint.note(404, 0, false, budget, now);
  EXPECT_EQ(restraint.rests_until_ms(now), 0) << "a 404 comes after the credentials were taken";
  EXPECT_FALSE(restraint.hold_back("a", budget, false, now));
}

TEST(Restraint, CountsNoSessionThatIsOver) {
  Restraint restraint;
  RefusalBudget budget;
  for (int i = 0; i < 1000; ++i)
    restraint.note(401, 0, true, budget, t0);
  EXPECT_EQ(restraint.refusals_in_a_row(), 0);
  EXPECT_FALSE(restraint.hold_back("a", budget, false, t0));
  EXPECT_GT(budget.wait_ms(t0), 0) << "the vendor's firewall counts them all";
}

TEST(RefusalBudget, IsSharedByTheConnectionsThatWereRefused) {
  const auto budget = RefusalBudget::of_host("api.hibob.com");
  EXPECT_EQ(budget, RefusalBudget::of_host("api.hibob.com"));
  EXPECT_NE(budget, RefusalBudget::of_host("api.nmbrs.nl"));
  Restraint one, two, good;
  for (int i = 0; i < RefusalBudget::most; ++i)
    (i % 2 == 0 ? one : two).note(401, 0, false, *budget, t0 + i % 5);
  good.note(200, 0, false, *budget, t0);
  EXPECT_TRUE(one.hold_back("one", *budget, false, t0 + 9));
  EXPECT_TRUE(two.hold_back("two", *budget, false, t0 + 9));
  EXPECT_FALSE(good.hold_back("good", *budget, false, t0 + 9)) << "its credentials are taken";
  EXPECT_EQ(budget->wait_ms(t0 + RefusalBudget::window_ms), 0);
  EXPECT_EQ(budget->wait_ms(t0 - 1), 0) << "a clock that was set back";
}

}  // namespace
}  // namespace penstock::dispatch
