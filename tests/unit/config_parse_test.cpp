#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <penstock/config.hpp>

namespace penstock {
namespace {

const std::string head =
    "server:\n  api_keys:\n    - { name: local, key: k }\nplugins:\n  directory: plugins\n";

std::vector<std::string> problems_of(const std::string& yaml) {
  const auto config = parse_config(yaml, "f", "/etc/penstock");
  std::vector<std::string> out;
  if (config) return out;
  for (const ConfigProblem& problem : config.error())
    out.push_back(problem.text());
  return out;
}

struct ProblemCase {
  std::string yaml;
  std::vector<std::string> problems;
};

TEST(ParseConfig, tells_every_problem_with_line_and_column) {
  const ProblemCase cases[] = {
      {head, {}},
      {head + "integrations:\n  - id: a:b\n    tool: hibob\n    conection: {}\n",
       {"f:9:5: an integration has no key \"conection\"; did you mean \"connection\"?"}},
      {head + "integrations:\n  - id: a\n    tool: t\n  - id: a\n    tool: t\n",
       {"f:9:9: there is another integration with the id \"a\" on line 7"}},
      {head + "integrations:\n  - tool: t\n", {"f:7:5: an integration needs id"}},
      {head + "integrations:\n  - ", {"f:7:1: an integration must be a map, not nothing"}},
      {head + "integrations: {}\n", {"f:6:15: integrations must be a list, not a map"}},
      {head + "integrations:\n  - id: a\n    tool: t\n    enabled: yes\n",
       {"f:9:14: enabled must be true or false"}},
      {head + "integrations:\n  - id: a\n    tool: t\n    max_in_flight: 0\n",
       {"f:9:20: max_in_flight must be a whole number from 1 to 1000000"}},
      {head + "integrations:\n  - id: a\n    tool: t\n    connection: { x: [1] }\n",
       {"f:9:22: connection.x must be a value, not a list"}},
      {head + "upstream:\n  timeout_ms: 1e3\n",
       {"f:7:15: timeout_ms must be a whole number from 1 to 3600000"}},
      {head + "upstream:\n  connect_to: nowhere\n", {"f:7:15: connect_to must be HOST:PORT"}},
      {head + "plugins:\n  directory: x\n", {"f:6:1: \"plugins\" occurs twice; first on line 4"}},
      {head + "x: &a 1\ny: *a\n",
       {"f:6:1: the configuration has no key \"x\"; it has server, plugins, state, upstream, "
        "integrations",
        "f:6:4: anchors are not supported",
        "f:7:1: the configuration has no key \"y\"; it has server, plugins, state, upstream, "
        "integrations",
        "f:7:4: aliases are not supported; write the value again"}},
      {head + "state: !!str x\n", {"f:6:8: tags are not supported"}},
      {head + "---\na: b\n", {"f:7:1: only one document is allowed"}},
      {"server:\n  api_keys: []\n  listen: 8080\nplugins: { directory: x }\n",
       {"f:2:3: server.api_keys needs at least one key", "f:3:11: listen must be HOST:PORT"}},
      {"server:\n  api_keys:\n    - { name: a, key: k, key_sha256: zz }\nplugins: { directory: x "
       "}\n",
       {"f:3:7: an API key needs either key or key_sha256",
        "f:3:38: key_sha256 must be 64 lower-case hex digits"}},
      {head + "integrations:\n  - id: 'bad id'\n    tool: t\n",
       {"f:7:9: id must be letters, digits and . _ : -, at most 128 of them"}},
  };
  for (const ProblemCase& one : cases)
    EXPECT_EQ(problems_of(one.yaml), one.problems) << one.yaml;
}

TEST(ParseConfig, tells_a_syntax_error_and_nothing_that_follows_from_it) {
  const std::string integrations = head + "integrations:\n";
  const ProblemCase cases[] = {
      {"server:\n\tapi_keys: [{ name: a, key: k }]\nplugins: { directory: x }\n",
       {"f:2:1: is not valid YAML: a tab indents this line; YAML allows only spaces there"}},
      {integrations + "  - id: a\n\ttool: t\n",
       {"f:8:1: is not valid YAML: a tab indents this line; YAML allows only spaces there"}},
      {integrations + "  - id: a\n    tool: t\n    connection:\n\t  token: t\n",
       {"f:10:1: is not valid YAML: a tab indents this line; YAML allows only spaces there"}},
      {"server:\n  listen: 1:1\n api_keys: []\n",
       {"f:3:2: is not valid YAML: the indentation of this line matches no line above; indent the "
        "keys of one map, and the dashes of one list, alike"}},
      {integrations + "  - id: a\n   tool: t\n",
       {"f:8:4: is not valid YAML: the indentation of this line matches no line above; indent the "
        "keys of one map, and the dashes of one list, alike"}},
      {integrations + "  - id: a\n  tool: t\n",
       {"f:8:3: is not valid YAML: the indentation of this line matches no line above; indent the "
        "keys of one map, and the dashes of one list, alike"}},
      {integrations + "  - id: a\n    tool: t\n    connection:\n      x: a: b\n",
       {"f:10:11: is not valid YAML: a second colon followed by a space; put the value that "
        "contains it in quotes"}},
      {integrations + "  - id: a\n    tool: \"t\n    enabled: true\n",
       {"f:8:5: is not valid YAML: a quote is not closed; the value that it opens begins on line "
        "8"}},
      {head + "state: 'a'b\n",
       {"f:6:11: is not valid YAML: there is more text after the end of a value; put all of it in "
        "one pair of quotes"}},
      {head + "state: @a\n",
       {"f:6:8: is not valid YAML: no value begins with this character; put the value in quotes"}},
      // What is whole before the error is read.
      {integrations + "  - id: a\n  - id: b\n    tool: t\n   enabled: true\n",
       {"f:7:5: an integration needs tool",
        "f:10:4: is not valid YAML: the indentation of this line matches no line above; indent the "
        "keys of one map, and the dashes of one list, alike"}},
  };
  for (const ProblemCase& one : cases)
    EXPECT_EQ(problems_of(one.yaml), one.problems) << one.yaml;
}

TEST(ParseConfig, suggests_the_placeholder_that_was_meant) {
  const std::pair<const char*, const char*> cases[] = {
      {"${evn:FOO}", "did you mean ${env:NAME}?"},
      {"${ENV:HUNTER2}", "did you mean ${env:NAME}?"},
      {"${evn:hunter2}", "did you mean ${env:NAME}?"},
      {"${flie:/run/secrets/x}", "did you mean ${file:/path}?"},
      {"x${env:FOO", "a ${ is not closed; its } is missing"},
      {"${env:FOO:default}", "write a default as ${env:NAME:-default}"},
      {"${env:FOO:-${env:BAR}}", "contains a ${…}, which is not replaced there"},
  };
  for (const auto& [value, says] : cases) {
    const auto problems = problems_of(head + "state: '" + value + "'\n");
    ASSERT_EQ(problems.size(), 1U) << value;
    EXPECT_NE(problems[0].find(says), std::string::npos) << problems[0];
    EXPECT_EQ(problems[0].find("hunter2"), std::string::npos) << problems[0];
    EXPECT_EQ(problems[0].find("HUNTER2"), std::string::npos) << problems[0];
  }
}

TEST(ParseConfig, refuses_a_line_break_at_the_end_of_any_value) {
  for (const char* key : {"state", "server", "environment"}) {
    const std::string name(key);
    const auto problems = problems_of(
        name == "state" ? head + "state: \"s\\n\"\n"
        : name == "server"
            ? "server:\n  listen: \"127.0.0.1:1\\n\"\n  api_keys: [{ name: a, key: k }]\n"
              "plugins: { directory: x }\n"
            : "server:\n  environment_id: \"a\\n\"\n  api_keys: [{ name: a, key: k }]\n"
              "plugins: { directory: x }\n");
    ASSERT_EQ(problems.size(), 1U) << name;
    EXPECT_NE(problems[0].find("ends with a line break"), std::string::npos) << problems[0];
  }
}

TEST(ParseConfig, shows_nothing_of_a_placeholder_that_it_does_not_understand) {
  for (const char* value : {"pa${hunter2}x", "${env:hunter2!}", "${env:hunter2 :-x}", "$hunter2",
                            "x${hunter2", "${files:hunter2}"}) {
    const auto problems = problems_of(head +
                                      "integrations:\n  - id: a\n    tool: t\n    connection: "
                                      "{ password: '" +
                                      value + "' }\n");
    ASSERT_EQ(problems.size(), 1U) << value;
    EXPECT_EQ(problems[0].find("hunter2"), std::string::npos) << problems[0];
    EXPECT_EQ(problems[0].find("f:9:29: connection.password: "), 0U) << problems[0];
  }
}

TEST(ParseConfig, takes_only_api_keys_that_a_header_can_bring) {
  const std::pair<const char*, const char*> cases[] = {
      {"\"dev\\r\"", "carriage return"},         {"\"dev\\n\"", "ends with a line break"},
      {"\" dev\"", "begins with whitespace"},    {"\"a b\"", "visible ASCII"},
      {"\"\\uFEFFdev\"", "byte order mark"},     {"\"dev\\u200b\"", "invisible"},
      {"\"p\xC3\xA4ss\"", "visible ASCII"},      {"\"\"", "empty"},
      {"\"dev\\u00a0\"", "whitespace (U+00A0)"},
  };
  for (const auto& [key, says] : cases) {
    const auto problems = problems_of(std::string("server:\n  api_keys:\n    - { name: a, key: ") +
                                      key + " }\nplugins: { directory: x }\n");
    ASSERT_EQ(problems.size(), 1U) << key;
    EXPECT_NE(problems[0].find(says), std::string::npos) << key << ": " << problems[0];
    EXPECT_EQ(problems[0].find("dev"), std::string::npos) << problems[0];
  }
}

TEST(ParseConfig, has_a_place_for_the_problem_of_a_file_without_a_document) {
  for (const char* yaml : {"", "\n\n", "# later\n"}) {
    const std::vector<std::string> problems = problems_of(yaml);
    ASSERT_FALSE(problems.empty()) << yaml;
    EXPECT_EQ(problems.front(), "f:1:1: the configuration must be a map, not nothing") << yaml;
  }
}

TEST(ParseConfig, shows_what_stands_in_the_file_and_not_what_it_stands_for) {
  ::setenv("PENSTOCK_TEST_SECRET", "s3cret", 1);
  EXPECT_EQ(problems_of("plugins: { directory: x }\nserver:\n  api_keys: [{ name: a, key: k }]\n"
                        "  allowed_networks: ['${env:PENSTOCK_TEST_SECRET}']\n"),
            std::vector<std::string>{
                "f:4:22: \"${env:PENSTOCK_TEST_SECRET}\" is not a network like 10.0.0.0/8"});
}

TEST(ParseConfig, reads_everything_into_its_place) {
  const auto config = parse_config(
      "server:\n  listen: '[::1]:0'\n  environment_id: test\n  threads: 2\n  max_request_bytes: "
      "1000\n"
      "  allowed_networks: [10.0.0.0/8, '::1']\n  api_keys:\n    - { name: a, key: k, "
      "calls_per_second: 5 }\n"
      "plugins: { directory: ../lib }\nstate: var\nupstream: { timeout_ms: 1000, "
      "max_connections: 8, max_queued_calls: 0 }\n"
      "integrations:\n  - id: w:a\n    tool: workday\n    enabled: false\n    max_in_flight: 3\n"
      "    connection: { tenant: acme, port: 012, flag: no }\n    upstream: { connect_to: "
      "'127.0.0.1:1', ca_file: ca.pem, extra_ca_file: more.pem }\n",
      "f", "/etc/penstock");
  ASSERT_TRUE(config.has_value()) << config.error().front().text();
  EXPECT_EQ(config->server.listen, "[::1]:0");
  EXPECT_EQ(config->server.threads, 2);
  EXPECT_EQ(config->server.api_keys.at(0).calls_per_second, 5);
  EXPECT_EQ(config->plugins.directory, "/etc/lib");
  EXPECT_EQ(config->state, "/etc/penstock/var");
  const IntegrationConfig& integration = config->integrations.at(0);
  EXPECT_FALSE(integration.enabled);
  EXPECT_EQ(integration.max_in_flight, 3);
  EXPECT_EQ(integration.connection.at(1).value.reveal(), "012");
  EXPECT_EQ(integration.connection.at(2).value.reveal(), "no");
  EXPECT_EQ(config->upstream.max_connections, 8U);
  EXPECT_EQ(config->upstream.max_queued_calls, 0U);
  EXPECT_EQ(*integration.upstream.ca_file, "/etc/penstock/ca.pem");
  EXPECT_EQ(*integration.upstream.extra_ca_file, "/etc/penstock/more.pem");
}

struct InterpolationCase {
  const char* text;
  const char* value;  ///< null: a problem
  const char* problem;
};

TEST(Interpolation, puts_in_text_and_never_yaml) {
  ::setenv("PENSTOCK_TEST_SET", "a: [b, $c] # d", 1);
  ::setenv("PENSTOCK_TEST_EMPTY", "", 1);
  ::unsetenv("PENSTOCK_TEST_UNSET");
  const auto folder =
      std::filesystem::temp_directory_path() / ("penstock-config-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "secret") << "s3cret\n";
  const InterpolationCase cases[] = {
      {"${env:PENSTOCK_TEST_SET}", "a: [b, $c] # d", ""},
      {"x${env:PENSTOCK_TEST_UNSET:-y}z", "xyz", ""},
      {"${env:PENSTOCK_TEST_EMPTY:-y}", "y", ""},
      {"${env:PENSTOCK_TEST_UNSET:-}", "", ""},
      {"${file:secret}", "s3cret", ""},
      {"$${env:X} costs 5$$", "${env:X} costs 5$", ""},
      {"${env:PENSTOCK_TEST_UNSET}", nullptr, "PENSTOCK_TEST_UNSET is not set"},
      {"${file:absent}", nullptr, "absent cannot be read: No such file or directory"},
      {"${file:.}", nullptr, "cannot be read: Is a directory"},
      {"${env:NOT A NAME}", nullptr, "is not valid for an environment variable"},
      {"${other:x}", nullptr, "neither"},
      {"$HOME", nullptr, "write $$"},
      {"${env:X", nullptr, "write $$"},
  };
  for (const InterpolationCase& one : cases) {
    const auto config = parse_config(
        head + "integrations:\n  - id: a\n    tool: t\n    connection: { v: '" + one.text + "' }\n",
        "f", folder);
    ASSERT_EQ(config.has_value(), one.value != nullptr) << one.text;
    if (one.value != nullptr) {
      EXPECT_EQ(config->integrations.at(0).connection.at(0).value.reveal(), one.value) << one.text;
    } else {
      EXPECT_NE(config.error().at(0).text().find(one.problem), std::string::npos)
          << config.error().at(0).text();
      EXPECT_EQ(config.error().at(0).at.line, 9);
    }
  }
  std::filesystem::remove_all(folder);
}

TEST(ParseConfig, has_a_place_for_problems_of_a_file_without_anything) {
  for (const char* nothing : {"", "\n\n", "# later\n", "---\n...\n", "%YAML 1.2\n"}) {
    const std::vector<std::string> problems = problems_of(nothing);
    EXPECT_FALSE(problems.empty()) << nothing;
    for (const std::string& problem : problems)
      EXPECT_FALSE(problem.starts_with("f:0:")) << problem;
  }
}

TEST(ParseConfig, refuses_a_value_whose_quote_was_cut_off) {
  for (const char* end : {"\"build/st", "\"build/st\n", "\"build/st\n\n", "'build/st\n  "}) {
    const std::vector<std::string> problems = problems_of(head + "state: " + end);
    ASSERT_FALSE(problems.empty()) << end;
    EXPECT_NE(problems[0].find("is not valid YAML"), std::string::npos) << problems[0];
  }
  // What may stand at the end of a file stays what it was.
  for (const char* end :
       {"s", "s ", "s\n", "\"s\"\n", "|-\n  s\n", "|\n  s", "s\n...\n", "s # c\n"}) {
    const auto config = parse_config(head + "state: " + end, "f", "/etc");
    ASSERT_TRUE(config) << end << config.error()[0].text();
    EXPECT_EQ(config->state, "/etc/s") << end;
  }
}

TEST(ParseConfig, quotes_nothing_of_what_is_no_yaml) {
  for (const char* secret : {"*c4n4ry", "\"a\\c\"", "\"\\ud834\""}) {
    const std::vector<std::string> problems = problems_of(head + "state: " + secret);
    ASSERT_FALSE(problems.empty()) << secret;
    const std::size_t why = problems[0].find("is not valid YAML: ");
    ASSERT_NE(why, std::string::npos) << problems[0];
    EXPECT_EQ(problems[0].find(':', why + 18), std::string::npos) << problems[0];
    EXPECT_EQ(problems[0].find("c4n4ry"), std::string::npos) << problems[0];
  }
}

/// Four times as much is read in about four times the processor's time; square would be sixteen.
template <class Make, class ProbeResult>
void expect_linear_time(int size, Make make, ProbeResult check) {
  const auto spent = [&](int count) {
    const std::string yaml = make(count);
    const std::clock_t began = std::clock();
    check(problems_of(yaml), count);
    return static_cast<double>(std::clock() - began);
  };
  const double quarter = spent(size / 4);
  EXPECT_LT(spent(size), 9 * quarter);
}

TEST(ParseConfig, reads_many_keys_in_linear_time) {
  expect_linear_time(
      100'000,
      [](int count) {
        std::string yaml = head;
        for (int i = 0; i < count; ++i)
          yaml += "k" + std::to_string(i) + ": 1\n";
        return yaml;
      },
      [](const auto& problems, int count) {
        EXPECT_EQ(problems.size(), static_cast<std::size_t>(count));
      });
}

TEST(ParseConfig, reads_a_long_line_in_linear_time) {
  expect_linear_time(
      200'000,
      [](int count) {
        std::string yaml = head + "x: {";
        for (int i = 0; i < count; ++i)
          yaml += " \"é" + std::to_string(i) + "\": 1,";
        return yaml + " }\n";
      },
      [](const auto& problems, int) { EXPECT_EQ(problems.size(), 1U); });
}

TEST(ParseConfig, ends_quickly_on_bombs) {
  std::string aliases = "a0: &a0 x\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = std::to_string(i - 1);
    aliases += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + before + ", *a" +
               before + "]\n";
  }
  EXPECT_FALSE(problems_of(aliases).empty());
  EXPECT_FALSE(problems_of("a: &x [*x]\n").empty());
  EXPECT_FALSE(problems_of(std::string(100'000, '[')).empty());
  EXPECT_FALSE(problems_of(std::string(100'000, '{')).empty());
  EXPECT_FALSE(problems_of(std::string("\0\0\0", 3)).empty());
}

}  // namespace
}  // namespace penstock
