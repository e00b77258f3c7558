#include <gtest/gtest.h>

#include <penstock/http.hpp>
#include <penstock/secret.hpp>
#include <penstock/text.hpp>

namespace penstock {
namespace {

TEST(PercentCoding, keeps_only_unreserved_characters) {
  EXPECT_EQ(percent_encode("aZ09-._~ /?#&=+%\xC3\xA9"), "aZ09-._~%20%2F%3F%23%26%3D%2B%25%C3%A9");
  EXPECT_EQ(percent_decode("%41%2f%zz%4"), "A/%zz%4");
}

TEST(Trimmed, takes_blanks_off_both_ends) {
  EXPECT_EQ(trimmed("  a b\t"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed("\r\na \n"), "\r\na \n");
  EXPECT_EQ(trimmed("\r\na \n", " \r\n"), "a");
}

TEST(Joined, puts_the_separator_between_words_alone) {
  const std::vector<std::string> words = {"", "a", "b"};
  EXPECT_EQ(joined(words), ", a, b");
  EXPECT_EQ(joined(std::span(words).last(1)), "b");
  EXPECT_EQ(joined(std::span(words).last(2), " "), "a b");
  EXPECT_EQ(joined({}), "");
}

TEST(Rfc3339, has_seconds_or_milliseconds) {
  EXPECT_EQ(rfc_3339(1'795'590'295'999), "2026-11-25T07:04:55Z");
  EXPECT_EQ(rfc_3339_with_ms(1'795'590'295'000), "2026-11-25T07:04:55.000Z");
  EXPECT_EQ(rfc_3339_with_ms(1'795'590'295'007), "2026-11-25T07:04:55.007Z");
  EXPECT_EQ(rfc_3339_with_ms(1'795'590'295'128), "2026-11-25T07:04:55.128Z");
  EXPECT_EQ(rfc_3339(951'782'400'000), "2000-02-29T00:00:00Z");
}

TEST(Nearest, finds_slips_and_nothing_else) {
  const std::vector<std::string> known = {"service_name", "version", "tool"};
  EXPECT_EQ(nearest("servce_name", known), "service_name");
  EXPECT_EQ(nearest("tooll", known), "tool");
  EXPECT_EQ(nearest("VERSION", known), "version");
  EXPECT_EQ(nearest("password", known), "");
  EXPECT_EQ(did_you_mean("versoin", known), "; did you mean \"version\"?");
}

TEST(HttpGrammar, takes_tokens_and_field_values_of_rfc_9110) {
  for (const char* good : {"GET", "x-a", "!#$%&'*+-.^_`|~9"})
    EXPECT_TRUE(is_token(good)) << good;
  for (const char* bad : {"", "a b", "a:b", "a\r", "\xC3\xA9", "a/b", "(a)"})
    EXPECT_FALSE(is_token(bad)) << bad;
  for (const char* good : {"", "a", "a b\tc", "caf\xC3\xA9"})
    EXPECT_TRUE(is_field_value(good)) << good;
  for (const std::string bad : {" a", "a ", "\ta", "a\r\nb", "a\nb", "a\x7f", "a\x01"})
    EXPECT_FALSE(is_field_value(bad)) << bad;
  EXPECT_FALSE(is_field_value(std::string("a\0b", 3)));
}

TEST(Pointer, takes_one_token_after_the_other) {
  std::string_view pointer = "/a~1b~0c//0";
  EXPECT_EQ(take_token(pointer), "a/b~c");
  EXPECT_EQ(take_token(pointer), "");
  EXPECT_EQ(take_token(pointer), "0");
  EXPECT_EQ(pointer, "");
  EXPECT_EQ(pointer_to("/x", "a/b~c"), "/x/a~1b~0c");
}

TEST(SameSecret, compares_all_of_both) {
  EXPECT_TRUE(same_secret("dev-key", "dev-key"));
  EXPECT_TRUE(same_secret("", ""));
  for (const char* other : {"", "dev-ke", "dev-keY", "dev-key2", "dev-keydev-key"})
    EXPECT_FALSE(same_secret(other, "dev-key")) << other;
  EXPECT_FALSE(same_secret("x", ""));
}

}  // namespace
}  // namespace penstock
