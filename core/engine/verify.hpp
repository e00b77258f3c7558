#pragma once

#include <cstdint>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/catalog.hpp>

#include "loader/plugin_set.hpp"
#include "runtime/integration.hpp"

namespace penstock::engine {

/// The status of an integration: the worst that its plugins' sessions and the vendor's recent
/// responses indicate. `now_ms` is Unix time in milliseconds.
IntegrationInfo integration_info(const runtime::Integration& integration,
                                 const loader::PluginSet& plugins, std::int64_t now_ms);

/// A probe call to make; probe_result() reads its response.
struct ProbeCall {
  const catalog::Api* api = nullptr;
  Call call;
};

/// One for each API that declares `verify` and for which the connection is complete.
std::vector<ProbeCall> probe_calls(const runtime::Integration& integration,
                                   const loader::PluginSet& plugins);

/// What a response, or the lack of one, says about the connection, with a sentence about it.
ProbeResult probe_result(const ProbeCall& probe, const Result<Response>& result);

}  // namespace penstock::engine
