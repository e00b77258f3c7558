#pragma once

#include <penstock/headers.hpp>

namespace penstock::policy {

/// The headers of an HTTP request that a proxy forwards: without hop-by-hop fields (RFC 9110
/// section 7.6.1: Connection, the fields that it names, and the rest of framing) and without those
/// that intermediaries add; see intermediary_header().
Headers forwarded_headers(const Headers& headers);

/// The trailers of a vendor that are forwarded: none that could pass for framing, routing,
/// authentication or a description of the content (RFC 9110 section 6.5.1), and no Penstock-*
/// field, which only the engine sets.
Headers forwarded_trailers(Headers trailers);

/// Removes the hop-by-hop fields of a response, those that its Connection header names, and
/// Penstock-* fields, which only the engine sets. For interim responses, too.
void drop_hop_by_hop(Headers& headers);

}  // namespace penstock::policy
