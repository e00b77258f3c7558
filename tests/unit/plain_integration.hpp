#pragma once

#include <memory>
#include <utility>

#include <penstock/credential_store.hpp>

#include "runtime/integration.hpp"

namespace penstock::runtime {

/// An engine's world of one integration without any plugin.
inline std::shared_ptr<Integration> integration_of(UpstreamConfig own, UpstreamConfig common = {}) {
  Config config;
  config.upstream = std::move(common);
  IntegrationConfig integration;
  integration.id = "acme:one", integration.tool = "acme";
  integration.upstream = std::move(own);
  const loader::PluginSet no_plugins;
  const auto store = make_memory_store();
  ConfigProblems problems;
  return Integration::make(config, integration, no_plugins, *store, problems);
}

}  // namespace penstock::runtime
