#include "upstream/address_guard.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace penstock::upstream {
namespace {

struct Range4 {
  std::uint32_t network;
  int bits;
};

constexpr std::uint32_t ip4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24U | b << 16U | c << 8U | d;
}

// IANA IPv4 special-purpose registry: everything that is not globally reachable. Also addresses
// outside of it at which a cloud serves only its own machines: Azure's metadata and DNS
// (168.63.129.16), IBM's services (161.26.0.0/16, 166.8.0.0/14). Those of other clouds (Alibaba's
// 100.100.100.200, Oracle's 192.0.0.192, 169.254.169.254) are in reserved ranges.
constexpr std::array closed4 = {
    Range4{ip4(0, 0, 0, 0), 8},      Range4{ip4(10, 0, 0, 0), 8},
    Range4{ip4(100, 64, 0, 0), 10},  Range4{ip4(127, 0, 0, 0), 8},
    Range4{ip4(169, 254, 0, 0), 16}, Range4{ip4(172, 16, 0, 0), 12},
    Range4{ip4(192, 0, 0, 0), 24},   Range4{ip4(192, 0, 2, 0), 24},
    Range4{ip4(192, 88, 99, 0), 24}, Range4{ip4(192, 168, 0, 0), 16},
    Range4{ip4(198, 18, 0, 0), 15},  Range4{ip4(198, 51, 100, 0), 24},
    Range4{ip4(203, 0, 113, 0), 24}, Range4{ip4(224, 0, 0, 0), 4},
    Range4{ip4(240, 0, 0, 0), 4},    Range4{ip4(168, 63, 129, 16), 32},
    Range4{ip4(161, 26, 0, 0), 16},  Range4{ip4(166, 8, 0, 0), 14},
};

bool is_public4(std::uint32_t address) {
  return std::ranges::none_of(
      closed4, [&](Range4 range) { return (address ^ range.network) >> (32 - range.bits) == 0; });
}

struct Range6 {
  std::array<std::uint8_t, 16> network;
  int bits;
};

// Only 2000::/3 is global unicast, and these parts of it are not. The translation prefix
// (64:ff9b::/96) is outside of it.
constexpr std::array closed6 = {
    Range6{{0x20, 0x01}, 23},              // IETF assignments: Teredo, ORCHID, benchmarking
    Range6{{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    Range6{{0x20, 0x02}, 16},              // 6to4: carries an IPv4 address
    Range6{{0x3f, 0xff}, 20},              // documentation
};

bool in_range(const std::uint8_t* address, const Range6& range) {
  for (int bit = 0; bit < range.bits; ++bit) {
    const unsigned mask = 0x80U >> (static_cast<unsigned>(bit) % 8U);
    if (((address[bit / 8] ^ range.network[static_cast<std::size_t>(bit / 8)]) & mask) != 0)
      return false;
  }
  return true;
}

/// RFC 5214: the last 32 bits of an ISATAP address are the IPv4 address of a tunnel's end.
bool is_isatap(const std::uint8_t* address) {
  return (address[8] & 0xFDU) == 0 && address[9] == 0 && address[10] == 0x5E && address[11] == 0xFE;
}

bool is_public6(const std::uint8_t* address) {
  return (address[0] & 0xE0U) == 0x20U && !is_isatap(address) &&
         std::ranges::none_of(closed6,
                              [&](const Range6& range) { return in_range(address, range); });
}

}  // namespace

bool is_public_address(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return is_public4(ntohl(in.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    return is_public6(in.sin6_addr.s6_addr);
  }
  return false;
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
