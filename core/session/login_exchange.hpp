#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "host/invocation.hpp"
#include "session/environment.hpp"

namespace penstock::session {

/// The input of the plugin's session function.
struct RenewalStart {
  std::shared_ptr<const host::Instance> plugin;  ///< keeps the plugin's generation alive
  int max_fetches = 4;
  host::SessionKey key;
  host::Connection connection;
  std::optional<host::SessionState> old_session;
  std::uint32_t event = PST_EV_START;
  /// the response that rejected the session, for PST_EV_CHALLENGED
  std::optional<FetchResponse> challenge;
  /// the grant spends a credential; if revoked, the customer has to reconnect
  bool rotates = true;
};

struct Renewed {
  host::SessionState session;
  std::vector<host::NamedValue>
      credentials;  ///< rotated ones; save them before the session is used
};

struct RenewalFailure {
  enum class Kind : std::uint8_t {
    transient,  ///< network error, 5xx or rate limit: says nothing about the credentials
    refused,    ///< the vendor rejects the login
    revoked,    ///< the vendor rejects it permanently, by the plugin's PST_E_CONSENT_REVOKED
  };
  Error error;
  Kind kind = Kind::transient;
  std::vector<host::NamedValue> credentials;  ///< rotated ones, received despite the failure
};

/// Runs a plugin's session state machine: session() and the fetches that it requests, at most
/// max_fetches. The run belongs to the connection, not to a call, and cannot be cancelled.
void renew(RenewalStart start, std::shared_ptr<Environment> environment,
           std::function<void(Result<Renewed, RenewalFailure>)> handler);

/// Ends a session at the vendor: PST_EV_LOGOUT, and the one fetch that it may request. Failures are
/// ignored, because the vendor expires the session anyway. `done` runs once, possibly inside this
/// call.
void logout(const host::Instance& plugin, const host::SessionKey& key,
            const host::Connection& connection, const host::SessionState& session,
            const std::shared_ptr<Environment>& environment, std::function<void()> done);

/// Translates a plugin's failure in session() into the caller's error. `rotates` as in
/// RenewalStart.
Error session_error(const host::PluginFailure& failure, const std::string& connection_id,
                    bool rotates = true);

}  // namespace penstock::session
