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

/// What an answer means for the engine. The answer itself is never changed by it.
struct Classification {
  std::optional<catalog::ResponseKind> kind;  ///< none: nothing special
  bool before_processing = false;             ///< the vendor refused before it acted
  std::string message;                        ///< for the caller's warnings; empty: none
  std::int64_t retry_after_ms = 0;            ///< the pause that the plugin read; 0: none
  bool transient = false;                     ///< the plugin would have it tried again
};

/// The manifest's rules first, then the plugin's inspect() where the manifest opens a window for
/// it. `inspect` calls the plugin; it is asked for only inside the window.
Classification
classify_response(const catalog::Api& api,
                  const std::function<host::Outcome(const host::ResponseInput&)>& inspect,
                  const upstream::Response& response);

/// What the answer says of the credentials. `ends_session`: a refusal of this session will have a
/// new one made.
runtime::CredentialsVerdict credentials_verdict(const Classification& classification, int status,
                                                bool ends_session);

/// The same for the caller.
Meaning meaning_of(const Classification& classification);

/// How many bytes of the body of an answer with this status judge() looks at.
std::size_t inspected_bytes(const catalog::Api& api, int status);

/// Whether the same request may be sent a second time: the vendor refused it before acting, or the
/// method is idempotent (RFC 9110 section 9.2.2).
bool may_repeat(std::string_view method, const Classification& classification);

}  // namespace penstock::call
