// How gently a connection treats its vendor: refusals, budgets and asked pauses.
#include <deque>
#include <string>

#include <gtest/gtest.h>

#include "base/retry_after.hpp"
#include "call/response_rules.hpp"
#include "runtime/backoff.hpp"

namespace penstock::runtime {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t t0 = 1'790'000'000'000;
const SteadyTime s0 = SteadyTime() + 1000h;
const std::string host = "api.hibob.com";

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
    EXPECT_EQ(retry_after_ms(row.status, {row.header}, "x-vendor-pause", t0), row.wait_ms)
        << row.status << " " << row.header.name << ": " << row.header.value;
  }
}

TEST(Backoff, HoldsBackOnlyWhoAskedForPatience) {
  Backoff backoff;
  AuthFailureBudgets budgets;
  EXPECT_EQ(backoff.record(CredentialsVerdict::unknown, 7s, host, budgets, s0),
            "the vendor demands a pause of 7 s before the next call");
  EXPECT_FALSE(backoff.admit("a", host, budgets, false, s0 + 1ms));
  const auto error = backoff.admit("a", host, budgets, true, s0 + 2s);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->http_status, 429);
  EXPECT_EQ(error->retry_after, 5'000ms);
  EXPECT_EQ(error->sent, Sent::no);
  EXPECT_EQ(backoff.rate_limited_for(s0), 7s);
  EXPECT_FALSE(backoff.admit("a", host, budgets, true, s0 + 7s));
  EXPECT_EQ(backoff.rate_limited_for(s0 + 7s), 0ms);
}

TEST(Backoff, RestsLongerEachTimeThatTheVendorRefusesTenInARow) {
  Backoff backoff;
  AuthFailureBudgets budgets;
  SteadyTime now = s0;
  for (int i = 0; i < Backoff::max_refusals; ++i) {
    now += 1s;
    ASSERT_FALSE(backoff.admit("a", host, budgets, false, now)) << i;
    backoff.record(CredentialsVerdict::refused, 0s, host, budgets, now);
  }
  for (const auto rest : {5'000ms, 30'000ms, 300'000ms, 300'000ms}) {
    const auto error = backoff.admit("hibob:acme", host, budgets, false, now + rest - 1ms);
    ASSERT_TRUE(error) << rest.count();
    EXPECT_EQ(error->http_status, 502);
    EXPECT_NE(error->message.find("hibob:acme"), std::string::npos);
    EXPECT_EQ(error->retry_after, 1ms);
    now += rest;
    EXPECT_EQ(backoff.open_for(now - 1ms), 1ms);
    EXPECT_FALSE(backoff.admit("a", host, budgets, false, now)) << "one goes ahead to see";
    EXPECT_TRUE(backoff.admit("a", host, budgets, false, now)) << "and only one";
    backoff.record(CredentialsVerdict::refused, 0s, host, budgets, now);
  }
  now += 300s;
  EXPECT_FALSE(backoff.admit("a", host, budgets, false, now));
  backoff.record(CredentialsVerdict::accepted, 0s, host, budgets, now);
  EXPECT_EQ(backoff.open_for(now), 0ms);
  EXPECT_FALSE(backoff.admit("a", host, budgets, false, now));
}

TEST(Backoff, DoesNotSpendItsProbeOnACallThatTheBudgetHoldsBack) {
  Backoff backoff;
  AuthFailureBudgets budgets;
  for (int i = 0; i < Backoff::max_refusals; ++i)
    backoff.record(CredentialsVerdict::refused, 0s, host, budgets, s0);
  const SteadyTime later = s0 + 5s;
  for (std::size_t i = 0; i < AuthFailureBudgets::max_when_refused; ++i)
    budgets.record(host, later);
  EXPECT_TRUE(backoff.admit("a", host, budgets, false, later));
  EXPECT_FALSE(backoff.admit("a", host, budgets, false, later + 10s)) << "the budget is free";
}

