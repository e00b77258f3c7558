#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <penstock/credential_store.hpp>
#include <penstock/result.hpp>

#include "host/invocation.hpp"

namespace penstock::session {

/// Where the state of a connection is kept, and what is there.
struct Located {
  std::string key;
  std::optional<StoredState> state;
};

/// Finds the state of one plugin's connection. With a credential that the vendor replaces
/// (`rotating_field`, empty: there is none) it is kept under that credential's fingerprint, not
/// under the integration's id: an integration that is renamed keeps its consent, and all who were
/// configured with the same credential share one state and one lease, so that nobody spends the
/// credential a second time. What an earlier release kept under the id is moved. Without such a
/// credential the id is the key. Reads and writes `store`, and may block.
Result<Located> locate_state(CredentialStore& store, const std::string& plugin_id,
                             const host::Connection& configured, std::string_view rotating_field);

}  // namespace penstock::session
