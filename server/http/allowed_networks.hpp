#pragma once

#include <string>
#include <vector>

#include <penstock/net.hpp>
#include <penstock/result.hpp>

namespace penstock::server {

/// The client addresses that may connect: a list of networks in CIDR notation. An empty list admits
/// every address.
class AllowedNetworks {
 public:
  static Result<AllowedNetworks, std::string> parse(const std::vector<std::string>& networks);

  bool admits(const IpAddress& address) const;

 private:
  std::vector<IpNetwork> networks_;
};

}  // namespace penstock::server
