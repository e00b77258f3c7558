// Our own YAML documents, yaml-test-suite and generated bombs as integrations.yaml: never a crash,
// never a hang, every refusal with its place.
#include <set>

#include <penstock/config.hpp>
#include <yaml-cpp/yaml.h>

#include "config/reader/yaml_tree.hpp"
#include "corpus.hpp"

namespace penstock::corpora {
namespace {

struct YamlCase {
  std::string name;
  std::string text;
  bool invalid = false;
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from))
    text.replace(at, from.size(), to);
  return text;
}

/// The suite writes white space as visible signs.
std::string real_space(std::string text) {
  const std::pair<const char*, const char*> signs[] = {
      {"␣", " "}, {"—»", "»"},           {"»", "\t"}, {"←", "\r"},
      {"↵", ""},  {"⇔", "\xEF\xBB\xBF"}, {"∎\n", ""}};
  for (const auto& [sign, bytes] : signs)
    text = replaced(std::move(text), sign, bytes);
  return text;
}

std::vector<YamlCase> suite() {
  std::vector<YamlCase> out;
  std::vector<Sample> sets = files(testdata("yaml-test-suite/src"));
  sets.push_back({"yaml.yaml", read_file(seeds("yaml.yaml"))});
  for (const Sample& file : sets) {
    int number = 0;
    for (const YAML::Node& test : YAML::Load(file.bytes)) {
      ++number;
      if (!test["yaml"]) continue;
      out.push_back({file.name + "/" + std::to_string(number),
                     real_space(test["yaml"].as<std::string>()),
                     test["fail"] && test["fail"].as<bool>()});
    }
  }
  return out;
}

void expect_placed(const ConfigProblems& problems) {
  ASSERT_FALSE(problems.empty());
  for (const ConfigProblem& problem : problems) {
    EXPECT_EQ(problem.file, "suite.yaml");
    EXPECT_GE(problem.at.line, 1) << problem.text();
    EXPECT_GE(problem.at.column, 1) << problem.text();
    EXPECT_FALSE(problem.message.empty());
  }
}

TEST(YamlTestSuite, IsNoConfigurationAndSaysWhere) {
  Tally tally("yaml-test-suite as integrations.yaml");
  for (const YamlCase& one : suite()) {
    SCOPED_TRACE(one.name);
    const Stopwatch watch(one.name, one.text.size());
    tally.ran();
    const auto config = parse_config(one.text, "suite.yaml", "/");
    ASSERT_FALSE(config);
    expect_placed(config.error());
    tally.refused();
    if (one.invalid) tally.note("invalid");
  }
}

/// Invalid, and read by yaml-cpp: commas, white space and comments in places of their own, empty
/// documents. A person reads the same values out of them.
const std::set<std::string> taken_knowingly = {
    "9C9N.yaml/1", "9JBA.yaml/1", "9MAG.yaml/1", "9MMA.yaml/1", "B63P.yaml/1", "CTN5.yaml/1",
    "CVW2.yaml/1", "DK95.yaml/2", "G5U8.yaml/1", "HRE5.yaml/1", "QB6E.yaml/1", "S98Z.yaml/1",
    "SU5Z.yaml/1", "X4QW.yaml/1", "Y79Y.yaml/4", "YJV2.yaml/1"};

TEST(YamlTestSuite, InvalidDocumentsAreNoTree) {
  Tally tally("yaml-test-suite before the reader alone");
  for (const YamlCase& one : suite()) {
    SCOPED_TRACE(one.name);
    tally.ran();
    ConfigProblems problems;
    config::parse_yaml(one.text, "suite.yaml", problems);
    problems.empty() ? tally.accepted() : tally.refused();
    if (problems.empty() && one.invalid) {
      tally.note("invalid and accepted");
      EXPECT_TRUE(taken_knowingly.contains(one.name)) << one.text;
    }
    if (!problems.empty()) expect_placed(problems);
  }
  const bool all = std::filesystem::exists(testdata("yaml-test-suite"));
  EXPECT_EQ(tally["cases"], all ? 406 + 29 : 29);
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

std::vector<Sample> bombs() {
  constexpr std::size_t mib = 1U << 20U;
  std::string aliases = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n", keys, items, same;
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    aliases += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before +
               repeated("," + before, 9) + "]\n";
  }
  for (int i = 0; keys.size() < mib; ++i)
    keys += "k" + std::to_string(i) + ": 1\n";
  for (int i = 0; items.size() < mib; ++i)
    items += "  - id: h:" + std::to_string(i) + "\n    tool: hibob\n";
  std::string steps;
  for (int i = 0; i < 1000; ++i)
    steps += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  return {{"aliases", aliases},
          {"an alias of itself", "a: &a [*a]\n"},
          {"a merge of itself", "a: &a\n  <<: *a\n"},
          {"depth of lists", repeated("[", mib)},
          {"depth of maps", repeated("{a: ", mib / 4)},
          {"depth of dashes", repeated("- ", mib / 2) + "a"},
          {"depth of questions", repeated("? ", mib / 2) + "a"},
          {"depth of steps", steps},
          {"keys", keys},
          {"one key", repeated("k: 1\n", mib / 5)},
          {"integrations", "integrations:\n" + items},
          {"long plain", "a: " + std::string(mib, 'x') + "\n"},
          {"long quoted", "a: \"" + std::string(mib, 'x') + "\"\n"},
          {"long literal", "a: |\n" + repeated("  xxxxxxxxxxxxxxx\n", mib / 18)},
          {"long folded", "a: >\n" + repeated("  xxxxxxxxxxxxxxx\n", mib / 18)},
          {"long key", std::string(mib, 'x') + ": 1\n"},
          {"long comment", "# " + std::string(mib, 'x') + "\n"},
          {"long anchor", "a: &" + std::string(mib, 'x') + " 1\n"},
          {"long tag", "a: !" + std::string(mib, 'x') + " 1\n"},
          {"long list", "a: [" + repeated("1,", mib / 2) + "]\n"},
          {"dollars", "state: \"" + repeated("$$", mib / 2) + "\"\n"},
          {"variables", "server:\n  listen: \"" + repeated("${env:HOME}", mib / 11) + "\"\n"},
          {"lines", std::string(mib, '\n')},
          {"spaces", std::string(mib, ' ')},
          {"NUL", std::string(mib, '\0')},
          {"not UTF-8", std::string(mib, '\xff')},
          {"documents", repeated("---\na: 1\n", mib / 9)},
          {"directives", repeated("%YAML 1.2\n", mib / 10)}};
}

TEST(YamlBombs, AreRefusedInTime) {
  Tally tally("generated YAML bombs as integrations.yaml");
  for (const Sample& one : bombs()) {
    SCOPED_TRACE(one.name);
    tally.ran();
    const Stopwatch watch(one.name, one.bytes.size());
    const auto config = parse_config(one.bytes, "suite.yaml", "/");
    ASSERT_FALSE(config);
    expect_placed(config.error());
    tally.refused();
  }
}

}  // namespace
}  // namespace penstock::corpora
