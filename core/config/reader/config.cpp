#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <penstock/net.hpp>
#include <penstock/text.hpp>

#include "config/reader/map_reader.hpp"
#include "config/reader/parsed_config.hpp"
#include "config/reader/secret_rule.hpp"
#include "config/reader/state_url.hpp"

namespace penstock::config {
namespace {

constexpr std::size_t shortest_safe_api_key = 16;

bool has_duplicates(const YamlNode& map, std::string_view of = {}) {
  std::set<std::string_view> names;
  return std::ranges::any_of(map.entries, [&](const auto& entry) {
    return (of.empty() || entry.name.text == of) && !names.insert(entry.name.text).second;
  });
}

bool is_id(std::string_view text) {
  const auto letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= 128 && letter_or_digit(text.front()) &&
         std::ranges::all_of(text, [&](char c) {
           return letter_or_digit(c) || c == '.' || c == '_' || c == ':' || c == '-';
         });
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
         });
}

bool is_host_and_port(std::string_view text) {
  const auto parsed = HostAndPort::parse(text);
  return parsed && (is_host_name(parsed->host) || IpAddress::parse(parsed->host));
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

UpstreamConfig read_upstream(const YamlNode& node, ReadContext& context) {
  MapReader reader(node, "upstream", context);
  UpstreamConfig out;
  out.connect_timeout = reader.milliseconds("connect_timeout_ms");
  out.timeout = reader.milliseconds("timeout_ms");
  if (const auto bytes = reader.integer("max_response_bytes", 1, 1LL << 40))
    out.max_response_bytes = static_cast<std::uint64_t>(*bytes);
  if (const auto most = reader.integer("max_connections", 1, 65'535))
    out.max_connections = static_cast<std::uint32_t>(*most);
  if (const auto most = reader.integer("max_queued_calls", 0, 1'000'000))
    out.max_queued_calls = static_cast<std::uint32_t>(*most);
  if (const auto to = reader.scalar("connect_to")) {
    if (!is_host_and_port(to->text)) context.problem(to->at, "connect_to must be HOST:PORT");
    out.connect_to = to->text;
  }
  if (const auto file = reader.path("ca_file")) {
    out.ca_file = file->path;
    out.ca_file_at = file->at;
  }
  if (const auto file = reader.path("extra_ca_file")) {
    out.extra_ca_file = file->path;
    out.extra_ca_file_at = file->at;
  }
  out.allow_private_addresses = reader.boolean("allow_private_addresses");
  reader.refuse_others();
  return out;
}

ApiKeyConfig read_api_key(const YamlNode& node, ReadContext& context) {
  MapReader reader(node, "an API key", context);
  ApiKeyConfig out;
  if (const auto name = reader.scalar("name", true)) out.name = name->text;
  const auto key = reader.scalar("key", false, Display::masked);
  const auto digest = reader.scalar("key_sha256", false, Display::masked);
  const char* const needed = "an API key needs either key or key_sha256";
  if (reader.has("key") && reader.has("key_sha256")) context.problem(node.at, needed);
  reader.need({"key", "key_sha256"}, needed);
  if (key) {
    const std::string trouble = api_key_trouble(key->text);
    if (!trouble.empty()) context.problem(key->at, "key " + trouble);
    if (trouble.empty() && key->text.size() < shortest_safe_api_key) {
      context.note(key->at,
                   "key is shorter than " + std::to_string(shortest_safe_api_key) +
                       " characters and may be guessed; make one with: openssl rand -hex 32");
    }
    out.key = Secret(key->text);
  }
  if (digest) {
    if (!is_sha256(digest->text))
      context.problem(digest->at, "key_sha256 must be 64 lower-case hex digits");
    out.key_sha256 = digest->text;
  }
  out.calls_per_second =
      static_cast<int>(reader.integer("calls_per_second", 0, 1'000'000).value_or(0));
  reader.refuse_others();
  return out;
}

ServerConfig read_server(const YamlNode& node, ReadContext& context) {
  MapReader reader(node, "server", context);
  ServerConfig out;
  if (const auto listen = reader.scalar("listen")) {
    if (!is_host_and_port(listen->text)) context.problem(listen->at, "listen must be HOST:PORT");
    out.listen = listen->text;
  }
  if (const auto environment = reader.scalar("environment_id"))
    out.environment_id = environment->text;
  const char* const needed = "server.api_keys needs at least one key";
  if (const YamlNode* keys = reader.sequence("api_keys")) {
    std::map<std::string, int> names;  // name → line
    for (const YamlNode& key : keys->items) {
      ApiKeyConfig read = read_api_key(key, context);
      const auto [first, added] = names.try_emplace(read.name, key.at.line);
      if (!read.name.empty() && !added)
        context.problem(key.at, "there is another API key named \"" + read.name + "\" on line " +
                                    std::to_string(first->second));
      out.api_keys.push_back(std::move(read));
    }
    if (keys->items.empty() && !keys->truncated) context.problem(node.at, needed);
  }
  reader.need({"api_keys"}, needed);
  if (const YamlNode* networks = reader.sequence("allowed_networks")) {
    for (const YamlNode& network : networks->items) {
      const auto text = read_scalar(network, "an allowed network", context);
      if (!text) continue;
      if (!IpNetwork::parse(text->text))
        context.problem(text->at, "\"" + network.text + "\" is not a network like 10.0.0.0/8");
      out.allowed_networks.push_back(text->text);
    }
  }
  if (const auto bytes = reader.integer("max_request_bytes", 1, 1LL << 40))
    out.max_request_bytes = static_cast<std::uint64_t>(*bytes);
  out.threads = static_cast<int>(reader.integer("threads", 0, 256).value_or(0));
  reader.refuse_others();
  return out;
}

void read_pins(const YamlNode& pins, ParsedConfig& out, ReadContext& context) {
  PluginsConfig& plugins = out.config.plugins;
  plugins.pins_at = pins.at;
  for (const auto& [name, value] : pins.entries) {
    const auto digest = read_scalar(value, "a pin", context);
    const bool is_digest = digest && is_sha256(digest->text);
    if (digest && !is_digest)
      context.problem(digest->at, "a pin must be 64 lower-case hex digits (sha256sum)");
    if (!is_digest) out.invalid_pins.insert(name.text);
    plugins.pins[name.text] = is_digest ? digest->text : "";
    plugins.pin_marks[name.text] = value.at;
  }
}

/// An invalid pin only rejects its own plugin (invalid_pins). Any other error in the section may be
/// a mistyped pin, so then no plugin is loaded.
void read_plugins(const YamlNode& node, ParsedConfig& out, ReadContext& context) {
  const std::size_t before = context.problems.size();
  MapReader reader(node, "plugins", context);
  out.config.plugins.directory_at = node.at;
  if (const auto directory = reader.path("directory")) {
    out.config.plugins.directory = directory->path;
    out.config.plugins.directory_at = directory->at;
  }
  reader.need({"directory"}, "plugins needs directory");
  const YamlNode* pins = reader.map("pins");
  reader.refuse_others();
  out.plugins = context.problems.size() == before && !out.config.plugins.directory.empty() &&
                (pins != nullptr || !reader.has("pins")) && !has_duplicates(node) &&
                (pins == nullptr || !has_duplicates(*pins));
  if (pins != nullptr) read_pins(*pins, out, context);
}

void read_connection(const YamlNode& node, IntegrationConfig& out, UnparsedFields& unparsed,
                     ReadContext& context) {
  for (const auto& [name, value] : node.entries) {
    const bool again = std::ranges::find(out.connection, name.text, &ConnectionField::name) !=
                       out.connection.end();
    if (again || name.kind != YamlNode::Kind::scalar) continue;  // already reported
    if (!name.is_key) context.displayed_texts.emplace(place(name.at), "***");
    const auto text = read_scalar(value, "connection." + (name.is_key ? name.text : "***"), context,
                                  Display::masked);
    if (text) {
      out.connection.push_back({name.text, Secret(text->text), text->at, name.at});
    } else {
      unparsed.fields.emplace(name.text, name.at);
    }
  }
}

IntegrationConfig read_integration(const YamlNode& node, UnparsedFields& unparsed,
                                   ReadContext& context) {
  MapReader reader(node, "an integration", context);
  IntegrationConfig out;
  out.at = out.connection_at = node.at;
  if (const auto id = reader.scalar("id", true)) {
    if (!is_id(id->text))
      context.problem(id->at, "id must be letters, digits and . _ : -, at most 128 of them");
    out.id = id->text;
    out.id_at = id->at;
  }
  if (const auto tool = reader.scalar("tool", true)) {
    out.tool = tool->text;
    out.tool_at = tool->at;
  }
  out.enabled = reader.boolean("enabled").value_or(true);
  const YamlNode* connection = reader.map("connection");
  if (connection != nullptr) {
    out.connection_at = connection->at;
    read_connection(*connection, out, unparsed, context);
  }
  if (const YamlNode* upstream = reader.map("upstream"))
    out.upstream = read_upstream(*upstream, context);
  out.max_in_flight = static_cast<int>(reader.integer("max_in_flight", 1, 1'000'000).value_or(30));
  reader.refuse_others();
  unparsed.connection = connection == nullptr && reader.has("connection");
  return out;
}

void read_integrations(const YamlNode& list, ParsedConfig& out, ReadContext& context) {
  std::map<std::string, int> ids;  // id → line
  for (const YamlNode& item : list.items) {
    UnparsedFields unparsed;
    IntegrationConfig integration = read_integration(item, unparsed, context);
    const auto [first, added] = ids.try_emplace(integration.id, integration.id_at.line);
    if (!integration.id.empty() && !added) {
      context.problem(integration.id_at, "there is another integration with the id \"" +
                                             integration.id + "\" on line " +
                                             std::to_string(first->second));
    }
    out.config.integrations.push_back(std::move(integration));
    out.unparsed.push_back(std::move(unparsed));
  }
}

void read_state(MapReader& reader, Config& out, ReadContext& context) {
  // Masked: a URL may contain a password.
  const auto state = reader.scalar("state", false, Display::masked);
  const bool is_url = state && state->text.find("://") != std::string::npos;
  out.state =
      is_url ? state->text
             : (context.directory / (state ? state->text : "state")).lexically_normal().string();
  if (state) out.state_at = state->at;
  if (const std::string trouble = state ? secret_trouble(state->text) : std::string();
      !trouble.empty())
    context.problem(state->at, "state " + trouble);
  if (!state && reader.has("state")) out.state.clear();
  if (is_url && !is_postgresql_url(state->text))
    context.problem(state->at, "state must be a folder or a postgresql:// URL");
  if (const std::string why = state ? keyword_form_problem(state->text) : std::string();
      !why.empty())
    context.problem(state->at, why);
}

void read_root(const YamlNode& root, ParsedConfig& out, ReadContext& context) {
  MapReader reader(root, "the configuration", context);
  if (const YamlNode* server = reader.map("server"))
    out.config.server = read_server(*server, context);
  reader.need({"server"}, "server.api_keys needs at least one key");
  if (const YamlNode* plugins = reader.map("plugins")) read_plugins(*plugins, out, context);
  reader.need({"plugins"}, "the configuration needs plugins.directory");
  out.plugins = out.plugins && !has_duplicates(root, "plugins");
  if (!out.plugins) out.config.plugins.directory.clear();
  read_state(reader, out.config, context);
  if (const YamlNode* upstream = reader.map("upstream"))
    out.config.upstream = read_upstream(*upstream, context);
  if (const YamlNode* integrations = reader.sequence("integrations"))
    read_integrations(*integrations, out, context);
  reader.refuse_others();
}

}  // namespace

ParsedConfig read(std::string_view yaml, const std::string& name,
                  const std::filesystem::path& directory) {
  ParsedConfig out;
  out.config.file = name;
  ReadContext context{name, std::filesystem::absolute(directory), {}};
  out.root = parse_yaml(yaml, name, context.problems);
  // After a syntax error, further errors would be about text that the parser did not see.
  const bool is_nothing = out.root.kind == YamlNode::Kind::null && !context.problems.empty();
  if (!is_nothing) read_root(out.root, out, context);
  out.problems = std::move(context.problems);
  out.notes = std::move(context.notes);
  out.unmasked = std::move(context.unmasked);
  out.displayed_texts = std::move(context.displayed_texts);
  out.yaml = yaml;
  return out;
}

}  // namespace penstock::config
