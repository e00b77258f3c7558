#include "penstock/net.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

#include <arpa/inet.h>

namespace penstock {
namespace {

/// A decimal number of digits alone, up to `max`.
std::optional<unsigned> number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  IpAddress out;
  if (inet_pton(AF_INET6, terminated.c_str(), out.bytes.data()) == 1) return out;
  out = v4(0, 0, 0, 0);
  if (inet_pton(AF_INET, terminated.c_str(), out.bytes.data() + 12) == 1) return out;
  return std::nullopt;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return IpNetwork{*address, 128};
  const int max = text.find(':') == std::string_view::npos ? 32 : 128;
  const auto bits = number(text.substr(slash + 1), static_cast<unsigned>(max));
  if (!bits) return std::nullopt;
  return IpNetwork{*address, 128 - max + static_cast<int>(*bits)};
}

bool IpNetwork::contains(const IpAddress& other) const noexcept {
  const auto whole = static_cast<std::size_t>(prefix_bits / 8);
  const int rest = prefix_bits % 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + whole, other.bytes.begin()))
    return false;
  return rest == 0 || (address.bytes[whole] ^ other.bytes[whole]) >> (8 - rest) == 0;
}

std::optional<HostAndPort> HostAndPort::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = number(text.substr(colon + 1), 65535);
  std::string_view host = text.substr(0, colon);
  const bool v6 = host.starts_with('[') && host.ends_with(']');
  if (v6) host = host.substr(1, host.size() - 2);
  if (!port || host.empty() || v6 != (host.find(':') != std::string_view::npos) ||
      (v6 && !IpAddress::parse(host.substr(0, host.find('%')))))
    return std::nullopt;
  return HostAndPort{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string HostAndPort::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace penstock
