#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <penstock/envelope.hpp>

#include "envelope/json_cursor.hpp"

namespace penstock {
namespace {

namespace fs = std::filesystem;

struct SuiteFile {
  std::string name;
  std::string text;
};

const fs::path public_suite = fs::path(PENSTOCK_SHARED_DIR) / "testdata/JSONTestSuite/test_parsing";

/// Our own files whose names begin so, and those of JSONTestSuite where it is there.
std::vector<SuiteFile> suite(std::string_view prefix) {
  std::vector<SuiteFile> files;
  for (const fs::path& folder :
       {fs::path(PENSTOCK_SOURCE_DIR) / "tests/corpora/seeds/json", public_suite}) {
    if (!fs::is_directory(folder)) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(prefix)) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      files.push_back({name, text.str()});
    }
  }
  return files;
}

std::string envelope_with(std::string_view data) {
  return R"({"method":"POST","path":"/","data":)" + std::string(data) + "}";
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

TEST(EnvelopeJson, KeepsTheBytesOfEveryValidDocument) {
  const auto files = suite("y_");
  int containers = 0;
  for (const SuiteFile& file : files) {
    SCOPED_TRACE(file.name);
    EXPECT_TRUE(is_json(file.text));
    const std::string_view value = trimmed(file.text);
    if (value.front() != '{' && value.front() != '[') continue;
    const auto parsed = parse_envelope(envelope_with(file.text));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed->call.body, value);
    EXPECT_TRUE(parsed->call.body_is_json);
    ++containers;
  }
  EXPECT_GT(containers, fs::exists(public_suite) ? 100 : 20);
}

TEST(EnvelopeJson, RefusesEveryInvalidDocument) {
  const auto files = suite("n_");
  for (const SuiteFile& file : files) {
    SCOPED_TRACE(file.name);
    EXPECT_FALSE(is_json(file.text));
    EXPECT_FALSE(parse_envelope(envelope_with(file.text)));
    EXPECT_FALSE(parse_envelope(file.text));
  }
}

TEST(EnvelopeJson, KeepsOrRefusesTheDocumentsThatTheStandardLeavesOpen) {
  const auto files = suite("i_");
  int kept = 0;
  for (const SuiteFile& file : files) {
    SCOPED_TRACE(file.name);
    const auto parsed = parse_envelope(envelope_with(file.text));
    if (!parsed) continue;
    EXPECT_EQ(*parsed->call.body, trimmed(file.text));
    ++kept;
  }
  // Numbers of any size and escaped lone surrogates pass; bytes that are not UTF-8 and 500 levels
  // do not.
  EXPECT_EQ(kept, fs::exists(public_suite) ? 25 : 5);
}

TEST(JsonCursor, SurvivesAnyDepth) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_TRUE(is_json(deep));
  EXPECT_FALSE(is_json(deep.substr(1)));
  EXPECT_FALSE(is_json(deep.substr(0, deep.size() - 1)));
}

TEST(JsonCursor, StopsAtItsLimits) {
  const auto nested = [](int levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_TRUE(JsonCursor(nested(8), {.depth = 8}).skip());
  EXPECT_FALSE(JsonCursor(nested(9), {.depth = 8}).skip());
  EXPECT_TRUE(JsonCursor("[1,2,3]", {.values = 4}).skip());
  EXPECT_FALSE(JsonCursor("[1,2,3]", {.values = 3}).skip());
}

TEST(JsonCursor, ReadsEveryEscape) {
  std::string text;
  JsonCursor cursor(
      R"("\"\\\/\b\f\n\r\tA\u00e9\u20ac\ud83d\ude00 plain and long enough for whole words")");
  ASSERT_TRUE(cursor.read_string(text)) << cursor.error();
  EXPECT_EQ(text, "\"\\/\b\f\n\r\tAé€😀 plain and long enough for whole words");
  for (const char* half :
       {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\n")", R"("\ud83dA")"}) {
    std::string ignored;
    EXPECT_FALSE(JsonCursor(half).read_string(ignored)) << half;
    EXPECT_TRUE(JsonCursor(half).skip()) << half << " is JSON by its grammar";
  }
}

TEST(JsonCursor, FindsSpecialCharactersAtEveryPlaceOfALongString) {
  for (std::size_t place = 0; place < 40; ++place) {
    for (const char bad : {'\0', '\n', '\x1f'}) {
      std::string text = '"' + std::string(40, 'x') + '"';
      text[place + 1] = bad;
      EXPECT_FALSE(is_json(text)) << place;
    }
    std::string early = '"' + std::string(40, 'x') + '"';
    early[place + 1] = '"';
    EXPECT_FALSE(is_json(early)) << place;
    std::string high = '"' + std::string(40, 'x') + '"';
    high.replace(place + 1, 1, "\x7f");
    EXPECT_TRUE(is_json(high)) << place;
    high.replace(place + 1, 1, "é");
    EXPECT_TRUE(is_json(high)) << place;
  }
}

}  // namespace
}  // namespace penstock
