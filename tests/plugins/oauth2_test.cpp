// How long a session lives: what a token endpoint says of it, and when it counts as used up.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <penstock/sdk/oauth2.hpp>

namespace penstock::sdk {
namespace {

TEST(Lifetime, IsWhatTheVendorSaysWhereThatMakesSense) {
  const std::pair<std::string_view, std::int64_t> cases[] = {
      {"1", 1},
      {"7200", 7200},  // of the string "7200" as well: the host gives both as text
      {"59.9", 59},
      {"100000000", 100'000'000},
      {"100000001", 3600},
      {"1000000000", 3600},
      {"99999999999999999999999999", 3600},
      {"0", 3600},
      {"0.5", 3600},
      {"-60", 3600},
      {"1e3", 3600},
      {"soon", 3600},
      {" 60", 3600},
      {"", 3600},
  };
  for (const auto& [text, seconds] : cases)
    EXPECT_EQ(detail::lifetime(text), seconds) << text;
}

TEST(Token, IsWhatAHeaderCanCarry) {
  for (const std::string_view good : {"a", "eyJhbGciOi.J9-_~+/==", "!#$%"})
    EXPECT_TRUE(detail::is_token(good)) << good;
  for (const std::string_view foul : {"", "a b", "a\r\nX-Evil: 1", "a\x7f", "t\xc3\xb6ken", "true",
                                      "{\"a\":1}", "[1]", "\"quoted\""})
    EXPECT_FALSE(detail::is_token(foul)) << foul;
  EXPECT_FALSE(detail::is_token(std::string_view("a\0b", 3)));
}

TEST(ErrorWord, IsNoEchoOfWhatWasSent) {
  EXPECT_EQ(detail::error_word("invalid_grant"), "invalid_grant");
  EXPECT_EQ(detail::error_word("bad secret s3cr3t"), "");
  EXPECT_EQ(detail::error_word(std::string(41, 'a')), "");
}

TEST(RefreshToken, IsKeptWhateverTextItIs) {
  for (const std::string_view good : {"a", "a b", "t\xc3\xb6ken", "\"quoted\"", "a=b&c"})
    EXPECT_TRUE(detail::is_refresh_token(good)) << good;
  for (const std::string_view foul : {"", "a\r\nb", "{\"a\":1}", "[1]", "true", "false"})
    EXPECT_FALSE(detail::is_refresh_token(foul)) << foul;
}

TEST(HostOf, TellsWhereARedirectLeadsAndNothingElse) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"https://login.example/x?y=1", "login.example"},
      {"https://user:secret@login.example:8443", "login.example:8443"},
      {"//other.example/x", "other.example"},
      {"https://h?a=https://evil.example", "h"},
      {"/login", ""},
      {"", ""},
  };
  for (const auto& [url, host] : cases)
    EXPECT_EQ(detail::host_of(url), host) << url;
}

TEST(Excerpt, IsOneLineOfWholeCharacters) {
  EXPECT_EQ(detail::excerpt("a\r\nb\x7f", 10), "a  b ");
  EXPECT_EQ(detail::excerpt("abcdef", 3), "abc…");
  EXPECT_EQ(detail::excerpt("ab\xc3\xb6z", 3), "ab\xc3\xb6…");
}

TEST(ClientSecret, HasANameForEachWayInWhichVendorsReadIt) {
  EXPECT_EQ(client_secret_basic("id x", "a+b%c/d"), basic("id%20x", "a%2Bb%25c%2Fd"));
  EXPECT_EQ(client_secret_basic("a:b", "c"), basic("a%3Ab", "c")) << "the colon is no border";
  EXPECT_EQ(client_secret_basic_raw("id x", "a+b%c/d"), basic("id x", "a+b%c/d"));
  EXPECT_EQ(client_secret_post("i d", "a+b"), "client_id=i%20d&client_secret=a%2Bb");
}

struct Life {
  std::int64_t created_ms, expires_ms, now_ms;
  bool fresh;
};

TEST(Session, IsFreshUntilItsSlackBegins) {
  constexpr std::int64_t slack_ms = 1000;
  const Life cases[] = {
      {0, 0, INT64_MAX, true},  // never expires
      {0, 10'000, 8999, true},
      {0, 10'000, 9000, false},
      {0, 10'000, 20'000, false},
      {5000, 10'000, 8999, true},
      {5000, 10'000, 9000, false},
      // Shorter than twice the slack: the second half of its life, or it would never be fresh.
      {9000, 10'000, 9000, true},
      {9000, 10'000, 9499, true},
      {9000, 10'000, 9500, false},
      {9000, 9000, 9000, false},
  };
  for (const Life& life : cases) {
    pst_state state{sizeof(pst_state), 0, nullptr, life.created_ms, life.expires_ms};
    pst_env env{};
    env.now_unix_ms = life.now_ms;
    EXPECT_EQ(Session(&state).fresh(Env(&env), slack_ms), life.fresh)
        << life.created_ms << " to " << life.expires_ms << " at " << life.now_ms;
  }
  const pst_env env{};
  EXPECT_FALSE(Session(nullptr).fresh(Env(&env), slack_ms));
}

}  // namespace
}  // namespace penstock::sdk
