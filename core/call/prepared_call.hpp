#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "base/url.hpp"
#include "call/routed_call.hpp"
#include "policy/request_path.hpp"
#include "session/session_slot.hpp"
#include "soap/envelope.hpp"

namespace penstock::call {

/// The second step of a call: validated, and ready to be signed once its body is complete. Does not
/// change afterwards; a later step makes a new value.
struct PreparedCall : RoutedCall {
  /// Base URL joined with the caller's path and params. If the base URL comes from the session,
  /// call_url() computes it for each session.
  Url url;
  std::string path;               ///< the caller's path
  policy::CallerPath path_parts;  ///< `path`, split into path and query
  Headers headers;                ///< the caller's, plus the Content-Type implied by its body
  std::string options_json;       ///< with defaults filled in
  std::vector<Field> options;

  enum class Body : std::uint8_t {
    complete,  ///< it is `body`
    pending,   ///< form parts have to be fetched, or a streamed body has to be received whole
    streamed,  ///< forwarded as it arrives; `body` stays empty
  };
  Body body_state = Body::complete;
  std::optional<std::string> body;
  std::optional<std::uint64_t> streamed_length;  ///< of a streamed body; none: not known
  std::string body_sha256;
  std::optional<soap::SoapEnvelope> envelope;  ///< set if `body` is the caller's own envelope
};

/// Routes and validates a call; sends nothing. Reports all validation problems at once. `boundary`
/// separates the parts of a multipart body. The body is pending if the form has parts to fetch;
/// with_form() completes it.
Result<PreparedCall> prepare_call(const runtime::Registry& registry, const Call& call,
                                  std::string_view boundary);

/// The same for a streamed call: `call` has no body, and its headers are those of an HTTP request,
/// of which hop-by-hop fields are dropped. The body is pending if signing needs it whole;
/// with_body() completes it. `length`: of the body, none if unknown.
Result<PreparedCall> prepare_streamed_call(const runtime::Registry& registry, const Call& call,
                                           bool has_body, std::optional<std::uint64_t> length);

/// Base URL joined with the caller's path and params. Without a session, the host of a base URL
/// that comes from the session is a placeholder that cannot be resolved.
Result<Url> call_url(const PreparedCall& prepared, const Call& call, const session::Snapshot& now);

}  // namespace penstock::call
