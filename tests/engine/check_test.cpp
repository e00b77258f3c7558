// Everything that is wrong in a configuration, its connections and its plugins, at once.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <penstock/check.hpp>
#include <penstock/engine.hpp>

namespace penstock {
namespace {

/// A folder of its own, in which each test writes its configuration and puts its plugins.
class CheckConfig : public ::testing::Test {
 protected:
  CheckConfig() {
    folder =
        std::filesystem::temp_directory_path() / ("penstock-check-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder / "lib");
    ::unsetenv("PENSTOCK_TEST_UNSET");
  }
  ~CheckConfig() override { std::filesystem::remove_all(folder); }

  void put(const std::string& plugin) const {
    std::filesystem::copy_file(PENSTOCK_BINARY_DIR "/plugins/" + plugin + ".so",
                               folder / "lib" / (plugin + ".so"));
  }

  ConfigProblems check(const std::string& yaml) const {
    std::ofstream(folder / "f") << yaml;
    return check_config(folder / "f");
  }

  /// The problems' texts, with DIR for the folder.
  std::vector<std::string> texts(const std::string& yaml) const {
    std::vector<std::string> out;
    for (const ConfigProblem& problem : check(yaml)) {
      std::string text = problem.text();
      for (std::size_t at = 0; (at = text.find(folder.string())) != std::string::npos;)
        text.replace(at, folder.string().size(), "DIR");
      out.push_back(std::move(text));
    }
    return out;
  }

  std::filesystem::path folder;
};

using Texts = std::vector<std::string>;

const std::string head =
    "server: { api_keys: [{ name: a, key: k }] }\nplugins: { directory: " PENSTOCK_BINARY_DIR
    "/plugins }\nintegrations:\n";

TEST_F(CheckConfig, tells_problems_of_every_kind_at_once) {
  put("hibob");
  put("taleo");
  std::filesystem::resize_file(folder / "lib/taleo.so", 3000);
  std::ofstream(folder / "lib/text.so") << "not a library";
  EXPECT_EQ(
      texts("server:\n"
            "  listn: 127.0.0.1:1\n"                                          // 2: unknown key
            "  api_keys: [{ name: a, key: '${env:PENSTOCK_TEST_UNSET}' }]\n"  // 3
            "plugins: { directory: lib }\n"
            "upstream: { ca_file: absent.pem }\n"  // 5: environment
            "x: &anchor 1\n"                       // 6: two
            "integrations:\n"
            "  - id: one\n"
            "    tool: hibbob\n"  // 9: no such tool
            "    enabled: yes\n"  // 10: wrong type
            "  - id: two\n"
            "    tool: hibob\n"
            "    connection: { service_user_id: S, tokn: t }\n"  // 13: not "token missing"
            "  - id: two\n"                                      // 14: duplicate
            "    tool: hibob\n"
            "    connection: { service_user_id: S, token: *anchor }\n"  // 16: alias
            "  - id: three\n"
            "    tool: hibob\n"
            "    conection: {}\n"  // 19: not "incomplete"
            "  - id: four\n"
            "    tool: taleo\n"  // its plugin is broken
            "    connection: { whatever: x }\n"
            "  - id: five\n"
            "    tool: hibob\n"
            "    upstream: { extra_ca_file: also-absent.pem }\n"  // 25
            "    connection: { service_user_id: S }\n"),          // 26: incomplete
      (Texts{
          "DIR/f:2:3: server has no key \"listn\"; did you mean \"listen\"?",
          "DIR/f:3:30: key: the environment variable PENSTOCK_TEST_UNSET is not set; set it, "
          "or write ${env:PENSTOCK_TEST_UNSET:-default}",
          "DIR/f:5:22: upstream.ca_file DIR/absent.pem cannot be read: No such file or "
          "directory",
          "DIR/f:6:1: the configuration has no key \"x\"; it has server, plugins, state, upstream, "
          "integrations",
          "DIR/f:6:4: anchors are not supported",
          "DIR/f:9:11: unknown tool \"hibbob\"; did you mean \"hibob\"?",
          "DIR/f:10:14: enabled must be true or false",
          "DIR/f:13:39: tool hibob has no connection field \"tokn\"; did you mean \"token\"?",
          "DIR/f:14:9: there is another integration with the id \"two\" on line 11",
          "DIR/f:16:46: aliases are not supported; write the value again",
          "DIR/f:19:5: an integration has no key \"conection\"; did you mean \"connection\"?",
          "DIR/f:25:32: upstream.extra_ca_file DIR/also-absent.pem cannot be read: No such file or "
          "directory",
          "DIR/f:26:17: the connection lacks required fields of every API of hibob; missing: token "
          "(hibob/v1), hire_service_user_id (hibob/hire), hire_token (hibob/hire), hire_base_url "
          "(hibob/hire), token (hibob/docs)",
          "DIR/lib/taleo.so: it is truncated or malformed",
          "DIR/lib/text.so: it is not an ELF file",
      }));
}

struct Case {
  std::string integrations;
  Texts problems;
};

TEST_F(CheckConfig, does_not_tell_what_follows_from_a_problem) {
  const Case cases[] = {
      {"  - id: a\n    tool: hibob\n    connection: { service_user_id: S, token: "
       "'${env:PENSTOCK_TEST_UNSET}' "
       "}\n",
       {"DIR/f:6:46: connection.token: the environment variable PENSTOCK_TEST_UNSET is not set; "
        "set it, "
        "or write ${env:PENSTOCK_TEST_UNSET:-default}"}},
      {"  - id: a\n    toool: hibob\n",
       {"DIR/f:5:5: an integration has no key \"toool\"; did you mean \"tool\"?"}},
      {"  - id: a\n    tool: [hibob]\n    connection: { x: 1 }\n",
       {"DIR/f:5:11: tool must be a value, not a list"}},
      {"  - id: a\n    tool: hibob\n    connection: [x]\n",
       {"DIR/f:6:17: connection must be a map, not a list"}},
      {"  - id: a\n    tool: hibob\n    connection:\n  - id: b\n    tool: hibob\n",
       {"DIR/f:6:5: connection must be a map, not nothing",
        "DIR/f:7:5: the connection lacks required fields of every API of hibob; missing: "
        "service_user_id (hibob/v1), token (hibob/v1), hire_service_user_id (hibob/hire), "
        "hire_token (hibob/hire), hire_base_url (hibob/hire), service_user_id (hibob/docs), token "
        "(hibob/docs)"}},
      {"  - id: a\n    tool: hibob\n    connection: { service_user_id: S, token: t, token: u }\n",
       {"DIR/f:6:49: \"token\" occurs twice; first on line 6"}},
      {"  - id: a\n    tool: hibob\n    connection: { service_user_id: S, token: t, environment: "
       "api.sandbx }\n",
       {"DIR/f:6:62: connection.environment must be one of \"api\", \"api.sandbox\"; did you mean "
        "\"api.sandbox\"?"}},
      // Behind a syntax error nothing is seen; what stands complete before it is.
      {"  - id: a\n    tool: hibbob\n  - id: b\n    tool: nmbs\n    connection: { x: 1, ]\n",
       {"DIR/f:5:11: unknown tool \"hibbob\"; did you mean \"hibob\"?",
        "DIR/f:8:25: is not valid YAML: this bracket has no opening bracket; close each { with } "
        "and each [ with ]"}},
  };
  for (const Case& one : cases)
    EXPECT_EQ(texts(head + one.integrations), one.problems) << one.integrations;
}

TEST_F(CheckConfig, names_the_key_that_was_meant_and_where_the_word_ends) {
  const ConfigProblems problems =
      check(head + "  - id: a\n    tol: x\n    enabled: nö\n  - 'é€😀': { q: 1 }\n");
  ASSERT_EQ(problems.size(), 5U);
  EXPECT_EQ(problems[0].suggestion, "tool");
  EXPECT_EQ(problems[0].at.length, 3);
  EXPECT_EQ(problems[1].at.column, 14);
  EXPECT_EQ(problems[1].at.length, 2);  // characters, not bytes
  EXPECT_EQ(problems[1].suggestion, "");
  EXPECT_EQ(problems[2].message, "an integration has no key ***; it has id, tool, enabled, "
                                 "connection, upstream, max_in_flight");
  EXPECT_EQ(problems[2].at.column, 5);
  EXPECT_EQ(problems[2].at.length, 5);
}

TEST_F(CheckConfig, names_the_plugin_and_the_pointer_into_its_manifest) {
  put("hibob");
  std::ostringstream bytes;
  bytes << std::ifstream(folder / "lib/hibob.so", std::ios::binary).rdbuf();
  std::string library = bytes.str();
  library.replace(library.find("\"egress\""), 8, "\"egresz\"");
  std::ofstream(folder / "lib/hibob.so", std::ios::binary) << library;
  EXPECT_EQ(
      texts("server: { api_keys: [{ name: a, key: k }] }\nplugins: { directory: lib }\n"
            "integrations: [{ id: a, tool: hibob, connection: { token: t } }, { tool: x }]\n"),
      (Texts{
          "DIR/f:3:66: an integration needs id", "DIR/f:3:74: unknown tool \"x\"",
          "DIR/lib/hibob.so: its manifest (manifest.json:1:1): \"egress\" must name at least one "
          "origin",
          "DIR/lib/hibob.so: its manifest at /egresz (manifest.json:7:13): is not a known member; "
          "did you mean \"egress\"?"}));
}

TEST_F(CheckConfig, never_loads_plugins_past_pins_that_it_cannot_read) {
  put("hibob");
  const std::string server = "server: { api_keys: [{ name: a, key: k }] }\n";
  const std::string wanted = "integrations: [{ id: a, tool: none }]\n";
  // Were the folder loaded, the tool would be unknown in it.
  for (const std::string plugins :
       {"plugins: { directory: lib, pins: [x] }\n", "plugins: { directory: lib, pin: {} }\n",
        "plugins: { directory: lib }\nplugins: { pins: { hibob: x } }\n",
        "plugins: { directory: lib, pins: {}, pins: {} }\n"}) {
    const Texts found = texts(server + plugins + wanted);
    ASSERT_EQ(found.size(), 1U) << plugins;
    EXPECT_EQ(found[0].find("unknown tool"), std::string::npos) << found[0];
  }
  EXPECT_EQ(texts(server + "plugins:\n  directory: lib\n  pins: { hibob: abc }\n" +
                  "integrations: [{ id: a, tool: hibob }]\n"),
            (Texts{"DIR/f:4:18: a pin must be 64 lower-case hex digits (sha256sum)"}));
  const std::string zeros(64, '0');
  const Texts found = texts(server + "plugins:\n  directory: lib\n  pins:\n    hibob: '" + zeros +
                            "'\n    gone: '" + zeros + "'\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_TRUE(found[0].starts_with("DIR/f:5:12: plugin DIR/lib/hibob.so has sha256 ")) << found[0];
  EXPECT_EQ(found[1], "DIR/f:6:11: plugins.pins names gone, which is not in plugins.directory");
}

TEST_F(CheckConfig, places_what_the_environment_lacks) {
  std::ofstream(folder / "file") << "x";
  EXPECT_EQ(texts("server:\n  api_keys: [{ name: a, key_sha256: abc }]\n  listen: 80\n"
                  "  allowed_networks: [10.0.0.0/33]\n"
                  "plugins:\n  directory: nowhere\nstate: file/state\n"
                  "integrations:\n  - id: a\n    tool: hibob\n    connection: { token: "
                  "'${file:absent}' }\n"),
            (Texts{"DIR/f:2:37: key_sha256 must be 64 lower-case hex digits",
                   "DIR/f:3:11: listen must be HOST:PORT",
                   "DIR/f:4:22: \"10.0.0.0/33\" is not a network like 10.0.0.0/8",
                   "DIR/f:6:14: plugins.directory DIR/nowhere cannot be read: No such file or "
                   "directory",
                   "DIR/f:7:8: state: a file has the name of the folder",
                   "DIR/f:11:26: connection.token: the file DIR/absent cannot be read: No such "
                   "file or directory"}));
  EXPECT_EQ(check_config(folder / "none").at(0).text(),
            (folder / "none").string() + ": cannot be read: No such file or directory");
  EXPECT_EQ(check_config(folder).at(0).text(),
            folder.string() + ": cannot be read: Is a directory");
  EXPECT_EQ(check_config("/dev/null").at(0).text(),
            "/dev/null:1:1: the configuration must be a map, not nothing");
}

std::string pem_of(EVP_PKEY* key, bool with_passphrase = false) {
  BIO* const bio = BIO_new(BIO_s_mem());
  char passphrase[] = "hunter2";
  PEM_write_bio_PrivateKey(bio, key, with_passphrase ? EVP_aes_256_cbc() : nullptr,
                           with_passphrase ? reinterpret_cast<unsigned char*>(passphrase) : nullptr,
                           with_passphrase ? 7 : 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string out(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  EVP_PKEY_free(key);
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

TEST_F(CheckConfig, parses_private_keys) {
  const std::string good = pem_of(EVP_RSA_gen(2048));
  std::string damaged = good;
  damaged.replace(damaged.find('\n') + 1, 4, "MIIA");
  const std::pair<std::string, const char*> cases[] = {
      {good, ""},
      {replaced(good, "\n", "\r\n"), ""},
      {pem_of(EVP_RSA_gen(1024)), "1024 bits; at least 2048"},
      {pem_of(EVP_EC_gen("P-256")), "elliptic curve"},
      {pem_of(EVP_RSA_gen(2048), true), "passphrase"},
      {replaced(good, "\n", "\\n"), "line breaks written as \\n"},
      {replaced(good.substr(0, good.size() - 1), "\n", " "), "on one line"},
      {damaged, "no private key can be read"},
      {"-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n", "certificate"},
      {"-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----\n", "public key"},
      {good + "\n", ""},
      {good + "\n\n", "ends with a line break"},
  };
  for (const auto& [key, says] : cases) {
    std::ofstream(folder / "key.pem") << key;
    const Texts found = texts(
        head + "  - id: a\n    tool: workday\n    connection: { domain: "
               "wd5-impl-services1.workday.com, tenant: acme, client_id: c, grant: jwt_bearer, "
               "isu: u, private_key: '${file:key.pem}' }\n");
    ASSERT_EQ(found.size(), *says == '\0' ? 0U : 1U) << says << ": " << found.at(0);
    if (found.empty()) continue;
    EXPECT_NE(found[0].find("connection.private_key "), std::string::npos) << found[0];
    EXPECT_NE(found[0].find(says), std::string::npos) << found[0];
  }
}

TEST_F(CheckConfig, has_one_rule_for_every_secret) {
  const std::pair<const char*, const char*> cases[] = {
      {"hunter2", ""},
      {"hunter2\n", ""},
      {"hunter2\r\n", ""},
      {"hunter2\n\n", "ends with a line break"},
      {"\xEF\xBB\xBFhunter2", "byte order mark"},
      {"hunter2\xC2\xA0", "U+00A0"},
      {"hunter2\xE2\x80\x8B", "U+200B"},
      {"hunter2\r", "carriage return"},
      {"h\xFCnter2", "not UTF-8"},
      {" hunter2", "begins with whitespace"},
  };
  for (const auto& [content, says] : cases) {
    std::ofstream(folder / "secret") << content;
    for (const std::string written : {"${file:secret}", "${env:PENSTOCK_TEST_SECRET}"}) {
      const bool from_file = written.starts_with("${file");
      if (!from_file && *says == '\0' && std::string(content).ends_with('\n')) continue;
      ::setenv("PENSTOCK_TEST_SECRET", content, 1);
      const Texts found = texts(head +
                                "  - id: a\n    tool: hibob\n    connection: { "
                                "service_user_id: S, token: '" +
                                written + "' }\n");
      ASSERT_EQ(found.size(), *says == '\0' ? 0U : 1U) << written << " " << content;
      if (found.empty()) continue;
      EXPECT_EQ(found[0].find("DIR/f:6:46: connection.token "), 0U) << found[0];
      EXPECT_NE(found[0].find(says), std::string::npos) << found[0];
      EXPECT_EQ(found[0].find("nter2"), std::string::npos) << found[0];
    }
  }
  ::unsetenv("PENSTOCK_TEST_SECRET");
}

TEST_F(CheckConfig, looks_at_the_key_of_the_state) {
  const std::string postgresql = "state: postgresql://db/penstock\n";
  ::setenv("PENSTOCK_STATE_KEY", "not a key", 1);
  for (const std::string& state : {std::string(), postgresql}) {
    const Texts found = texts(head + "  []\n" + state);
    ASSERT_EQ(found.size(), 1U) << state;
    EXPECT_NE(found[0].find("PENSTOCK_STATE_KEY"), std::string::npos) << found[0];
    EXPECT_EQ(found[0].find("not a key"), std::string::npos) << found[0];
  }
  ::setenv("PENSTOCK_STATE_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", 1);
  EXPECT_EQ(texts(head + "  []\n" + postgresql), Texts{});
  ::unsetenv("PENSTOCK_STATE_KEY");
  EXPECT_EQ(texts(head + "  []\n" + postgresql).size(), 1U);
}

TEST_F(CheckConfig, notes_an_api_key_that_may_be_guessed) {
  const std::pair<std::string, std::size_t> cases[] = {{std::string(15, 'k'), 1},
                                                       {std::string(16, 'k'), 0}};
  for (const auto& [key, count] : cases) {
    check("server: { api_keys: [{ name: a, key: " + key + " }] }\nplugins: { directory: lib }\n");
    const ConfigProblems notes = config_notes(folder / "f");
    ASSERT_EQ(notes.size(), count) << key;
    if (count == 0) continue;
    EXPECT_NE(notes[0].message.find("shorter than 16 characters"), std::string::npos);
    EXPECT_EQ(notes[0].excerpt.text.find("kkk"), std::string::npos) << notes[0].excerpt.text;
  }
}

TEST_F(CheckConfig, names_the_plugins_folder_where_it_holds_none) {
  EXPECT_EQ(texts("server: { api_keys: [{ name: a, key: k }] }\nplugins: { directory: lib }\n"
                  "integrations: [{ id: a, tool: hibob }]\n"),
            (Texts{"DIR/f:3:31: unknown tool \"hibob\"; there is no plugin in DIR/lib"}));
}

TEST_F(CheckConfig, notes_a_dollar_that_stands_for_itself) {
  const std::string yaml = head +
                           "  - id: a\n    tool: hibob\n    connection: { service_user_id: S, "
                           "token: 'pa$$word1' }\n";
  EXPECT_TRUE(check(yaml).empty());
  const ConfigProblems notes = config_notes(folder / "f");
  ASSERT_EQ(notes.size(), 2U);  // the first is about the short API key
  EXPECT_EQ(notes[1].at.line, 6);
  EXPECT_EQ(notes[1].at.column, 46);
  EXPECT_NE(notes[1].message.find("connection.token: $$ means one $"), std::string::npos);
  EXPECT_EQ(notes[1].text().find("word1"), std::string::npos);
  EXPECT_EQ(notes[1].excerpt.text.find("word1"), std::string::npos);
}

TEST_F(CheckConfig, is_the_list_that_open_file_gives) {
  std::ofstream(folder / "file") << "x";
  const std::string yaml =
      head + "  - id: a\n    tool: hibbob\n  - id: b\n    tool: hibob\nstate: file\n";
  const ConfigProblems problems = check(yaml);
  ASSERT_EQ(problems.size(), 3U);
  const auto engine = Engine::open_file(folder / "f");
  ASSERT_FALSE(engine);
  ASSERT_EQ(engine.error().size(), problems.size());
  for (std::size_t i = 0; i < problems.size(); ++i)
    EXPECT_EQ(engine.error()[i].text(), problems[i].text());
  EXPECT_TRUE(check(head + "  []\n").empty());
}

TEST_F(CheckConfig, shows_the_line_and_masks_what_may_be_secret) {
  ::setenv("PENSTOCK_TEST_SECRET", "c4n4ry-env", 1);
  struct Shown {
    std::string integration, line, marked;
  };
  const Shown cases[] = {
      {"    tol: hibob  # c4n4ry\n", "    tol: ***", "tol"},
      {"    tool: hibbob\n", "    tool: hibbob", "hibbob"},
      {"    tool: '${env:PENSTOCK_TEST_SECRET}'\n", "    tool: '${env:PENSTOCK_TEST_SECRET}'",
       "'${env:PENSTOCK_TEST_SECRET}'"},
      {"    tool: hibob\n    connection: { service_user_id: S, tokn: c4n4ry, environment: api }\n",
       "    connection: { service_user_id: S, tokn: ***, environment: api }", "tokn"},
      {"    tool: hibob\n    connection: { token: [c4n4ry], service_user_id: \"S\" }\n",
       "    connection: { token: [***], service_user_id: \"S\" }", ""},
      {"    tool: hibob\n    connection: { token:c4n4ry, service_user_id: S }\n",
       "    connection: { ***, service_user_id: S }", "***"},
      {"    tool: hibob\n    connection: { token: \"c4n4ry\\n\", service_user_id: S }\n",
       "    connection: { token: ***, service_user_id: S }", "***"},
      {"    tool: hibob\n    connection:\n      token: c4n4ry\n        c4n4ry: x\n", "        ***",
       "***"},
      {"    tool: hibob\n    connection: { token: c4n4ry, service_user_id: S }\n    c4n4ry\n",
       "    ***", "***"},
      {"    toool: hibob\n    connection: { token: c4n4ry }\n", "    toool: ***", "toool"},
      {"    tool: hibob\n    connection: { service_user_id: S, token: c4n4ry }\n    token: "
       "c4n4ry\n",
       "    token: ***", "token"},
  };
  for (const Shown& one : cases) {
    const ConfigProblems problems = check(head + "  - id: a\n" + one.integration);
    ASSERT_FALSE(problems.empty()) << one.integration;
    const Excerpt& excerpt = problems[0].excerpt;
    EXPECT_EQ(excerpt.text, one.line) << problems[0].text();
    EXPECT_EQ(excerpt.text.substr(excerpt.begin, excerpt.end - excerpt.begin), one.marked)
        << one.integration;
    for (const ConfigProblem& problem : problems) {
      EXPECT_EQ(problem.text().find("c4n4ry"), std::string::npos) << problem.text();
      EXPECT_EQ(problem.excerpt.text.find("c4n4ry"), std::string::npos) << problem.excerpt.text;
    }
  }
}

}  // namespace
}  // namespace penstock
