#include <gtest/gtest.h>

#include <string_view>

#include <penstock/net.hpp>

namespace penstock {
namespace {

TEST(IpAddress, reads_both_families_and_compares_mapped_addresses_alike) {
  EXPECT_EQ(IpAddress::parse("192.0.2.1"), IpAddress::v4(192, 0, 2, 1));
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::v4(192, 0, 2, 1));
  EXPECT_EQ(IpAddress::parse("::1")->bytes.back(), 1);
  for (const std::string_view bad : {"", "10.0.0", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "127.1",
                                     "::g", "[::1]", "fe80::1%eth0", "name", " 10.0.0.1"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("10.0.0.1\0", 9)));
}

TEST(IpNetwork, reads_cidr_notation) {
  for (const char* good : {"10.0.0.0/8", "192.0.2.1", "0.0.0.0/0", "::/0", "fd00::/8", "::1",
                           "10.0.0.0/32", "::/128", "::ffff:10.0.0.0/104"}) {
    EXPECT_TRUE(IpNetwork::parse(good)) << good;
  }
  for (const char* bad :
       {"", "/8", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/-0",
        "10.0.0.0/+8", "10.0.0.0/8x", "10.0.0.0/8/8", "::/129", "name"}) {
    EXPECT_FALSE(IpNetwork::parse(bad)) << bad;
  }
}

TEST(IpNetwork, contains_the_addresses_with_its_prefix) {
  const struct {
    const char *network, *address;
    bool inside;
  } rows[] = {{"0.0.0.0/0", "203.0.113.9", true},
              {"0.0.0.0/0", "2001:db8::1", false},
              {"::/0", "2001:db8::1", true},
              {"::/0", "203.0.113.9", true},
              {"10.1.2.3/8", "10.255.0.0", true},
              {"10.1.2.3/8", "11.0.0.0", false},
              {"192.168.128.0/17", "192.168.127.255", false},
              {"192.168.128.0/17", "192.168.255.255", true},
              {"192.0.2.1", "192.0.2.1", true},
              {"192.0.2.1", "192.0.2.0", false},
              {"192.0.2.0/31", "192.0.2.1", true},
              {"::ffff:10.0.0.0/104", "10.9.9.9", true},
              {"2001:db8::/33", "2001:db8:7fff::1", true},
              {"2001:db8::/33", "2001:db8:8000::1", false}};
  for (const auto& row : rows) {
    EXPECT_EQ(IpNetwork::parse(row.network)->contains(*IpAddress::parse(row.address)), row.inside)
        << row.network << " " << row.address;
  }
}

TEST(HostAndPort, reads_names_and_addresses_and_writes_them_again) {
  const struct {
    const char *text, *host;
    int port;
  } rows[] = {{"127.0.0.1:8080", "127.0.0.1", 8080},
              {"[::1]:0", "::1", 0},
              {"[fe80::1%eth0]:80", "fe80::1%eth0", 80},
              {"localhost:65535", "localhost", 65535}};
  for (const auto& row : rows) {
    const auto parsed = HostAndPort::parse(row.text);
    ASSERT_TRUE(parsed) << row.text;
    EXPECT_EQ(parsed->host, row.host);
    EXPECT_EQ(parsed->port, row.port);
    EXPECT_EQ(parsed->text(), row.text);
  }
  for (const char* bad :
       {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "::1:80", "a:65536", "a:http", "a:-1",
        "a:+1", "a: 1", "[]:80", "[::1]", "[name]:80", "[127.0.0.1]:80", "[::1:80", "::1]:80"}) {
    EXPECT_FALSE(HostAndPort::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace penstock
