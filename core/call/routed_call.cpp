#include "call/routed_call.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <penstock/text.hpp>

namespace penstock::call {
namespace {

/// Suggests the integration that was probably meant, preferring one of the same tool.
std::string suggest_integration(const runtime::Registry& registry, const Call& call) {
  std::vector<std::string> of_tool, all;
  for (const auto& [id, integration] : registry.integrations) {
    all.push_back(id);
    if (integration->config().tool == call.tool) of_tool.push_back(id);
  }
  std::ranges::sort(of_tool);
  std::ranges::sort(all);
  const std::string near = nearest(call.integration_id, of_tool);
  return did_you_mean(near.empty() ? nearest(call.integration_id, all) : near);
}

}  // namespace

Result<RoutedCall> route(const runtime::Registry& registry, const Call& call) {
  RoutedCall routed;
  const loader::PluginSet::Entry* entry = registry.plugins->find(call.tool, call.api);
  if (entry == nullptr) {
    const std::string id = call.tool + "/" + call.api;
    Error error =
        input_invalid("unknown API \"" + id + "\"" + did_you_mean(id, registry.plugins->api_ids()) +
                      (registry.plugins->plugins().empty()
                           ? "; no plugin is loaded (penstock plugins shows their folder)"
                           : std::string(" (GET /v1/apis lists the APIs)")));
    error.phase = Phase::route;
    return failure(std::move(error));
  }
  routed.plugin = entry->plugin;
  routed.api = entry->api;
  if (call.integration_id.empty()) {
    return failure(integration_not_found(
        "the header X-Integration-Id is missing: it names the integration to call through"));
  }
  const auto integration = registry.integrations.find(call.integration_id);
  if (integration == registry.integrations.end()) {
    return failure(integration_not_found("there is no integration \"" + call.integration_id + "\"" +
                                         suggest_integration(registry, call)));
  }
  routed.integration = integration->second;
  const IntegrationConfig& config = routed.integration->config();
  if (config.tool != call.tool) {
    return failure(integration_not_found("integration " + config.id + " is of tool " + config.tool +
                                         ", not of " + call.tool));
  }
  if (!config.enabled)
    return failure(integration_not_found("integration " + config.id + " is disabled"));
  const std::string& plugin_id = routed.plugin->manifest().id;
  const std::vector<std::string> missing = routed.integration->missing(*routed.api, plugin_id);
  if (!missing.empty()) {
    return failure(integration_not_found("integration " + config.id + " is not set up for " +
                                         routed.api->id() + ": its connection lacks " +
                                         joined(missing)));
  }
  routed.slot = routed.integration->sessions(plugin_id)->own();
  return routed;
}

}  // namespace penstock::call
