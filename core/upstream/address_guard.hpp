#pragma once

#include <string>

#include <sys/socket.h>

namespace penstock::upstream {

/// Whether an address is on the public internet. Private, loopback, link-local (which includes
/// cloud metadata), shared, multicast, reserved and documentation ranges are not (RFC 6890), nor
/// are IPv6 forms that carry such an IPv4 address.
bool is_public_address(const sockaddr* address);

/// The address as text for messages; "unknown" for other families.
std::string address_text(const sockaddr* address);

}  // namespace penstock::upstream
