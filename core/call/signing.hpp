#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "call/prepared_call.hpp"
#include "host/invocation.hpp"
#include "upstream/client.hpp"

namespace penstock::call {

/// A prepared call as the plugin sees it. `url`: the final one, with its query. The result points
/// into all three.
host::CallInput call_input(const PreparedCall& prepared, const Call& call, std::string_view url);

/// The third step of a call: the request as it leaves.
struct SignedRequest {
  std::string method;
  Url url;
  Headers headers;
  std::optional<std::string> body;
  bool url_may_hold_secrets = false;  ///< the plugin added to `url`, or replaced it
  std::string call_url = {};          ///< the URL that the plugin saw
  std::string base_host = {};         ///< the host of that URL
};

/// The plugin needs a session that the snapshot does not have.
struct NeedsSession {};

struct Signing {
  std::variant<SignedRequest, NeedsSession, Error> result;
  std::vector<Field> notes = {};         ///< of the plugin, not redacted yet
  std::vector<host::LogText> logs = {};  ///< the same
};

/// Signs a call with a snapshot of its connection: the plugin's prepare(), then all checks of what
/// it made of the request. Depends on its arguments alone, so a dry run gives the request that a
/// call would send.
Signing sign(const PreparedCall& prepared, const Call& call, const session::Snapshot& now,
             const host::Env& env);

/// The session that sign() uses at that time (Unix time in ms); null: none.
const host::SessionState* session_in_use(const PreparedCall& prepared, const session::Snapshot& now,
                                         std::int64_t now_ms);

/// Combines a prepared call with the plugin's outcome. Fails if the plugin's URL is invalid, if the
/// caller's XML is not valid inside the envelope, if the caller repeats a query parameter of the
/// plugin, if the caller sets a header in which the plugin sends a credential, or if the plugin
/// writes a body while the caller's is streamed.
Result<SignedRequest> build_request(const PreparedCall& prepared, const Call& call, Url url,
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
