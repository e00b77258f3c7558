#include <penstock/config.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.hpp"
#include "config/map_reader.hpp"
#include "config/network.hpp"

namespace penstock {
namespace {

using config::MapReader;
using config::Source;
using config::YamlNode;

bool is_id(std::string_view text) {
  const auto letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= 128 && letter_or_digit(text.front()) &&
         std::ranges::all_of(text, [&](char c) {
           return letter_or_digit(c) || c == '.' || c == '_' || c == ':' || c == '-';
         });
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

UpstreamConfig read_upstream(const YamlNode& node, Source& source) {
  MapReader reader(node, "upstream", source);
  UpstreamConfig out;
  out.connect_timeout = reader.milliseconds("connect_timeout_ms");
  out.timeout = reader.milliseconds("timeout_ms");
  if (const auto bytes = reader.integer("max_response_bytes", 1, 1LL << 40))
    out.max_response_bytes = static_cast<std::uint64_t>(*bytes);
  if (const auto to = reader.scalar("connect_to")) {
    if (!config::is_host_and_port(to->text)) source.problem(to->at, "connect_to must be HOST:PORT");
    out.connect_to = to->text;
  }
  out.ca_file = reader.path("ca_file");
  out.allow_private_addresses = reader.boolean("allow_private_addresses");
  reader.refuse_others();
  return out;
}

ApiKeyConfig read_api_key(const YamlNode& node, Source& source) {
  MapReader reader(node, "an API key", source);
  ApiKeyConfig out;
  if (const auto name = reader.scalar("name", true)) out.name = name->text;
  const auto key = reader.scalar("key");
  const auto digest = reader.scalar("key_sha256");
  if (key.has_value() == digest.has_value())
    source.problem(node.at, "an API key needs one of key and key_sha256");
  if (key) {
    if (key->text.empty()) source.problem(key->at, "key must not be empty");
    out.key = Secret(key->text);
  }
  if (digest) {
    if (!is_sha256(digest->text))
      source.problem(digest->at, "key_sha256 must be 64 lower-case hex digits");
    out.key_sha256 = digest->text;
  }
  out.calls_per_second =
      static_cast<int>(reader.integer("calls_per_second", 0, 1'000'000).value_or(0));
  reader.refuse_others();
  return out;
}

ServerConfig read_server(const YamlNode& node, Source& source) {
  MapReader reader(node, "server", source);
  ServerConfig out;
  if (const auto listen = reader.scalar("listen")) {
    if (!config::is_host_and_port(listen->text))
      source.problem(listen->at, "listen must be HOST:PORT");
    out.listen = listen->text;
  }
  if (const auto environment = reader.scalar("environment_id"))
    out.environment_id = environment->text;
  std::set<std::string> names;
  if (const YamlNode* keys = reader.sequence("api_keys")) {
    for (const YamlNode& key : keys->items) {
      ApiKeyConfig read = read_api_key(key, source);
      if (!read.name.empty() && !names.insert(read.name).second)
        source.problem(key.at, "there is another API key named \"" + read.name + "\"");
      out.api_keys.push_back(std::move(read));
    }
  }
  if (out.api_keys.empty()) source.problem(node.at, "server.api_keys needs at least one key");
  if (const YamlNode* networks = reader.sequence("allowed_networks")) {
    for (const YamlNode& network : networks->items) {
      const auto text = config::read_scalar(network, "an allowed network", source);
      if (!text) continue;
      if (!config::is_network(text->text))
        source.problem(text->at, "\"" + network.text + "\" is not a network like 10.0.0.0/8");
      out.allowed_networks.push_back(text->text);
    }
  }
  if (const auto bytes = reader.integer("max_request_bytes", 1, 1LL << 40))
    out.max_request_bytes = static_cast<std::uint64_t>(*bytes);
  out.threads = static_cast<int>(reader.integer("threads", 0, 256).value_or(0));
  reader.refuse_others();
  return out;
}

PluginsConfig read_plugins(const YamlNode& node, Source& source) {
  MapReader reader(node, "plugins", source);
  PluginsConfig out;
  out.at = node.at;
  if (const auto directory = reader.path("directory")) {
    out.directory = *directory;
  } else {
    source.problem(node.at, "plugins needs directory");
  }
  if (const YamlNode* pins = reader.map("pins")) {
    for (const auto& [name, value] : pins->entries) {
      const auto digest = config::read_scalar(value, "a pin", source);
      if (!digest) continue;
      if (!is_sha256(digest->text))
        source.problem(digest->at, "a pin must be 64 lower-case hex digits (sha256sum)");
      out.pins[name.text] = digest->text;
    }
  }
  reader.refuse_others();
  return out;
}

std::vector<ConnectionField> read_connection(const YamlNode& node, Source& source) {
  std::vector<ConnectionField> out;
  for (const auto& [name, value] : node.entries) {
    const auto text = config::read_scalar(value, "connection." + name.text, source);
    if (text) out.push_back({name.text, Secret(text->text), text->at});
  }
  return out;
}

IntegrationConfig read_integration(const YamlNode& node, Source& source) {
  MapReader reader(node, "an integration", source);
  IntegrationConfig out;
  out.at = out.connection_at = node.at;
  if (const auto id = reader.scalar("id", true)) {
    if (!is_id(id->text))
      source.problem(id->at, "id must be letters, digits and . _ : -, at most 128 of them");
    out.id = id->text;
    out.id_at = id->at;
  }
  if (const auto tool = reader.scalar("tool", true)) {
    out.tool = tool->text;
    out.tool_at = tool->at;
  }
  out.enabled = reader.boolean("enabled").value_or(true);
  if (const YamlNode* connection = reader.map("connection")) {
    out.connection_at = connection->at;
    out.connection = read_connection(*connection, source);
  }
  if (const YamlNode* upstream = reader.map("upstream"))
    out.upstream = read_upstream(*upstream, source);
  out.max_in_flight = static_cast<int>(reader.integer("max_in_flight", 1, 1'000'000).value_or(30));
  reader.refuse_others();
  return out;
}

Config read_config(const YamlNode& root, Source& source) {
  MapReader reader(root, "the configuration", source);
  Config out;
  out.file = source.file;
  const YamlNode* server = reader.map("server");
  if (server != nullptr) {
    out.server = read_server(*server, source);
  } else {
    source.problem(root.at, "server.api_keys needs at least one key");
  }
  if (const YamlNode* plugins = reader.map("plugins")) {
    out.plugins = read_plugins(*plugins, source);
  } else {
    source.problem(root.at, "the configuration needs plugins.directory");
  }
  const auto state = reader.scalar("state");
  const bool is_url = state && state->text.find("://") != std::string::npos;
  out.state =
      is_url ? state->text
             : (source.directory / (state ? state->text : "state")).lexically_normal().string();
  if (is_url && !state->text.starts_with("postgresql://"))
    source.problem(state->at, "state must be a folder or a postgresql:// URL");
  if (const YamlNode* upstream = reader.map("upstream"))
    out.upstream = read_upstream(*upstream, source);
  std::set<std::string> ids;
  if (const YamlNode* integrations = reader.sequence("integrations")) {
    for (const YamlNode& item : integrations->items) {
      IntegrationConfig integration = read_integration(item, source);
      if (!integration.id.empty() && !ids.insert(integration.id).second) {
        source.problem(integration.id_at,
                       "there is another integration with the id \"" + integration.id + "\"");
      }
      out.integrations.push_back(std::move(integration));
    }
  }
  reader.refuse_others();
  return out;
}

}  // namespace

std::string ConfigProblem::text() const {
  return file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + message;
}

namespace {

PartialConfig read_partial(std::string_view yaml, const std::string& name,
                           const std::filesystem::path& directory) {
  Source source{name, std::filesystem::absolute(directory), {}};
  const YamlNode root = config::parse_yaml(yaml, name, source.problems);
  PartialConfig out;
  out.config.file = name;
  // Behind a syntax error every further complaint would be about what the parser did not see.
  if (root.kind != YamlNode::Kind::null || source.problems.empty())
    out.config = read_config(root, source);
  out.problems = std::move(source.problems);
  std::ranges::stable_sort(out.problems, [](const ConfigProblem& a, const ConfigProblem& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  return out;
}

Result<Config, ConfigProblems> whole(PartialConfig read) {
  if (read.problems.empty()) return std::move(read.config);
  return failure(std::move(read.problems));
}

}  // namespace

Result<Config, ConfigProblems> parse_config(std::string_view yaml, const std::string& name,
                                            const std::filesystem::path& directory) {
  return whole(read_partial(yaml, name, directory));
}

PartialConfig load_partial_config(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (!stream || std::filesystem::is_directory(file) || !(text << stream.rdbuf()))
    return {{}, {{file.string(), {}, "cannot be read"}}};
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(file, error);
  return read_partial(text.str(), file.string(), absolute.parent_path());
}

Result<Config, ConfigProblems> load_config(const std::filesystem::path& file) {
  return whole(load_partial_config(file));
}

}  // namespace penstock
