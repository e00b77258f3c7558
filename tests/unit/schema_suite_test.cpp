// Cases in the form of JSON-Schema-Test-Suite, our own and, where it is there, the official ones:
// each whose schema stays within the vocabulary gets the right verdict.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <penstock/json.hpp>

#include "schema/schema.hpp"

namespace penstock::schema {
namespace {

std::string read(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

struct Counts {
  int judged = 0, refused = 0;
};

void judge_file(const std::filesystem::path& file, Counts& counts) {
  const auto groups = parse_json(read(file));
  ASSERT_TRUE(groups.has_value()) << file << ": " << groups.error().text();
  for (const JsonValue& group : groups->items) {
    const auto schema = Schema::compile(*group.find("schema"));
    if (!schema) {
      ++counts.refused;
      continue;
    }
    for (const JsonValue& one : group.find("tests")->items) {
      const bool valid = schema->validate(*one.find("data"), "", Scalars::strict).ok();
      EXPECT_EQ(valid, one.find("valid")->boolean)
          << file.filename() << ": " << group.find("description")->text << ": "
          << one.find("description")->text;
      ++counts.judged;
    }
  }
}

TEST(OwnSuite, gives_the_right_verdict) {
  Counts counts;
  judge_file(PENSTOCK_SOURCE_DIR "/tests/corpora/seeds/schema.json", counts);
  EXPECT_EQ(counts.refused, 0);
  EXPECT_GE(counts.judged, 50);
}

class Suite : public testing::TestWithParam<const char*> {};

TEST_P(Suite, gives_the_right_verdict_or_refuses_the_schema) {
  const std::filesystem::path folder = std::filesystem::path(PENSTOCK_SHARED_DIR) /
                                       "testdata/json-schema-test-suite/tests" / GetParam();
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not here";
  Counts counts;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() == ".json") judge_file(file.path(), counts);
  }
  const auto [judged, refused] = counts;
  RecordProperty("judged", judged);
  RecordProperty("schemas_refused", refused);
  std::printf("%s: %d cases judged, %d schemas outside the vocabulary refused\n", GetParam(),
              judged, refused);
  EXPECT_GT(judged, 250);
}

INSTANTIATE_TEST_SUITE_P(Drafts, Suite, testing::Values("draft7", "draft2020-12"),
                         [](const auto& prepared) {
                           return std::string(prepared.param) == "draft7" ? "draft7"
                                                                          : "draft2020_12";
                         });

}  // namespace
}  // namespace penstock::schema
