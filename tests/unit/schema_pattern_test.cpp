#include <chrono>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <penstock/utf8.hpp>

#include "schema/pattern.hpp"

namespace penstock::schema {
namespace {

struct PatternCase {
  const char* pattern;
  const char* text;
  bool found;
};

TEST(PatternSearch, agrees_with_ecma_262) {
  const PatternCase cases[] = {{"a", "xax", true},
                               {"^a$", "a", true},
                               {"^a$", "xa", false},
                               {"^a$", "a\n", false},
                               {"", "", true},
                               {"^$", "", true},
                               {"^$", "a", false},
                               {"a|b|", "c", true},
                               {"^(a|bc)+$", "abcbca", true},
                               {"^(a|bc)+$", "abca b", false},
                               {"^a{2,3}$", "a", false},
                               {"^a{2,3}$", "aaa", true},
                               {"^a{2,3}$", "aaaa", false},
                               {"^a{2}$", "aa", true},
                               {"^a{2,}$", "aaaaa", true},
                               {"^a{0}b$", "b", true},
                               {"^[a-c]*[^a-c]$", "abcd", true},
                               {"^[a-c]*[^a-c]$", "abca", false},
                               {"^[]$", "a", false},
                               {"^[^]$", "a", true},
                               {"^[-a]$", "-", true},
                               {"^[\\d-x]$", "-", true},
                               {"^[\\d-x]$", "w", false},
                               {"^[a-]$", "-", true},
                               {"^[\\]\\\\]$", "]", true},
                               {"^\\d+\\.\\d+$", "38.2", true},
                               {"^\\d+$", "3x", false},
                               {"^\\w\\W$", "a-", true},
                               {"^\\S\\s$", "a\xC2\xA0", true},
                               {"^.$", "\xF0\x9F\x98\x80", true},
                               {"^.$", "\n", false},
                               {"^..$", "\xC3\xA9x", true},
                               {"^\\u00e9$", "\xC3\xA9", true},
                               {"^[\xC3\xA0-\xC3\xBF]$", "\xC3\xA9", true},
                               {"^(?:a?)?$", "a", true},
                               {"^(a*)*$", "aaa", true},
                               {"^(a*)*$", "b", false},
                               {"^a?b??c+?$", "c", true},
                               {"\\/\\-\\.", "/-.", true},
                               {"a^b", "ab", false},
                               {"^\\x41$", "A", true},
                               {"x*", "", true}};
  for (const PatternCase& one : cases) {
    const auto pattern = Pattern::compile(one.pattern);
    ASSERT_TRUE(pattern.has_value()) << one.pattern << ": " << pattern.error();
    EXPECT_EQ(pattern->search(one.text), one.found) << one.pattern << " on " << one.text;
  }
}

TEST(PatternCompile, says_what_is_not_supported_and_where) {
  struct Case {
    const char *pattern, *error;
  };
  const Case cases[] = {
      {"[", "a [ without its ] (at character 2)"},
      {"[a", "a [ without its ] (at character 3)"},
      {"(", "a ( without its ) (at character 2)"},
      {"(a", "a ( without its ) (at character 3)"},
      {"a)", "a ) without its ( (at character 2)"},
      {"*", "nothing to repeat (at character 1)"},
      {"a**", "nothing to repeat (at character 3)"},
      {"a{2}{3}", "nothing to repeat (at character 5)"},
      {"a+??", "nothing to repeat (at character 4)"},
      {"+a", "nothing to repeat (at character 1)"},
      {"a|*", "nothing to repeat (at character 3)"},
      {"(?=a)", "look-around and named groups are not supported; (?: ) is (at character 3)"},
      {"(?!a)", "look-around and named groups are not supported; (?: ) is (at character 3)"},
      {"(?<n>a)", "look-around and named groups are not supported; (?: ) is (at character 3)"},
      {"\\1", "\\1 is not supported (at character 3)"},
      {"a\\b", "\\b is not supported (at character 4)"},
      {"\\p{L}", "\\p is not supported (at character 3)"},
      {"[\\b]", "\\b is not supported in a class (at character 4)"},
      {"\\k<n>", "\\k is not supported (at character 3)"},
      {"\\c", "\\c is not supported (at character 3)"},
      {"\\", "a \\ at the end (at character 2)"},
      {"a{3,2}", "a count is {n}, {n,} or {n,m} (at character 7)"},
      {"a{", "a count is {n}, {n,} or {n,m} (at character 3)"},
      {"a{1001}", "a count is at most 1000 (at character 8)"},
      {"a{0,99999999999999999999}", "a count is at most 1000 (at character 26)"},
      {"(a{100}){100}", "its nested counts multiply to more than 1000"},
      {"{", "write \\{ for a literal { (at character 1)"},
      {"a|}", "write \\} for a literal } (at character 3)"},
      {"]", "write \\] for a literal ] (at character 1)"},
      {"[b-a]", "a range of a class is the wrong way round (at character 5)"},
      {"[a-\\d]", "a range of a class is the wrong way round (at character 6)"},
      {"\\u12", "a hex escape is too short (at character 5)"},
      {"\\xg0", "a hex escape is too short (at character 4)"},
      {"a\xC3", "it is not UTF-8 (at character 2)"},
      {"\xFF", "it is not UTF-8 (at character 1)"},
  };
  for (const Case& one : cases) {
    const auto pattern = Pattern::compile(one.pattern);
    ASSERT_FALSE(pattern.has_value()) << one.pattern;
    EXPECT_EQ(pattern.error(), one.error) << one.pattern;
  }
  const std::string nested = std::string(51, '(') + std::string(51, ')');
  EXPECT_EQ(Pattern::compile(nested).error(), "groups nest too deep (at character 52)");
}

TEST(PatternCompile, gives_up_early_on_a_long_list_of_choices) {
  std::string choices = "a";
  for (int i = 0; i < 100'000; ++i)
    choices += "|a";
  const auto started = std::chrono::steady_clock::now();
  EXPECT_FALSE(Pattern::compile(choices).has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
}

/// Each code point but the surrogates, which UTF-8 does not have.
template <class Each>
void for_each_code_point(Each each) {
  for (char32_t point = 0; point <= 0x10FFFF; ++point)
    if (point < 0xD800 || point > 0xDFFF) {
      std::string text;
      append_utf8(text, point);
      each(point, text);
    }
}

TEST(PatternSearch, knows_the_same_white_space_as_ecma_262) {
  const auto space = Pattern::compile("^\\s$"), other = Pattern::compile("^\\S$"),
             in_class = Pattern::compile("^[\\s]$"), negated = Pattern::compile("^[^\\S]$");
  for_each_code_point([&](char32_t point, const std::string& text) {
    const bool expected = (point >= 9 && point <= 13) || point == ' ' || point == 0xA0 ||
                          point == 0x1680 || (point >= 0x2000 && point <= 0x200A) ||
                          point == 0x2028 || point == 0x2029 || point == 0x202F ||
                          point == 0x205F || point == 0x3000 || point == 0xFEFF;
    ASSERT_TRUE(space->search(text) == expected && other->search(text) == !expected &&
                in_class->search(text) == expected && negated->search(text) == expected)
        << std::uint32_t{point};
  });
}

TEST(PatternSearch, matches_any_character_but_a_line_end_with_a_dot) {
  const auto dot = Pattern::compile("^.$"), any = Pattern::compile("^[^]$"),
             none = Pattern::compile("[]");
  for_each_code_point([&](char32_t point, const std::string& text) {
    const bool line_end = point == '\n' || point == '\r' || point == 0x2028 || point == 0x2029;
    ASSERT_TRUE(dot->search(text) == !line_end && any->search(text) && !none->search(text))
        << std::uint32_t{point};
  });
}

TEST(PatternSearch, takes_linear_time_on_patterns_that_ruin_backtracking) {
  const std::string many(100'000, 'a');
  const auto started = std::chrono::steady_clock::now();
  for (const char* text : {"^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "^(a*)*b$", "(a*)*(a*)*c"}) {
    EXPECT_FALSE(Pattern::compile(text)->search(many + "!")) << text;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
}

TEST(PatternSearch, matches_no_malformed_utf8) {
  const auto any = Pattern::compile("[^]"), not_a = Pattern::compile("[^a]");
  for (const char* text : {"\xff", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\x80\x80", "\xC0\xAF"})
    EXPECT_FALSE(any->search(text) || not_a->search(text));
}

}  // namespace
}  // namespace penstock::schema
