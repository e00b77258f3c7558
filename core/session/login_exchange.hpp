#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "host/invocation.hpp"
#include "session/environment.hpp"

namespace penstock::session {

/// What the plugin's session function is started with.
struct RenewalStart {
  std::shared_ptr<const host::Instance> plugin;  ///< shares the life of the plugin's generation
  int max_fetches = 4;
  host::Connection connection;
  std::optional<host::State> old_session;
  std::uint32_t event = PST_EV_START;
  std::optional<FetchResponse> challenge;  ///< the vendor's refusal, for PST_EV_CHALLENGED
  bool rotates = true;  ///< the grant spends a credential: one that is revoked has to be made anew
};

struct Renewed {
  host::State session;
  std::vector<host::Item> credentials;  ///< rotated ones: durable before anyone uses the session
};

struct RenewalFailure {
  enum class Kind : std::uint8_t {
    transient,  ///< the network, a 5xx, a pause asked for: says nothing of the credentials
    refused,    ///< the vendor does not take the login
    revoked,    ///< nor will it ever: what a plugin says of a grant (PST_E_CONSENT_REVOKED)
  };
  Error error;
  Kind kind = Kind::transient;
  std::vector<host::Item> credentials;  ///< rotated ones, which came in spite of the failure
};

/// One run of a plugin's session machine: session() and the fetches that it asks for, at most
/// max_fetches of them. Belongs to the connection, not to a call: nothing cancels it.
void renew(RenewalStart start, std::shared_ptr<Environment> environment,
           std::function<void(Result<Renewed, RenewalFailure>)> handler);

/// Ends a session at its vendor: PST_EV_LOGOUT, and the one fetch that it may ask for. Nobody can
/// do anything about a failure: the vendor forgets the session in its own time. `done` runs once,
/// perhaps inside this call.
void logout(const host::Instance& plugin, const host::Connection& connection,
            const host::State& session, const std::shared_ptr<Environment>& environment,
            std::function<void()> done);

/// What a plugin's failure in session() means for the caller. `rotates` as in RenewalStart.
Error session_error(const host::PluginFailure& failure, const std::string& connection_id,
                    bool rotates = true);

}  // namespace penstock::session
