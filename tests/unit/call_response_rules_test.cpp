// What an answer means: the manifest's rules first, then the plugin's word inside its window.
#include <gtest/gtest.h>

#include "call/response_rules.hpp"

namespace penstock::call {
namespace {

using catalog::ResponseKind;

catalog::Api api_with_rules() {
  catalog::Api api;
  api.classify = {{401, 401, "", ResponseKind::session_expired, true},
                  {500, 500, "throttled", ResponseKind::rate_limited, false},
                  {500, 599, "", ResponseKind::vendor_fault, false}};
  api.inspect = catalog::InspectWindow{400, 499, 8};
  return api;
}

upstream::Response response(int status, std::string body = {}) {
  upstream::Response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

host::Outcome says(host::Verdict verdict) {
  host::Outcome out;
  out.verdict = verdict;
  return out;
}

host::Outcome fails(std::int32_t kind, std::string code, std::string message) {
  host::Outcome out = says(host::Verdict::failed);
  out.failure = {kind, std::move(code), std::move(message)};
  return out;
}

TEST(Judge, GoesByTheFirstRuleThatMatches) {
  const struct {
    int status;
    std::string body;
    Meaning meaning;
  } rows[] = {
      {200, "throttled", Meaning::none},
      {401, "", Meaning::session_expired},
      {500, "we are throttled now", Meaning::rate_limited},
      {500, "broken", Meaning::fault},
      {503, "throttled", Meaning::fault},
      {500, std::string(70'000, ' ') + "throttled", Meaning::fault},
  };
  const catalog::Api api = api_with_rules();
  for (const auto& row : rows) {
    const Classification classification = classify_response(
        api, [](const auto&) { return says(host::Verdict::pass); }, response(row.status, row.body));
    EXPECT_EQ(meaning_of(classification), row.meaning)
        << row.status << " " << row.body.substr(0, 20);
  }
}

TEST(Judge, AsksThePluginInsideItsWindowOnlyAndShowsItNoMoreThanThat) {
  const catalog::Api api = api_with_rules();
  int asked = 0;
  const auto inspect = [&](const host::ResponseInput& seen) {
    ++asked;
    EXPECT_EQ(seen.body, "12345678");
    EXPECT_TRUE(seen.truncated);
    return says(host::Verdict::pass);
  };
  (void)classify_response(api, inspect, response(399, "123456789"));
  (void)classify_response(api, inspect, response(500, "123456789"));
  EXPECT_EQ(asked, 0);
  (void)classify_response(api, inspect, response(499, "123456789"));
  EXPECT_EQ(asked, 1);
}

TEST(Judge, TakesThePluginsWord) {
  const struct {
    host::Outcome outcome;
    Meaning meaning;
    bool before_processing;
    std::string message;
  } rows[] = {
      {says(host::Verdict::reauth), Meaning::session_expired, true, ""},
      {says(host::Verdict::pass), Meaning::none, false, ""},
      {fails(PST_E_AUTH_REJECTED, "1001", "no"), Meaning::credentials_refused, false, "1001: no"},
      {fails(PST_E_RATE_LIMITED, "", "slow"), Meaning::rate_limited, false, "slow"},
      {fails(PST_E_VENDOR_FAULT, "7", ""), Meaning::fault, false, "7"},
      // A plugin that broke has no say.
      {fails(PST_E_INTERNAL, "", "bug"), Meaning::none, false, ""},
  };
  for (const auto& row : rows) {
    const Classification classification = classify_response(
        api_with_rules(), [&](const auto&) { return row.outcome; }, response(400));
    EXPECT_EQ(meaning_of(classification), row.meaning);
    EXPECT_EQ(classification.before_processing, row.before_processing);
    EXPECT_EQ(classification.message, row.message);
  }
}

TEST(Judge, TakesThePauseThatThePluginReadForADayAtMost) {
  const struct {
    std::optional<std::int64_t> asked;
    std::int64_t wait_ms;
  } rows[] = {{std::nullopt, 0}, {5'000, 5'000}, {-1, 0}, {std::int64_t{1} << 60, 86'400'000}};
  for (const auto& row : rows) {
    host::Outcome outcome = says(host::Verdict::retry);
    outcome.retry_after_ms = row.asked;
    EXPECT_EQ(classify_response(
                  api_with_rules(), [&](const auto&) { return outcome; }, response(429))
                  .retry_after_ms,
              row.wait_ms);
  }
}

TEST(CredentialsVerdictOf, GoesByWhatWasReadAndThenByTheStatus) {
  using Kind = catalog::ResponseKind;
  const struct {
    std::optional<Kind> kind;
    int status;
    runtime::CredentialsVerdict verdict;
  } rows[] = {
      {std::nullopt, 200, runtime::CredentialsVerdict::accepted},
      {std::nullopt, 404, runtime::CredentialsVerdict::accepted},
      {std::nullopt, 422, runtime::CredentialsVerdict::accepted},
      {std::nullopt, 401, runtime::CredentialsVerdict::refused},
      {std::nullopt, 403, runtime::CredentialsVerdict::unknown},
      {std::nullopt, 407, runtime::CredentialsVerdict::unknown},
      {std::nullopt, 429, runtime::CredentialsVerdict::unknown},
      {std::nullopt, 500, runtime::CredentialsVerdict::unknown},
      {std::nullopt, 503, runtime::CredentialsVerdict::unknown},
      {Kind::auth_rejected, 500, runtime::CredentialsVerdict::refused},
      {Kind::auth_rejected, 403, runtime::CredentialsVerdict::refused},
      {Kind::auth_rejected, 200, runtime::CredentialsVerdict::refused},
      {Kind::session_expired, 401, runtime::CredentialsVerdict::refused},
      {Kind::vendor_fault, 500, runtime::CredentialsVerdict::unknown},
      {Kind::vendor_fault, 400, runtime::CredentialsVerdict::unknown},
      {Kind::vendor_fault, 401, runtime::CredentialsVerdict::refused},
      {Kind::rate_limited, 429, runtime::CredentialsVerdict::unknown},
  };
  for (const auto& row : rows) {
    Classification classification;
    classification.kind = row.kind;
    EXPECT_EQ(credentials_verdict(classification, row.status, false), row.verdict) << row.status;
  }
  EXPECT_EQ(credentials_verdict({Kind::session_expired}, 401, true),
            runtime::CredentialsVerdict::session_over);
}

}  // namespace
}  // namespace penstock::call
