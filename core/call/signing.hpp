#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "call/prepared_call.hpp"
#include "host/invocation.hpp"
#include "upstream/client.hpp"

namespace penstock::call {

/// A prepared call as the plugin sees it. The result points into `prepared` and `call`.
host::CallInput call_input(const PreparedCall& prepared, const Call& call);

/// A signed request; check_egress() decides whether it may be sent.
struct SignedRequest {
  std::string method;
  Url url;
  std::vector<Field> headers;
  std::optional<std::string> body;
};

/// Combines a prepared call with the plugin's outcome. Fails if the plugin's URL is invalid, if the
/// caller's XML is not valid inside the envelope, if the caller repeats a query parameter of the
/// plugin, or if the caller sets a header in which the plugin sends a credential.
Result<SignedRequest> build_request(const PreparedCall& prepared, const Call& call,
                                    host::Outcome outcome, const session::Snapshot& snapshot = {});

/// Final egress check: the signed URL must match the manifest's egress list.
Result<Ok> check_egress(const PreparedCall& prepared, const Url& url);

/// How long the call may take. The first of these that is set: the call's timeout, the
/// integration's, the manifest's, the common one; else 60 s.
std::chrono::milliseconds time_limit(const PreparedCall& prepared, const Call& call,
                                     const UpstreamConfig& common);

/// Redacts every secret of a connection and its session.
Redactor redactor_for(const session::Snapshot& snapshot = {});

}  // namespace penstock::call
