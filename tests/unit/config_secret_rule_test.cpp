#include <gtest/gtest.h>

#include "config/reader/interpolate.hpp"
#include "config/reader/secret_rule.hpp"

namespace penstock::config {
namespace {

struct RuleCase {
  std::string value;
  const char* says;  ///< null: fine
};

TEST(SecretRule, refuses_what_a_copy_an_editor_or_a_shell_adds_unseen) {
  const RuleCase cases[] = {
      {"", nullptr},
      {"hunter2", nullptr},
      {"pa ss\tword", nullptr},
      {"p\xC3\xA4ss", nullptr},
      {"\xF0\x9F\x94\x91", nullptr},
      {"one\ntwo", nullptr},
      {"one\ntwo\n", nullptr},
      {"one\r\ntwo\r\n", nullptr},
      {"a\xC2\xA0z", nullptr},
      {"\xEF\xBB\xBFhunter2", "byte order mark"},
      {"hunter2\xEF\xBB\xBF", "invisible character (U+FEFF)"},
      {"hunter2\n", "ends with a line break"},
      {"hunter2\r\n", "ends with a line break"},
      {"one\ntwo\n\n", "ends with a line break"},
      {"\nhunter2", "begins with a line break"},
      {"hunter2\r", "carriage return"},
      {"hun\rter2", "carriage return"},
      {"\r\nhunter2", "carriage return"},
      {" hunter2", "begins with whitespace (U+0020)"},
      {"hunter2 ", "ends with whitespace (U+0020)"},
      {"hunter2\t", "ends with whitespace (U+0009)"},
      {"hunter2\xC2\xA0", "ends with whitespace (U+00A0)"},
      {"\xE3\x80\x80hunter2", "begins with whitespace (U+3000)"},
      {"hunter2\xE2\x80\x8B", "invisible character (U+200B)"},
      {"hun\xE2\x80\x8Bter2", "invisible character (U+200B)"},
      {"hun\xC2\xADter2", "invisible character (U+00AD)"},
      {"hunter2\xE2\x80\xA8", "invisible character (U+2028)"},
      {"\xE2\x80\xAEhunter2", "invisible character (U+202E)"},
      {"p\xE4ss", "not UTF-8"},
      {"p\xC3", "not UTF-8"},
      {"p\xC0\xAFss", "not UTF-8"},
      {"p\xED\xA0\x80", "not UTF-8"},
      {"p\xEF\xBF\xBDss", "U+FFFD"},
      {std::string("p\0ss", 4), "control character (U+0000)"},
      {"p\x1B[1mss", "control character (U+001B)"},
      {"p\x7Fss", "control character (U+007F)"},
      {"p\xC2\x85ss", "control character (U+0085)"},
  };
  for (const RuleCase& one : cases) {
    const std::string trouble = secret_trouble(one.value);
    EXPECT_EQ(trouble.empty(), one.says == nullptr) << one.value << ": " << trouble;
    if (one.says == nullptr) continue;
    EXPECT_NE(trouble.find(one.says), std::string::npos) << one.value << ": " << trouble;
    EXPECT_EQ(trouble.find("hunter2"), std::string::npos);
  }
}

TEST(EscapedDollar, is_seen_outside_of_placeholders_alone) {
  for (const char* text : {"pa$$word1", "$$", "$$$$", "${env:A}$$", "x${env:A:-$$}y$$"})
    EXPECT_TRUE(has_escaped_dollar(text)) << text;
  for (const char* text :
       {"", "$", "password", "${env:A}", "${env:A:-$$}", "${file:/a$$b}", "a$b$c"})
    EXPECT_FALSE(has_escaped_dollar(text)) << text;
}

}  // namespace
}  // namespace penstock::config
