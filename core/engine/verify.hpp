#pragma once

#include <cstdint>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/catalog.hpp>

#include "loader/plugin_set.hpp"
#include "runtime/integration.hpp"

namespace penstock::engine {

/// How an integration stands: the worst of what its plugins' sessions and the vendor's last answers
/// say.
IntegrationInfo integration_info(const runtime::Integration& integration,
                                 const loader::PluginSet& plugins, std::int64_t now_ms);

/// A test call that is to be made, and how its answer is read.
struct ProbeCall {
  const catalog::Api* api = nullptr;
  Call call;
};

/// One for each API that declares one and that the connection is complete for.
std::vector<ProbeCall> probe_calls(const runtime::Integration& integration,
                                   const loader::PluginSet& plugins);

/// What an answer, or the lack of one, says of the connection, in a sentence.
ProbeResult probe_result(const ProbeCall& probe, const Result<Response>& result);

}  // namespace penstock::engine