TEST(Backoff, LeavesTheCountAloneWhereAnAnswerSaysNothingOfCredentials) {
  Backoff backoff;
  AuthFailureBudgets budgets;
  for (int i = 0; i < 9; ++i) {
    backoff.record(CredentialsVerdict::refused, 0s, host, budgets, s0);
    backoff.record(CredentialsVerdict::unknown, 0s, host, budgets, s0);
  }
  EXPECT_EQ(backoff.refusals_in_a_row(), 9);
  backoff.record(CredentialsVerdict::accepted, 0s, host, budgets, s0);
  EXPECT_EQ(backoff.refusals_in_a_row(), 0);
}

TEST(Backoff, CountsNoSessionThatIsOver) {
  Backoff backoff;
  AuthFailureBudgets budgets;
  backoff.record(CredentialsVerdict::accepted, 0s, host, budgets, s0);
  for (int i = 0; i < 1000; ++i)
    backoff.record(CredentialsVerdict::session_over, 0s, host, budgets, s0);
  EXPECT_EQ(backoff.refusals_in_a_row(), 0);
  EXPECT_FALSE(backoff.admit("a", host, budgets, false, s0));
  EXPECT_GT(budgets.wait(host, 25, s0), 0ms) << "the vendor's firewall counts them all";
}

TEST(Backoff, KnowsThatTheVendorWasNotReachedUntilItAnswers) {
  Backoff backoff;
  AuthFailureBudgets budgets;
  EXPECT_FALSE(backoff.unreachable());
  backoff.record_unreachable("no route", 17);
  ASSERT_TRUE(backoff.unreachable());
  EXPECT_EQ(backoff.unreachable()->why, "no route");
  backoff.record(CredentialsVerdict::unknown, 0s, host, budgets, s0);
  EXPECT_FALSE(backoff.unreachable());
}

TEST(AuthFailureBudgets, AreSharedByConnectionsOfAHostThatNeverCallAtTheSameTime) {
  AuthFailureBudgets budgets;
  Backoff good, unknown;
  good.record(CredentialsVerdict::accepted, 0s, host, budgets, s0);
  int sent = 0;
  std::deque<Backoff> connections(100);
  SteadyTime now = s0;
  for (Backoff& one : connections) {
    for (int i = 0; i < 2; ++i) {
      now += 1ms;
      if (one.admit("one", host, budgets, false, now)) continue;
      ++sent;
      one.record(CredentialsVerdict::refused, 0s, host, budgets, now);
    }
  }
  EXPECT_EQ(sent, 40) << "the vendor shuts out an address after 50 in 10 s";
  EXPECT_FALSE(good.admit("good", host, budgets, false, now)) << "its credentials are taken";
  const auto error = unknown.admit("unknown", host, budgets, false, now);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message.find("unknown"), std::string::npos) << error->message;
  EXPECT_EQ(budgets.wait("api.nmbrs.nl", 1, now), 0ms);
  EXPECT_FALSE(unknown.admit("unknown", host, budgets, false, now + 10s));
}

TEST(AuthFailureBudgets, LookBackTenSecondsFromAnyMoment) {
  AuthFailureBudgets budgets;
  for (int i = 0; i < 100; ++i)
    budgets.record(host, s0 + 400ms * i);
  const SteadyTime last = s0 + 400ms * 99;
  EXPECT_EQ(budgets.wait(host, 25, last), 400ms) << "25 stand within the ten seconds before";
  EXPECT_EQ(budgets.wait(host, 25, last + 400ms), 0ms);
}

TEST(AuthFailureBudgets, HoldNoMoreHostsThanTheyMay) {
  AuthFailureBudgets budgets;
  for (std::size_t i = 0; i < 3 * AuthFailureBudgets::max_hosts; ++i)
    budgets.record("host-" + std::to_string(i), s0 + 1us * static_cast<int>(i));
  EXPECT_LE(budgets.hosts(), AuthFailureBudgets::max_hosts);
  budgets.record("late", s0 + 1h);
  EXPECT_EQ(budgets.hosts(), 1U) << "a window that is over is forgotten";
}

}  // namespace
}  // namespace penstock::runtime
