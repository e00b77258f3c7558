#include "log/plugin_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::server {
namespace {

using ::testing::HasSubstr;

TEST(PluginLogLines, HaveTheLevelThatThePluginGave) {
  const struct {
    int level;
    const char* name;
  } rows[] = {{0, "debug"}, {1, "info"}, {2, "warn"}, {3, "error"}, {-1, "info"}, {4, "info"}};
  for (const auto& row : rows) {
    std::vector<std::string> lines;
    PluginLogLines log([&](std::string line) { lines.push_back(std::move(line)); });
    log.on_plugin_log({"acme 1.0.0", "acme:one", row.level, "a word", 0});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_THAT(lines[0], HasSubstr(std::string(R"("level":")") + row.name +
                                    R"(","event":"plugin_log","message":"acme 1.0.0 for acme:one)"))
        << row.level;
  }
}

TEST(PluginLogLines, TellHowManyWereTooMany) {
  std::string written;
  PluginLogLines log([&](std::string line) { written = std::move(line); });
  log.on_plugin_log({"acme 1.0.0", "acme:one", 1, "a word", 7});
  EXPECT_THAT(written, HasSubstr("a word (7 lines before it were too many)"));
}

}  // namespace
}  // namespace penstock::server
