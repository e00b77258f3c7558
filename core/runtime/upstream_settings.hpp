#pragma once

#include <chrono>
#include <cstdint>

#include <penstock/config.hpp>

#include "base/url.hpp"
#include "runtime/integration.hpp"
#include "upstream/client.hpp"

namespace penstock::runtime {

// The settings of `upstream:` in the configuration, with their defaults.

/// How to reach the host of `url` for this integration.
upstream::Destination destination(const Url& url, const Integration& integration);

std::chrono::milliseconds connect_time_limit(const UpstreamConfig& config);
std::uint64_t response_limit(const UpstreamConfig& config);
upstream::Limits connection_limits(const UpstreamConfig& config);

}  // namespace penstock::runtime
