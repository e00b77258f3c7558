#pragma once

#include <string>
#include <vector>

#include <penstock/call.hpp>

namespace penstock::policy {

/// The headers of an HTTP request that a proxy forwards: without hop-by-hop fields (RFC 9110
/// section 7.6.1: Connection, the fields that it names, and the rest of framing) and without those
/// that intermediaries add; see intermediary_header().
std::vector<Field> forwarded_headers(const std::vector<Field>& headers);

/// The trailers of a vendor that are forwarded: none that could pass for framing, routing,
/// authentication or a description of the content (RFC 9110 section 6.5.1), and no Penstock-*
/// field, which only the engine sets.
std::vector<Field> forwarded_trailers(std::vector<Field> trailers);

/// Removes the hop-by-hop fields of a response, those that its Connection header names, and
/// Penstock-* fields, which only the engine sets. For interim responses, too.
void drop_hop_by_hop(std::vector<Field>& headers);

}  // namespace penstock::policy
