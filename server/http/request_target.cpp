#include "http/request_target.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <string>

#include <penstock/hex.hpp>
#include <penstock/text.hpp>

namespace penstock::server {
namespace {

bool is_ascii_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// RFC 3986 section 3.2.2: reg-name, which includes IPv4 addresses, but without the comma.
bool is_registered_name(std::string_view text) {
  constexpr std::string_view others = "-._~!$&'()*+;=";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2]))
        return false;
      i += 2;
    } else if (!is_ascii_letter_or_digit(text[i]) && others.find(text[i]) == others.npos) {
      return false;
    }
  }
  return !text.empty();
}

bool is_ipv6_address(std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET6, std::string(text).c_str(), bytes.data()) == 1;
}

bool is_port(std::string_view text) {
  if (text.empty()) return true;  // RFC 3986 section 3.2.3: as if there were no colon.
  int number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stop == text.data() + text.size() && number >= 0 &&
         number <= 65535 && text.front() != '-';
}

}  // namespace

bool is_authority(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6_address(text.substr(1, end - 1))) return false;
    const std::string_view rest = text.substr(end + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  const std::size_t colon = text.find(':');
  if (!is_registered_name(text.substr(0, colon))) return false;
  return colon == std::string_view::npos || is_port(text.substr(colon + 1));
}

std::optional<AbsoluteTarget> read_absolute_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    AbsoluteTarget out;
    out.authority = target.substr(0, target.find_first_of("/?"));
    target.remove_prefix(out.authority.size());
    // No route is at the root, so a query there has no meaning.
    out.path = target.starts_with('/') ? target : "/";
    return out;
  }
  return std::nullopt;
}

}  // namespace penstock::server
