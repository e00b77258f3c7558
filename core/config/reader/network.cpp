#include "config/reader/network.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include <arpa/inet.h>

namespace penstock::config {
namespace {

std::optional<unsigned> number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size() || value > most)
    return std::nullopt;
  return value;
}

bool is_address(int family, std::string_view text) {
  unsigned char bytes[16];
  return ::inet_pton(family, std::string(text).c_str(), bytes) == 1;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
         });
}

}  // namespace

bool is_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !number(text.substr(colon + 1), 65535)) return false;
  const std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    return is_address(AF_INET6, host.substr(1, host.size() - 2));
  return is_host_name(host);
}

bool is_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const bool v4 = is_address(AF_INET, address);
  if (!v4 && !is_address(AF_INET6, address)) return false;
  return slash == std::string_view::npos ||
         number(text.substr(slash + 1), v4 ? 32 : 128).has_value();
}

}  // namespace penstock::config
