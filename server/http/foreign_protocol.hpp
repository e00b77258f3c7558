#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::server {

/// What a client speaks that does not begin with an HTTP/1 request: TLS on this plain port, or the
/// PROXY protocol (versions 1 and 2) of a balancer. A sentence that says so and what to change;
/// none as long as `first_bytes` of a connection may be HTTP/1.
std::optional<std::string> foreign_protocol(std::string_view first_bytes);

/// Whether more bytes are needed to tell. The signature of the PROXY protocol's version 2 begins
/// with empty lines, which HTTP would skip (RFC 9112 section 2.2).
bool may_become_foreign(std::string_view first_bytes);

}  // namespace penstock::server
