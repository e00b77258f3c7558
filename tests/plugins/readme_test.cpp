// What the SDK's README tells authors to copy must be right.
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "catalog/manifest.hpp"

namespace penstock::tests {
namespace {

/// The README's code blocks of one kind, such as "json manifest", in order.
std::vector<std::string> blocks(const std::string& kind) {
  std::ifstream stream(PENSTOCK_SOURCE_DIR "/sdk/README.md");
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  const std::string fence = "```" + kind + "\n";
  std::vector<std::string> out;
  for (std::size_t at = text.find(fence); at != text.npos; at = text.find(fence, at)) {
    at += fence.size();
    const std::size_t end = text.find("```", at);
    if (end == text.npos) break;
    out.push_back(text.substr(at, end - at));
    at = end + 3;
  }
  return out;
}

TEST(SdkReadme, ShowsAManifestThatLoads) {
  const std::vector<std::string> json = blocks("json manifest");
  ASSERT_EQ(json.size(), 1U);
  const auto manifest = catalog::parse_manifest(json[0]);
  ASSERT_TRUE(manifest) << manifest.error().front().pointer << " "
                        << manifest.error().front().message;
  EXPECT_EQ(manifest->id, "acme");
}

TEST(SdkReadme, ShowsVectorsThatAreJson) {
  const std::vector<std::string> json = blocks("json vectors");
  ASSERT_EQ(json.size(), 1U);
  rapidjson::Document document;
  document.Parse(json[0].data(), json[0].size());
  ASSERT_FALSE(document.HasParseError()) << document.GetErrorOffset();
  ASSERT_TRUE(document.IsArray());
  EXPECT_GE(document.Size(), 3U) << "prepare, session and inspect";
}

}  // namespace
}  // namespace penstock::tests
