#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/manifest.hpp"
#include "host/invocation.hpp"
#include "runtime/backoff.hpp"
#include "upstream/client.hpp"

namespace penstock::call {

/// What a response means for the engine. The response itself is never changed.
struct Classification {
  std::optional<catalog::ResponseKind> kind;  ///< none: no special meaning
  bool before_processing = false;             ///< the vendor refused before acting
  std::string message;                        ///< for the caller's warnings; empty: none
  std::int64_t retry_after_ms = 0;            ///< the pause that the vendor asks for; 0: none
  bool transient = false;                     ///< the plugin asks for a retry
};

/// Applies the manifest's rules, then the plugin's inspect() if the status is in the manifest's
/// inspect window. `inspect` calls the plugin; it is used only inside the window.
Classification
classify_response(const catalog::Api& api,
                  const std::function<host::Outcome(const host::ResponseInput&)>& inspect,
                  const upstream::Response& response);

/// What the response says about the credentials. `ends_session`: the rejection will lead to a new
/// session.
runtime::CredentialsVerdict credentials_verdict(const Classification& classification, int status,
                                                bool ends_session);

/// The meaning that is reported to the caller.
Meaning meaning_of(const Classification& classification);

/// How many bytes of the body of a response with this status classify_response() reads.
std::size_t inspected_bytes(const catalog::Api& api, int status);

/// Whether the same request may be sent again: the vendor refused it before acting, or the method
/// is idempotent (RFC 9110 section 9.2.2).
bool may_repeat(std::string_view method, const Classification& classification);

}  // namespace penstock::call
