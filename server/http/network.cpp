#include "http/network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace penstock::server {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool same_bits(const Address& a, const Address& b, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + whole, b.bytes.begin())) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const int mask = 0xFF << (8 - rest);
  return ((a.bytes[whole] ^ b.bytes[whole]) & mask) == 0;
}

bool is_number(std::string_view text, int most, int& out) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return !text.empty() && error == std::errc() && stop == end && out >= 0 && out <= most;
}

}  // namespace

Result<Address, std::string> Address::parse(std::string_view text) {
  const std::string terminated(text);
  Address out;
  if (inet_pton(AF_INET6, terminated.c_str(), out.bytes.data()) == 1) return out;
  if (inet_pton(AF_INET, terminated.c_str(), out.bytes.data() + 12) == 1) {
    std::ranges::copy(mapped_prefix, out.bytes.begin());
    return out;
  }
  return failure("\"" + terminated + "\" is not an IP address");
}

Result<AllowedNetworks, std::string>
AllowedNetworks::parse(const std::vector<std::string>& networks) {
  AllowedNetworks out;
  for (const std::string& text : networks) {
    const std::size_t slash = text.find('/');
    auto first = Address::parse(std::string_view(text).substr(0, slash));
    if (!first) return failure("allowed_networks: " + first.error());
    const bool v4 = text.find(':') == std::string::npos;
    int bits = v4 ? 32 : 128;
    if (slash != std::string::npos &&
        !is_number(std::string_view(text).substr(slash + 1), bits, bits)) {
      return failure("allowed_networks: \"" + text + "\" must be like 10.0.0.0/8 or fd00::/8");
    }
    out.networks_.push_back({*first, v4 ? bits + 96 : bits});
  }
  return out;
}

bool AllowedNetworks::admits(const Address& address) const {
  return networks_.empty() || std::ranges::any_of(networks_, [&](const Network& network) {
           return same_bits(network.first, address, network.prefix_bits);
         });
}

Result<ListenAddress, std::string> parse_listen_address(std::string_view text) {
  const auto refused = [&] {
    return failure("\"" + std::string(text) + "\" must be HOST:PORT, like 127.0.0.1:8080");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refused();
  }
  int number = 0;
  if (host.empty() || !is_number(port, 65535, number)) return refused();
  return ListenAddress{std::string(host), std::string(port)};
}

}  // namespace penstock::server
