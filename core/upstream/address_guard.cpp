#include "upstream/address_guard.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <penstock/net.hpp>

namespace penstock::upstream {
namespace {

constexpr IpNetwork v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, int bits) {
  return {IpAddress::v4(a, b, c, d), 96 + bits};
}

constexpr IpNetwork v6(std::array<std::uint8_t, 16> bytes, int bits) { return {{bytes}, bits}; }

constexpr IpNetwork global_unicast = v6({0x20}, 3);

// IANA IPv4 special-purpose registry: everything that is not globally reachable. Also addresses
// outside of it at which a cloud serves only its own machines: Azure's metadata and DNS
// (168.63.129.16), IBM's services (161.26.0.0/16, 166.8.0.0/14). Those of other clouds (Alibaba's
// 100.100.100.200, Oracle's 192.0.0.192, 169.254.169.254) are in reserved ranges.
constexpr std::array closed = {
    v4(0, 0, 0, 0, 8), v4(10, 0, 0, 0, 8), v4(100, 64, 0, 0, 10), v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16), v4(172, 16, 0, 0, 12), v4(192, 0, 0, 0, 24), v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24), v4(192, 168, 0, 0, 16), v4(198, 18, 0, 0, 15), v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24), v4(224, 0, 0, 0, 4), v4(240, 0, 0, 0, 4), v4(168, 63, 129, 16, 32),
    v4(161, 26, 0, 0, 16), v4(166, 8, 0, 0, 14),
    // Of global unicast IPv6. The translation prefix (64:ff9b::/96) is outside of it.
    v6({0x20, 0x01}, 23),              // IETF assignments: Teredo, ORCHID, benchmarking
    v6({0x20, 0x01, 0x0d, 0xb8}, 32),  // documentation
    v6({0x20, 0x02}, 16),              // 6to4: carries an IPv4 address
    v6({0x3f, 0xff}, 20),              // documentation
};

/// RFC 5214: the last 32 bits of an ISATAP address are the IPv4 address of a tunnel's end.
bool is_isatap(const IpAddress& address) {
  const auto& bytes = address.bytes;
  return (bytes[8] & 0xFDU) == 0 && bytes[9] == 0 && bytes[10] == 0x5E && bytes[11] == 0xFE;
}

}  // namespace

bool is_public_address(const sockaddr* address) {
  IpAddress ip;
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    ip = IpAddress::v4(0, 0, 0, 0);
    std::memcpy(ip.bytes.data() + 12, &in.sin_addr, 4);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    std::memcpy(ip.bytes.data(), &in.sin6_addr, ip.bytes.size());
    if (!global_unicast.contains(ip) || is_isatap(ip)) return false;
  } else {
    return false;
  }
  return std::ranges::none_of(closed,
                              [&](const IpNetwork& network) { return network.contains(ip); });
}

std::string address_text(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    ::inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
  } else {
    return "unknown";
  }
  return text;
}

}  // namespace penstock::upstream
