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

/// The plugin's picture of a draft; points into it.
host::CallInput call_input(const PreparedCall& prepared, const Call& call);

/// A signed call: what leaves, if it may.
struct SignedRequest {
  std::string method;
  Url url;
  std::vector<Field> headers;
  std::optional<std::string> body;
};

/// PreparedCall and plugin outcome put together. Fails where the caller's XML is not sound inside
/// the envelope, and where the caller gives a header with which the plugin proves who calls.
Result<SignedRequest> build_request(const PreparedCall& prepared, const Call& call,
                                    host::Outcome outcome, const session::Snapshot& snapshot = {});

/// The last look at where a request goes: the final URL must be inside the manifest's egress list.
Result<Ok> check_egress(const PreparedCall& prepared, const Url& url);

/// How long the call may take: the call's own say, the integration's, the manifest's, the common
/// one, 60 s.
std::chrono::milliseconds time_limit(const PreparedCall& prepared, const Call& call,
                                     const UpstreamConfig& common);

/// Everything of a connection and a session that must not be shown.
Redactor redactor_for(const session::Snapshot& snapshot = {});

}  // namespace penstock::call
