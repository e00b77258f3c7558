#include <gtest/gtest.h>
#include <penstock/utf8.hpp>

namespace penstock {
namespace {

struct Row {
  const char* what;
  std::string_view text;
  std::size_t length;  ///< of the first character; 0: it is not valid
  char32_t code_point = 0;
};

TEST(Utf8, decodes_the_first_character_or_none) {
  const Row rows[] = {
      {"empty", "", 0},
      {"NUL", std::string_view("\0", 1), 1, 0},
      {"ASCII", "ab", 1, 'a'},
      {"last of one byte", "\x7F", 1, 0x7F},
      {"first of two bytes", "\xC2\x80", 2, 0x80},
      {"last of two bytes", "\xDF\xBF", 2, 0x7FF},
      {"first of three bytes", "\xE0\xA0\x80", 3, 0x800},
      {"before the surrogates", "\xED\x9F\xBF", 3, 0xD7FF},
      {"behind the surrogates", "\xEE\x80\x80", 3, 0xE000},
      {"last of three bytes", "\xEF\xBF\xBF", 3, 0xFFFF},
      {"first of four bytes", "\xF0\x90\x80\x80", 4, 0x10000},
      {"last code point", "\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
      {"continuation byte alone", "\x80", 0},
      {"overlong in two bytes", "\xC0\xAF", 0},
      {"overlong in two bytes, the last", "\xC1\xBF", 0},
      {"overlong in three bytes", "\xE0\x9F\xBF", 0},
      {"overlong in four bytes", "\xF0\x8F\xBF\xBF", 0},
      {"first surrogate", "\xED\xA0\x80", 0},
      {"last surrogate", "\xED\xBF\xBF", 0},
      {"above U+10FFFF", "\xF4\x90\x80\x80", 0},
      {"lead byte of no character", "\xF5\x80\x80\x80", 0},
      {"byte that UTF-8 does not use", "\xFF", 0},
      {"cut after one of two", "\xC3", 0},
      {"cut after two of three", "\xE2\x82", 0},
      {"cut after three of four", "\xF0\x9F\x90", 0},
      {"ASCII in place of a continuation", "\xE2\x82z", 0},
      {"lead in place of a continuation", "\xC3\xC3", 0},
  };
  for (const Row& row : rows) {
    const Utf8Character read = decode_utf8(row.text);
    EXPECT_EQ(read.length, row.length) << row.what;
    EXPECT_EQ(read.code_point, row.code_point) << row.what;
    EXPECT_EQ(find_invalid_utf8(row.text),
              row.length > 0 || row.text.empty() ? std::string::npos : 0)
        << row.what;
    if (row.length == 0) continue;
    std::string again;
    append_utf8(again, row.code_point);
    EXPECT_EQ(again, row.text.substr(0, row.length)) << row.what;
  }
}

TEST(Utf8, finds_the_first_invalid_byte) {
  const std::string long_text(200, 'x');
  const std::pair<std::string, std::size_t> rows[] = {
      {"é€😀", std::string::npos},
      {"a\xFF", 1},
      {"ab\xC3", 2},
      {"x\x80", 1},
      {long_text + "\xC3\xA9", std::string::npos},
      {long_text + "\xC3\xA9\xC3", 202},
      {long_text + "\x80" + long_text, 200},
  };
  for (const auto& [text, at] : rows)
    EXPECT_EQ(find_invalid_utf8(text), at);
}

TEST(Utf8, counts_and_cuts_between_characters) {
  constexpr std::string_view text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\xB2";  // aé€🐲
  EXPECT_EQ(utf8_count(text), 4U);
  EXPECT_EQ(utf8_count(""), 0U);
  const std::size_t prefixes[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t max = 0; max < std::size(prefixes); ++max)
    EXPECT_EQ(utf8_prefix(text, max).size(), prefixes[max]) << max;
  EXPECT_EQ(utf8_prefix(std::string(9, '\x80'), 7).size(), 7U);
}

}  // namespace
}  // namespace penstock
