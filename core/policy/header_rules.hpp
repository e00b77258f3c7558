#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

namespace penstock::policy {

/// Checks the headers that a caller wants to send to the vendor. Refused, each with its JSON
/// Pointer: what is not RFC 9110 grammar; framing, hop-by-hop and forwarding fields; credentials;
/// fields that the plugin owns (`owned`, lower case); a repeated field that a message may have only
/// once, such as Content-Type; a value longer than 8192 bytes; more than 100 headers. Names are
/// compared without case and with `_` read as `-`, as many servers do.
void check_headers(const Headers& headers, const std::vector<std::string>& owned,
                   std::vector<Problem>& problems);

/// Whether a field is hop-by-hop (RFC 9110 section 7.6.1). Such fields are not forwarded.
bool is_hop_by_hop(std::string_view lower_name);

}  // namespace penstock::policy
