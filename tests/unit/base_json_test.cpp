#include <gtest/gtest.h>

#include "base/json.hpp"

namespace penstock {
namespace {

// RapidJSON makes of half a pair three bytes that are no UTF-8.
TEST(ParseJson, refuses_half_a_surrogate_pair) {
  for (const char* text : {R"("\udc32")", R"("\uDFFF")", R"("\ud83d")", R"("\ud83d\ud83d")",
                           R"("\ud83dx\udc32")", R"("\ud83d\\udc32")", R"({"\udc00":1})"}) {
    EXPECT_FALSE(parse_json(text).has_value()) << text;
  }
}

TEST(ParseJson, reads_whole_pairs_and_other_escapes) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("\ud83d\udc32")", "\xF0\x9F\x90\xB2"},
      {R"("\uD83D\uDC32\"")", "\xF0\x9F\x90\xB2\""},
      {R"("\\udc32")", R"(\udc32)"},
      {R"("\ud7ff\ue000")", "\xED\x9F\xBF\xEE\x80\x80"},
  };
  for (const auto& [text, value] : cases) {
    const auto document = parse_json(text);
    ASSERT_TRUE(document.has_value()) << text << ": " << document.error();
    EXPECT_STREQ((*document)->GetString(), value) << text;
  }
}

}  // namespace
}  // namespace penstock
