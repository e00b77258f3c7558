#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::server {

/// Detects a client that does not begin with an HTTP/1 request: TLS on this plain port, or the
/// PROXY protocol (versions 1 and 2) of a load balancer. Returns a message that names the protocol
/// and what to change; none while `first_bytes` of a connection may be HTTP/1.
std::optional<std::string> foreign_protocol(std::string_view first_bytes);

/// Whether more bytes are needed to decide. The signature of PROXY protocol version 2 begins with
/// empty lines, which HTTP would skip (RFC 9112 section 2.2).
bool may_become_foreign(std::string_view first_bytes);

}  // namespace penstock::server
