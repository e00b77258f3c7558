// What the plugins say of a configuration, with its place in the file.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <penstock/engine.hpp>

namespace penstock {
namespace {

const std::string head =
    "server: { api_keys: [{ name: a, key: k }] }\nplugins: { directory: " PENSTOCK_BINARY_DIR
    "/plugins }\nintegrations:\n";

std::vector<std::string> problems_of(const std::string& integrations) {
  const auto config =
      parse_config(head + integrations, "f", std::filesystem::temp_directory_path());
  std::vector<std::string> out;
  if (!config) {
    for (const ConfigProblem& problem : config.error())
      out.push_back(problem.text());
    return out;
  }
  EngineOptions options;
  options.store = make_memory_store();
  options.threads = 1;
  const auto engine = Engine::open(*config, options);
  if (!engine) {
    for (const ConfigProblem& problem : engine.error())
      out.push_back(problem.text());
  }
  return out;
}

struct Case {
  const char* integrations;
  std::vector<std::string> problems;
};

TEST(ConfigAgainstPlugins, points_at_every_mistake) {
  const Case cases[] = {
      {"  - id: a\n    tool: hibob\n    connection: { service_user_id: S, token: t }\n", {}},
      {"  - id: a\n    tool: hibbob\n",
       {"f:5:11: unknown tool \"hibbob\"; did you mean \"hibob\"?"}},
      {"  - id: a\n    tool: hibob\n    connection:\n      service_user_id: S\n      tokn: t\n     "
       " token: t\n",
       {"f:8:7: tool hibob has no connection field \"tokn\"; did you mean \"token\"?"}},
      {"  - id: a\n    tool: taleo\n    connection: { subdomain: acme.taleo.net, username: u, "
       "password: p }\n",
       {"f:6:30: connection.subdomain does not match ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$; for "
        "example \"acme\""}},
      {"  - id: a\n    tool: hibob\n    connection: { service_user_id: S, token: t, environment: "
       "prod }\n",
       {"f:6:62: connection.environment must be one of \"api\", \"api.sandbox\""}},
      {"  - id: a\n    tool: taleo\n    connection: { subdomain: acme }\n",
       {"f:6:17: the connection lacks required fields of every API of taleo; missing: username "
        "(taleo/soap), password (taleo/soap), company_code (taleo/business), username "
        "(taleo/business), password (taleo/business)"}},
      {"  - id: a\n    tool: workday\n    connection: { domain: workday.com.evil.example, tenant: "
       "t, username: u, password: p }\n",
       {"f:6:27: connection.domain does not match ^([a-z0-9-]+[.])+(my)?workday[.]com$; for "
        "example \"wd5-impl-services1.workday.com\""}},
      {"  - id: a\n    tool: hibob\n    upstream: { ca_file: /absent.pem }\n    connection: { "
       "service_user_id: S, token: t }\n",
       {"f:6:26: upstream.ca_file /absent.pem cannot be read: No such file or directory"}},
  };
  for (const Case& one : cases)
    EXPECT_EQ(problems_of(one.integrations), one.problems) << one.integrations;
}

TEST(ConfigAgainstPlugins, refuses_a_host_that_no_dns_name_can_be) {
  // Accepted, it would fail each call with an engine error instead.
  std::string labels;
  for (int i = 0; i < 60; ++i)
    labels += "abcd.";
  const auto domain = problems_of("  - id: a\n    tool: workday\n    connection: { tenant: t, "
                                  "username: u, password: p, domain: " +
                                  labels + "workday.com }\n");
  ASSERT_FALSE(domain.empty());
  EXPECT_NE(domain[0].find("connection.domain"), std::string::npos) << domain[0];
  const auto hire = problems_of("  - id: a\n    tool: hibob\n    connection: { "
                                "hire_service_user_id: u, hire_token: t, hire_base_url: 'https://" +
                                labels + "hibob.com' }\n");
  ASSERT_FALSE(hire.empty());
  EXPECT_NE(hire[0].find("connection.hire_base_url"), std::string::npos) << hire[0];
}

class PluginFolder : public ::testing::Test {
 protected:
  PluginFolder() {
    folder =
        std::filesystem::temp_directory_path() / ("penstock-plugins-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~PluginFolder() override { std::filesystem::remove_all(folder); }

  void put(const std::string& from, const std::string& to) const {
    std::filesystem::copy_file(PENSTOCK_BINARY_DIR "/plugins/" + from, folder / to);
  }

  /// The first problem of opening an engine on the folder; empty: none.
  std::string problem(const std::string& pins = "") const {
    const auto config = parse_config(
        "server: { api_keys: [{ name: a, key: k }] }\nplugins:\n  directory: " + folder.string() +
            "\n" + pins,
        "f", folder);
    EXPECT_TRUE(config.has_value());
    EngineOptions options;
    options.store = make_memory_store();
    options.threads = 1;
    const auto engine = Engine::open(*config, options);
    return engine ? std::string() : engine.error().front().message;
  }

  std::filesystem::path folder;
};

TEST_F(PluginFolder, loads_what_is_dropped_in) {
  put("hibob.so", "hibob.so");
  EXPECT_EQ(problem(), "");
}

TEST_F(PluginFolder, refuses_a_file_that_is_no_plugin_and_says_why) {
  std::ofstream(folder / "text.so") << "not a library";
  EXPECT_NE(problem().find("it is not an ELF file"), std::string::npos) << problem();
}

TEST_F(PluginFolder, refuses_a_cut_off_library) {
  put("hibob.so", "hibob.so");
  std::filesystem::resize_file(folder / "hibob.so", 3000);
  EXPECT_NE(problem().find("it is truncated"), std::string::npos) << problem();
}

TEST_F(PluginFolder, refuses_a_plugin_under_another_name) {
  put("hibob.so", "bob.so");
  EXPECT_NE(problem().find("must be named hibob.so"), std::string::npos) << problem();
}

TEST_F(PluginFolder, refuses_what_others_could_have_written) {
  put("hibob.so", "hibob.so");
  std::filesystem::permissions(folder / "hibob.so", std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  EXPECT_NE(problem().find("the file can be written by everyone; chmod o-w"), std::string::npos)
      << problem();
  std::filesystem::permissions(folder / "hibob.so", std::filesystem::perms::others_write,
                               std::filesystem::perm_options::remove);
  std::filesystem::permissions(folder, std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  EXPECT_NE(problem().find("can be written by everyone; chmod o-w"), std::string::npos)
      << problem();
}

TEST_F(PluginFolder, pins_close_the_list) {
  put("hibob.so", "hibob.so");
  const std::string zeros(64, '0');
  EXPECT_NE(problem("  pins: { hibob: '" + zeros + "' }\n").find("but its pin differs"),
            std::string::npos);
  EXPECT_NE(problem("  pins: { taleo: '" + zeros + "' }\n")
                .find("is not in plugins.pins; add it with sha256"),
            std::string::npos);
}

}  // namespace
}  // namespace penstock
