#include "dispatch/integration.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace penstock::dispatch {
namespace {

UpstreamConfig merged(const UpstreamConfig& own, const UpstreamConfig& common) {
  UpstreamConfig out = own;
  if (!out.connect_timeout) out.connect_timeout = common.connect_timeout;
  if (!out.max_response_bytes) out.max_response_bytes = common.max_response_bytes;
  if (!out.connect_to) out.connect_to = common.connect_to;
  if (!out.ca_file) out.ca_file = common.ca_file;
  if (!out.allow_private_addresses) out.allow_private_addresses = common.allow_private_addresses;
  return out;  // not timeout: a manifest's own stands between the integration's and the common one
}

bool has_field(const schema::Schema& schema, const std::string& name) {
  const auto fields = schema.fields();
  return std::ranges::find(fields, name, &schema::FieldInfo::name) != fields.end();
}

/// The configured fields that a plugin knows, with its defaults, as it will see them.
host::Connection connection_for(const loader::Plugin& plugin, const IntegrationConfig& integration,
                                std::vector<Problem>& problems) {
  const schema::Schema& schema = plugin.manifest().connection;
  std::vector<std::pair<std::string_view, std::string_view>> given;
  for (const ConnectionField& field : integration.connection) {
    if (has_field(schema, field.name)) given.emplace_back(field.name, field.value.reveal());
  }
  schema::Validation validation = schema.validate_fields(given, "");
  problems = std::move(validation.problems);
  const auto infos = schema.fields();
  host::Connection connection{integration.id, {}};
  for (const Field& value : validation.values) {
    const auto info = std::ranges::find(infos, value.name, &schema::FieldInfo::name);
    connection.fields.push_back(
        {value.name, Secret(value.value), info != infos.end() && info->secret});
  }
  return connection;
}

/// "/token" → "token"; empty for the connection itself.
std::string field_of(const std::string& pointer) {
  return pointer.empty() ? pointer : pointer.substr(1);
}

}  // namespace

std::shared_ptr<Integration> Integration::make(const Config& config,
                                               const IntegrationConfig& integration,
                                               const loader::PluginSet& plugins,
                                               CredentialStore& store, ConfigProblems& problems) {
  const std::size_t before = problems.size();
  std::set<std::string> said;  // plugins of one tool share fields: each problem once
  const auto problem = [&](Mark at, std::string message) {
    if (said.insert(message).second) problems.push_back({config.file, at, std::move(message)});
  };
  const std::vector<const loader::Plugin*> of_tool = plugins.of_tool(integration.tool);
  if (of_tool.empty()) {
    problem(integration.tool_at, "unknown tool \"" + integration.tool + "\"" +
                                     did_you_mean(integration.tool, plugins.tools()));
    return nullptr;
  }

  std::vector<std::string> known;
  for (const loader::Plugin* plugin : of_tool) {
    for (const schema::FieldInfo& field : plugin->manifest().connection.fields())
      known.push_back(field.name);
  }
  for (const ConnectionField& field : integration.connection) {
    if (std::ranges::find(known, field.name) == known.end()) {
      problem(field.at, "tool " + integration.tool + " has no connection field \"" + field.name +
                            "\"" + did_you_mean(field.name, known));
    }
  }
  if (integration.upstream.ca_file && !std::filesystem::exists(*integration.upstream.ca_file)) {
    problem(integration.at,
            "upstream.ca_file " + integration.upstream.ca_file->string() + " does not exist");
  }

  std::shared_ptr<Integration> made(new Integration(integration));
  made->upstream_ = merged(integration.upstream, config.upstream);
  for (const loader::Plugin* plugin : of_tool) {
    std::vector<Problem> wrong;
    host::Connection connection = connection_for(*plugin, integration, wrong);
    for (const Problem& one : wrong) {
      const std::string name = field_of(one.pointer);
      const auto field = std::ranges::find(integration.connection, name, &ConnectionField::name);
      problem(field == integration.connection.end() ? integration.connection_at : field->at,
              (name.empty() ? "connection " : "connection." + name + " ") + one.message);
    }
    const std::string& id = plugin->manifest().id;
    const std::string key = id + "/" + integration.id;
    auto stored = store.load(key);
    if (!stored) {
      problem(integration.at, stored.error().message);
      continue;
    }
    int format = 1;
    for (const catalog::Api& api : plugin->manifest().apis) {
      if (api.session) format = api.session->format;
    }
    made->states_.emplace(id, std::make_shared<session::ConnectionState>(
                                  key, std::move(connection), *std::move(stored), format));
  }

  std::string lacks;
  bool usable = false;
  for (const loader::Plugin* plugin : of_tool) {
    for (const catalog::Api& api : plugin->manifest().apis) {
      if (made->states_.find(plugin->manifest().id) == made->states_.end()) continue;
      const std::vector<std::string> missing = made->missing(api, plugin->manifest().id);
      usable = usable || missing.empty();
      for (const std::string& name : missing)
        lacks += (lacks.empty() ? "" : ", ") + name + " (" + api.id() + ")";
    }
  }
  if (!usable && problems.size() == before) {
    problem(integration.connection_at,
            "the connection is complete for no API of " + integration.tool + "; missing: " + lacks);
  }
  return problems.size() == before ? made : nullptr;
}

session::ConnectionState* Integration::state(const std::string& plugin_id) const {
  const auto found = states_.find(plugin_id);
  return found == states_.end() ? nullptr : found->second.get();
}

std::vector<std::string> Integration::missing(const catalog::Api& api,
                                              const std::string& plugin_id) const {
  std::vector<std::string> out;
  const session::ConnectionState* found = state(plugin_id);
  if (found == nullptr) return api.connection_required;
  const session::SnapshotPtr now = found->current();
  const auto require = [&](const std::string& name) {
    const host::Item* item = now->connection.find(name);
    if (item == nullptr || item->value.empty()) out.push_back(name);
  };
  for (const std::string& name : api.connection_required)
    require(name);
  for (const FieldsWhen& when : api.connection_required_when) {
    const host::Item* chosen = now->connection.find(when.field);
    if (chosen == nullptr || chosen->value.reveal() != when.equals) continue;
    for (const std::string& name : when.fields)
      require(name);
  }
  return out;
}

Places Integration::places() const noexcept {
  const int taken = in_flight_.load(std::memory_order_relaxed);
  return {config_.max_in_flight, std::max(0, config_.max_in_flight - taken)};
}

bool Integration::enter() noexcept {
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) < config_.max_in_flight) return true;
  leave();
  return false;
}

}  // namespace penstock::dispatch
