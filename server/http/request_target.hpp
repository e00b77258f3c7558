#pragma once

#include <optional>
#include <string_view>

namespace penstock::server {

/// Whether `text` is `uri-host [":" port]` (RFC 9110 section 7.2): a name, an IPv4 address or an
/// IPv6 address in brackets, and a port of 0 to 65535. Without commas, which the RFC's grammar
/// would allow in a name: two Host fields that were joined look like that.
bool is_authority(std::string_view text);

/// An `http` or `https` URI as a request's target (RFC 9112 section 3.2.2), taken apart.
struct AbsoluteTarget {
  std::string_view authority;
  std::string_view path;  ///< with its query; "/" where the URI has none
};

/// None where `target` is no such URI. The authority is not checked.
std::optional<AbsoluteTarget> read_absolute_target(std::string_view target);

}  // namespace penstock::server
