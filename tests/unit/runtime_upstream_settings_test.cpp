#include <gtest/gtest.h>

#include "runtime/upstream_settings.hpp"

namespace penstock::runtime {
namespace {

/// An engine's world of one integration without any plugin.
std::shared_ptr<Integration> integration_of(UpstreamConfig own, UpstreamConfig common = {}) {
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

TEST(Destination, is_the_urls_host_by_the_integrations_way) {
  UpstreamConfig own, common;
  common.connect_to = "127.0.0.1:9443", common.ca_file = "/etc/ca.pem";
  own.allow_private_addresses = true;
  const auto integration = integration_of(own, common);
  const auto to = destination(*parse_url("https://A.example:8443/x"), *integration);
  EXPECT_EQ(to.host, "a.example");
  EXPECT_EQ(to.port, 8443);
  EXPECT_EQ(to.connect_to, "127.0.0.1:9443");
  EXPECT_EQ(to.ca_file, "/etc/ca.pem");
  EXPECT_TRUE(to.allow_private_addresses);
  EXPECT_EQ(to.partition, "acme:one") << "no connection is shared by two integrations";
  EXPECT_FALSE(
      destination(*parse_url("https://a.example"), *integration_of({})).allow_private_addresses);
}

}  // namespace
}  // namespace penstock::runtime
