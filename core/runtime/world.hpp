#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "loader/plugin_set.hpp"
#include "runtime/backoff.hpp"
#include "runtime/integration.hpp"

namespace penstock::runtime {

/// What a call is judged against: one immutable moment of plugins and integrations.
struct World {
  std::shared_ptr<const loader::PluginSet> plugins;
  std::unordered_map<std::string, std::shared_ptr<Integration>> integrations;
  std::shared_ptr<RefusalBudgets> refusals = std::make_shared<RefusalBudgets>();
};

}  // namespace penstock::runtime
