#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "loader/plugin_set.hpp"
#include "runtime/backoff.hpp"
#include "runtime/integration.hpp"

namespace penstock::runtime {

/// An immutable snapshot of the plugins and integrations that calls run against.
struct Registry {
  std::shared_ptr<const loader::PluginSet> plugins;
  std::unordered_map<std::string, std::shared_ptr<Integration>> integrations;
  std::shared_ptr<AuthFailureBudgets> auth_failures = std::make_shared<AuthFailureBudgets>();
};

}  // namespace penstock::runtime
