#pragma once

#include <optional>
#include <string_view>

namespace penstock::server {

/// Whether `text` is `uri-host [":" port]` (RFC 9110 section 7.2): a name, an IPv4 address or an
/// IPv6 address in brackets, and a port from 0 to 65535. Commas, which the RFC's grammar allows in
/// a name, are rejected: two joined Host fields look like that.
bool is_authority(std::string_view text);

/// The parts of an `http` or `https` URI used as a request target (RFC 9112 section 3.2.2).
struct AbsoluteTarget {
  std::string_view authority;
  std::string_view path;  ///< including its query; "/" if the URI has none
};

/// None if `target` is not such a URI. The authority is not checked.
std::optional<AbsoluteTarget> read_absolute_target(std::string_view target);

}  // namespace penstock::server
