#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <penstock/credential_store.hpp>
#include <penstock/result.hpp>

#include "host/invocation.hpp"

namespace penstock::session {

/// The store key of a connection's state, and the state found there.
struct Located {
  std::string key;
  std::optional<StoredState> state;
};

/// Finds the state of one plugin's connection. If the vendor replaces a credential
/// (`rotating_field`; empty: none), the key is that credential's fingerprint, not the integration's
/// id. So a renamed integration keeps its consent, and all integrations configured with the same
/// credential share one state and one lease, so that the credential is not spent twice. A record
/// that an earlier release stored under the id is moved. Without such a credential, the id is the
/// key. Reads and writes `store`, and may block.
Result<Located> locate_state(CredentialStore& store, const std::string& plugin_id,
                             const host::Connection& configured, std::string_view rotating_field);

}  // namespace penstock::session
