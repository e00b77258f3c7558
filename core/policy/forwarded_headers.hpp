#pragma once

#include <string>
#include <vector>

#include <penstock/call.hpp>

namespace penstock::policy {

/// What of an HTTP request's headers a proxy passes on: without those of the caller's own hop (RFC
/// 9110 section 7.6.1: Connection, what it names, and the rest of framing) and without those that
/// software on the way has added by itself: see intermediary_header().
std::vector<Field> forwarded_headers(const std::vector<Field>& headers);

/// What of a vendor's trailers goes on: none that could pass for framing, routing, authentication
/// or a description of the content (RFC 9110 section 6.5.1), nor for the engine's own words.
std::vector<Field> forwarded_trailers(std::vector<Field> trailers);

/// Drops the answer's fields that speak of one hop only, those that its Connection names, and
/// those named as if the engine had written them (Penstock-*). For interim answers, too.
void drop_hop_by_hop(std::vector<Field>& headers);

}  // namespace penstock::policy
