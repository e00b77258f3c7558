#include "http/allowed_networks.hpp"

#include <algorithm>

namespace penstock::server {

Result<AllowedNetworks, std::string>
AllowedNetworks::parse(const std::vector<std::string>& networks) {
  AllowedNetworks out;
  for (const std::string& text : networks) {
    const auto network = IpNetwork::parse(text);
    if (!network)
      return failure("allowed_networks: \"" + text + "\" must be like 10.0.0.0/8 or fd00::/8");
    out.networks_.push_back(*network);
  }
  return out;
}

bool AllowedNetworks::admits(const IpAddress& address) const {
  return networks_.empty() || std::ranges::any_of(networks_, [&](const IpNetwork& network) {
           return network.contains(address);
         });
}

}  // namespace penstock::server
