#include "runtime/upstream_settings.hpp"

namespace penstock::runtime {

upstream::Destination destination(const Url& url, const Integration& integration) {
  const UpstreamConfig& config = integration.upstream();
  upstream::Destination to;
  to.host = url.host;
  to.port = url.port;
  to.connect_to = config.connect_to.value_or("");
  to.ca_file = config.ca_file ? config.ca_file->string() : std::string();
  to.extra_ca_file = config.extra_ca_file ? config.extra_ca_file->string() : std::string();
  to.allow_private_addresses = config.allow_private_addresses.value_or(false);
  to.partition = integration.config().id;
  return to;
}

std::chrono::milliseconds connect_time_limit(const UpstreamConfig& config) {
  return config.connect_timeout.value_or(std::chrono::seconds(5));
}

std::uint64_t response_limit(const UpstreamConfig& config) {
  return config.max_response_bytes.value_or(32U << 20U);
}

upstream::Limits connection_limits(const UpstreamConfig& config) {
  upstream::Limits limits;
  if (config.max_connections) limits.connections = *config.max_connections;
  if (config.max_queued_calls) limits.queued_calls = *config.max_queued_calls;
  return limits;
}

}  // namespace penstock::runtime
