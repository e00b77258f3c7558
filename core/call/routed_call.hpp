#pragma once

#include <memory>
#include <string>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "loader/plugin_set.hpp"
#include "runtime/integration.hpp"
#include "runtime/registry.hpp"

namespace penstock::call {

/// The first step of a call: whom it concerns.
struct RoutedCall {
  std::shared_ptr<const loader::Plugin> plugin;  ///< keeps the plugin's generation alive
  const catalog::Api* api = nullptr;
  std::shared_ptr<runtime::Integration> integration;
  /// The integration's credentials and session; in a PreparedCall, that of the session.key.
  std::shared_ptr<session::SessionSlot> slot;
};

/// Finds the API and the integration of a call. Fails if there is none, if they do not fit, or if
/// the integration's connection lacks a field that the API requires.
Result<RoutedCall> route(const runtime::Registry& registry, const Call& call);

}  // namespace penstock::call
