#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "upstream/address_guard.hpp"

namespace penstock::upstream {
namespace {

bool is_public(const std::string& text) {
  sockaddr_storage storage{};
  if (text.find(':') == std::string::npos) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, text.c_str(), &address.sin_addr), 1) << text;
    std::memcpy(&storage, &address, sizeof address);
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &address.sin6_addr), 1) << text;
    std::memcpy(&storage, &address, sizeof address);
  }
  return is_public_address(reinterpret_cast<const sockaddr*>(&storage));
}

TEST(AddressGuard, refuses_the_edges_of_every_closed_range_and_not_their_neighbours) {
  struct Range {
    const char *before, *first, *last, *after;  // an empty one is closed for another reason
  };
  const Range ranges[] = {
      {"", "0.0.0.0", "0.255.255.255", "1.0.0.0"},
      {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
      {"161.25.255.255", "161.26.0.0", "161.26.255.255", "161.27.0.0"},
      {"166.7.255.255", "166.8.0.0", "166.11.255.255", "166.12.0.0"},
      {"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"},
      {"2600::1", "2600::5efe:a00:1", "2600::5efe:a00:1", "2600::5eff:0:0"},
      {"2600::1", "2600::200:5efe:5db8:d822", "2600::200:5efe:5db8:d822", "2600::201:5efe:0:0"},
      {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
      {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
      {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
      {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
      {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
      {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
      {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
      {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
      {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
      {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
      {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
      {"223.255.255.255", "224.0.0.0", "239.255.255.255", ""},
      {"", "240.0.0.0", "255.255.255.255", ""},
      {"", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
      {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
      {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
       "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
      {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
      {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
      {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
  };
  for (const Range& range : ranges) {
    EXPECT_FALSE(is_public(range.first)) << range.first;
    EXPECT_FALSE(is_public(range.last)) << range.last;
    for (const std::string neighbour : {range.before, range.after}) {
      EXPECT_TRUE(neighbour.empty() || is_public(neighbour)) << neighbour;
    }
  }
}

TEST(AddressGuard, sees_through_addresses_that_carry_others) {
  for (const char* text :
       {"::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::808:808", "2002:7f00:1::", "2001:0:7f00:1::", "fe80::1", "fc00::1",
        "fd00:ec2::254", "ff02::1", "169.254.169.254"}) {
    EXPECT_FALSE(is_public(text)) << text;
  }
  for (const char* text : {"8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450::1"})
    EXPECT_TRUE(is_public(text)) << text;
}

}  // namespace
}  // namespace penstock::upstream
