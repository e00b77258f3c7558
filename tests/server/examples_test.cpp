#include "api/examples.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <penstock/json_writer.hpp>
#include <rapidjson/document.h>
#include <unistd.h>

namespace penstock::server {
namespace {

const std::vector<std::string> odd_texts = {
    "plain", "",       "two words", "it's", "'",     "a''b",        "\"double\"",
    "$HOME", "`id`",   "$(id)",     "\\",   "\\n",   "line\nbreak", "\ttab",
    "*?[a]", "~root",  "!1",        "#no",  "%s",    "a;b|c&d",     "ünï → 😀",
    "</a>",  "${x:-}", "\r\n",      "\x01", "{a,b}", "\u2028line",  "trailing ",
};

/// What a command prints.
std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot be run";
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
    out += static_cast<char>(c);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return out;
}

std::vector<std::string> split_at_nul(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

/// The arguments that a shell gives the programs `curl` and `penstock` of a command; behind them
/// the standard input of `-d @-`.
std::vector<std::string> arguments_in_shell(const std::string& command) {
  return split_at_nul(
      output_of("PENSTOCK_API_KEY='the $key'; curl() { printf '%s\\0' \"$@\"; }; "
                "penstock() { printf '%s\\0' \"$@\"; case \"$*\" in *' -d @-') cat ;; esac; };\n" +
                command));
}

ApiInfo some_api() {
  ApiInfo api;
  api.tool = "tool.one";
  api.api = "v1:x";
  return api;
}

TEST(Examples, a_shell_reads_each_word_as_it_was) {
  for (const std::string& text : odd_texts)
    EXPECT_EQ(output_of("printf %s " + shell_word(text)), text) << shell_word(text);
}

TEST(Examples, curl_gets_the_very_envelope) {
  for (const std::string& text : odd_texts) {
    const ExampleCall example{"T",
                              "POST",
                              "/a?b=" + text,
                              R"({"o":)" + json_string(text) + "}",
                              json_string(text),
                              {{"p", text}}};
    const ExampleContext place{"127.0.0.1:80", "tool:" + text, {}};
    EXPECT_EQ(arguments_in_shell(curl_command(some_api(), example, place)),
              (std::vector<std::string>{
                  "-sS", "http://127.0.0.1:80/v1/passthrough/tool.one/v1:x", "-H",
                  "Authorization: Bearer the $key", "-H", "X-Integration-Id: tool:" + text, "-H",
                  "Content-Type: application/json", "-d", example_request(example)}));
  }
}

TEST(Examples, the_command_gets_the_texts_themselves) {
  for (const std::string& text : odd_texts) {
    const ExampleCall example{"T",
                              "POST",
                              "/" + text,
                              R"({"o":)" + json_string(text) + "}",
                              json_string("<" + text),
                              {{"p", text}}};
    const ExampleContext place{"127.0.0.1:80", "tool:" + text, "my " + text};
    EXPECT_EQ(arguments_in_shell(cli_command(some_api(), example, place)),
              (std::vector<std::string>{"call", "-c", "my " + text, "tool.one/v1:x", "POST",
                                        "/" + text, "-i", "tool:" + text, "-o", "o=" + text, "-q",
                                        "p=" + text, "-d", "<" + text}));
  }
}

TEST(Examples, the_command_takes_data_of_every_beginning) {
  const struct {
    const char* data;
    std::vector<std::string> last;
  } rows[] = {
      {R"({"a":[1.50]})", {"-d", R"({"a":[1.50]})"}},
      {R"("{text}")", {"-d", "{text}"}},
      {R"("")", {"-d", ""}},
      {R"("@file")", {"-d", "@-", "@file"}},
      {R"("-x")", {"-d", "@-", "-x"}},
  };
  for (const auto& row : rows) {
    const ExampleCall example{"T", "POST", "/", R"({"n":2,"yes":true})", row.data, {}};
    std::vector<std::string> wanted = {"call", "tool.one/v1:x", "POST", "/",       "-i", "a:b",
                                       "-o",   "n=2",           "-o",   "yes=true"};
    wanted.insert(wanted.end(), row.last.begin(), row.last.end());
    EXPECT_EQ(arguments_in_shell(cli_command(some_api(), example, {"h:1", "a:b", {}})), wanted);
  }
}

TEST(Examples, the_program_gives_the_sdk_the_very_envelope) {
  if (std::system("command -v node >/dev/null") != 0) GTEST_SKIP() << "there is no node";
  ExampleCall example{"T", "POST", "/'\"", R"({"o":"`${1}`"})", {}, {}};
  std::vector<Field> data;
  for (std::size_t i = 0; i < odd_texts.size(); ++i) {
    example.params.push_back({"p" + std::to_string(i) + odd_texts[i], odd_texts[i]});
    data.push_back({odd_texts[i], odd_texts[i]});
  }
  example.data = options(data);
  std::string program = typescript_program(some_api(), example, {"h:1", "a:'\"`${1}\\", {}});
  const std::string import = "import { Kombo } from \"@kombo-api/sdk\";";
  ASSERT_TRUE(program.starts_with(import));
  program.replace(0, import.size(),
                  "class Kombo { constructor(options) { this.general = { sendPassthroughRequest: "
                  "(request) => ({ data: { options, request } }) }; } }");
  const auto file = std::filesystem::temp_directory_path() /
                    ("penstock-example-" + std::to_string(::getpid()) + ".mjs");
  std::ofstream(file) << program;
  rapidjson::Document given, wanted;
  given.Parse(output_of("PENSTOCK_API_KEY=k node " + file.string()));
  std::filesystem::remove(file);
  ASSERT_TRUE(given.IsObject());
  EXPECT_STREQ(given["options"]["api_key"].GetString(), "k");
  EXPECT_STREQ(given["options"]["integration_id"].GetString(), "a:'\"`${1}\\");
  EXPECT_STREQ(given["options"]["server_url"].GetString(), "http://h:1/v1");
  EXPECT_STREQ(given["request"]["tool"].GetString(), "tool.one");
  EXPECT_STREQ(given["request"]["api"].GetString(), "v1:x");
  wanted.Parse(example_request(example));
  ASSERT_TRUE(wanted.IsObject());
  EXPECT_EQ(given["request"]["body"], wanted);
}

TEST(Examples, are_for_an_integration_that_the_api_can_be_called_for) {
  const ExampleContextOf place =
      example_contexts("h:1", {{"t:off", "t", false, {"t/a"}, "disabled"},
                               {"t:other", "t", true, {"t/b"}, "ok"},
                               {"t:one", "t", true, {"t/a", "t/b"}, "ok"}});
  const std::pair<const char*, std::string> rows[] = {
      {"a", "t:one"}, {"b", "t:other"}, {"c", std::string(some_integration)}};
  for (const auto& [name, integration] : rows) {
    ApiInfo api;
    api.tool = "t";
    api.api = name;
    EXPECT_EQ(place(api).integration, integration) << name;
    EXPECT_EQ(place(api).address, "h:1");
  }
}

TEST(Examples, go_to_an_address_that_can_be_reached) {
  const std::pair<const char*, const char*> rows[] = {{"127.0.0.1:8080", "127.0.0.1:8080"},
                                                      {"0.0.0.0:80", "127.0.0.1:80"},
                                                      {"[::]:80", "[::1]:80"},
                                                      {"[::1]:80", "[::1]:80"},
                                                      {"host.example:80", "host.example:80"}};
  for (const auto& [listen, wanted] : rows)
    EXPECT_EQ(reachable(listen), wanted);
}

}  // namespace
}  // namespace penstock::server
