#include <gtest/gtest.h>

#include "plain_integration.hpp"
#include "runtime/upstream_settings.hpp"

namespace penstock::runtime {
namespace {

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
