#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

// IP addresses, networks and HOST:PORT as text. All functions are [any-thread].

/// An IPv6 address, or an IPv4 address in its mapped form (::ffff:192.0.2.1), so that both compare
/// alike.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d}};
  }
  /// Parses "192.0.2.1" or "2001:db8::1", without a zone.
  static std::optional<IpAddress> parse(std::string_view text);

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

/// A network in CIDR notation (RFC 4632, RFC 4291 section 2.3).
struct IpNetwork {
  IpAddress address;      ///< bits after the prefix are ignored
  int prefix_bits = 128;  ///< of the 128 bits; for IPv4 the prefix length plus 96

  /// Parses "10.0.0.0/8", "2001:db8::/32" or a single address.
  static std::optional<IpNetwork> parse(std::string_view text);

  bool contains(const IpAddress& other) const noexcept;
};

/// A host and a TCP port.
struct HostAndPort {
  std::string host;  ///< a name or an address, without brackets
  std::uint16_t port = 0;

  /// Parses "127.0.0.1:8080", "[::1]:0", "[fe80::1%eth0]:80" or "localhost:80". Does not check the
  /// characters of a name.
  static std::optional<HostAndPort> parse(std::string_view text);

  /// The same form; an IPv6 address is in brackets.
  std::string text() const;
};

}  // namespace penstock
