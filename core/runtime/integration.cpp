#include "runtime/integration.hpp"

#include <algorithm>

#include <penstock/missing_fields.hpp>

#include "session/credential_key.hpp"

namespace penstock::runtime {
namespace {

UpstreamConfig merged(const UpstreamConfig& own, const UpstreamConfig& common) {
  UpstreamConfig out = own;
  if (!out.connect_timeout) out.connect_timeout = common.connect_timeout;
  if (!out.max_response_bytes) out.max_response_bytes = common.max_response_bytes;
  if (!out.max_connections) out.max_connections = common.max_connections;
  if (!out.max_queued_calls) out.max_queued_calls = common.max_queued_calls;
  if (!out.connect_to) out.connect_to = common.connect_to;
  if (!out.ca_file) out.ca_file = common.ca_file;
  if (!out.extra_ca_file) out.extra_ca_file = common.extra_ca_file;
  if (!out.allow_private_addresses) out.allow_private_addresses = common.allow_private_addresses;
  return out;  // not timeout: a manifest's ranks between the integration's and the global one
}

bool has_field(const schema::Schema& schema, const std::string& name) {
  const auto fields = schema.fields();
  return std::ranges::find(fields, name, &schema::FieldInfo::name) != fields.end();
}

/// The configured fields that a plugin knows, including its defaults, as the plugin will see them.
host::Connection connection_for(const loader::Plugin& plugin,
                                const IntegrationConfig& integration) {
  const schema::Schema& schema = plugin.manifest().connection;
  std::vector<std::pair<std::string_view, std::string_view>> given;
  for (const ConnectionField& field : integration.connection) {
    if (has_field(schema, field.name)) given.emplace_back(field.name, field.value.reveal());
  }
  const schema::Validation validation = schema.validate_fields(given, "");
  const auto infos = schema.fields();
  host::Connection connection{integration.id, {}};
  for (const Field& value : validation.values) {
    const auto info = std::ranges::find(infos, value.name, &schema::FieldInfo::name);
    connection.fields.push_back(
        {value.name, Secret(value.value), info != infos.end() && info->secret});
  }
  return connection;
}

}  // namespace

std::shared_ptr<Integration> Integration::make(const Config& config,
                                               const IntegrationConfig& integration,
                                               const loader::PluginSet& plugins,
                                               CredentialStore& store, ConfigProblems& problems) {
  std::shared_ptr<Integration> made(new Integration(integration));
  made->upstream_ = merged(integration.upstream, config.upstream);
  for (const loader::Plugin* plugin : plugins.of_tool(integration.tool)) {
    const std::string& id = plugin->manifest().id;
    host::Connection connection = connection_for(*plugin, integration);
    const std::string rotates =
        catalog::rotating_field(plugin->manifest(), [&](const std::string& name) {
          const host::NamedValue* field = connection.find(name);
          return field == nullptr ? std::string() : std::string(field->value.reveal());
        });
    auto located = session::locate_state(store, id, connection, rotates);
    if (!located) {
      problems.push_back({config.file, integration.at, located.error().message});
      return nullptr;
    }
    made->sessions_.emplace(
        id, std::make_unique<session::SessionSlots>(std::make_shared<session::SessionSlot>(
                std::move(located->key), std::move(connection), std::move(located->state),
                !rotates.empty())));
  }
  return made;
}

session::SessionSlots* Integration::sessions(const std::string& plugin_id) const {
  const auto found = sessions_.find(plugin_id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

std::vector<std::string> Integration::missing(const catalog::Api& api,
                                              const std::string& plugin_id) const {
  const session::SessionSlots* found = sessions(plugin_id);
  if (found == nullptr) return api.connection_required;
  const session::SnapshotPtr now = found->own()->current();
  return missing_fields(api.connection_required, api.connection_required_when,
                        [&](const std::string& name) {
                          const host::NamedValue* item = now->connection.find(name);
                          return item == nullptr ? std::string_view() : item->value.reveal();
                        });
}

ConcurrencySlots Integration::slots() const noexcept {
  const int taken = in_flight_.load(std::memory_order_relaxed);
  return {config_.max_in_flight, std::max(0, config_.max_in_flight - taken)};
}

bool Integration::acquire_slot() noexcept {
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) < config_.max_in_flight) return true;
  release_slot();
  return false;
}

}  // namespace penstock::runtime
