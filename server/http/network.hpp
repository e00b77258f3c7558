#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>

namespace penstock::server {

/// An IPv6 address, or an IPv4 address in its mapped form (::ffff:192.0.2.1), so that both compare
/// alike.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  static Result<Address, std::string> parse(std::string_view text);
  friend bool operator==(const Address&, const Address&) = default;
};

/// The client addresses that may connect: a list of networks in CIDR notation. An empty list admits
/// every address.
class AllowedNetworks {
 public:
  static Result<AllowedNetworks, std::string> parse(const std::vector<std::string>& networks);

  bool admits(const Address& address) const;

 private:
  struct Network {
    Address first;
    int prefix_bits = 128;
  };
  std::vector<Network> networks_;
};

struct ListenAddress {
  std::string host;  ///< "127.0.0.1", "::1" or a name, without brackets
  std::string port;
};

/// Parses "127.0.0.1:8080", "[::1]:8080" and "localhost:8080".
Result<ListenAddress, std::string> parse_listen_address(std::string_view text);

}  // namespace penstock::server
