#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

namespace penstock::policy {

/// Checks the headers that a caller wants the vendor to see. Refused, each with its pointer: what
/// is not RFC 9110 grammar; framing, hop-by-hop and forwarding fields; credentials; fields that the
/// plugin owns; a second one of a field that a message has once, such as Content-Type. Names are
/// compared without case and with `_` read as `-`, since many servers do the
/// same.
void check_headers(const std::vector<Field>& headers, const std::vector<std::string>& owned,
                   std::vector<Problem>& problems);

/// Answer fields that speak of one hop only (RFC 9110 section 7.6.1); they end here.
bool is_hop_by_hop(std::string_view lower_name);

}  // namespace penstock::policy
