#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <penstock/credential_store.hpp>

#include "host/invocation.hpp"
#include "session/login_exchange.hpp"
#include "session/snapshot.hpp"

namespace penstock::session {

/// What the vendor answered to a login, until it is saved. It is the only copy: the credential that
/// the login spent is of no more use.
struct LoginResponse {
  StoredState record;                           ///< to be saved
  std::vector<SecretField> credentials_before;  ///< those that the login used
  /// The session, or a failure that came with rotated credentials.
  Result<std::shared_ptr<Snapshot>, RenewalFailure> outcome;
  std::uint8_t jitter = 0;  ///< of the early refresh, or of the backoff
};

/// `record` is the state that the login started from; the session will serve `formats`.
LoginResponse response_of(Renewed renewed, StoredState record, const host::Connection& configured,
                          std::vector<int> formats, std::uint8_t jitter);
LoginResponse response_of(RenewalFailure failure, StoredState record,
                          const host::Connection& configured, std::uint8_t jitter);

/// What a store holds of a response whose save failed, or may have failed.
enum class SaveResult : std::uint8_t {
  stored,
  missing,
  superseded,  ///< another replica received a later response
};
SaveResult find_response(const LoginResponse& response, const StoredState& stored);

}  // namespace penstock::session
