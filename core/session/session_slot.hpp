#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/atomic_shared_ptr.hpp"
#include "host/invocation.hpp"
#include "session/environment.hpp"
#include "session/login_backoff.hpp"
#include "session/login_exchange.hpp"
#include "session/login_response.hpp"
#include "session/snapshot.hpp"

namespace penstock::session {

/// A request for a session, and what may be done to obtain it.
struct SessionRequest {
  std::shared_ptr<const host::Instance> plugin;
  int max_fetches = 4;
  int format = 1;                     ///< session.format of the API that is called
  std::vector<int> formats;           ///< those that a new session will serve; empty: only `format`
  std::uint64_t used_generation = 0;  ///< only a session with a higher generation will do
  std::optional<FetchResponse> challenge;  ///< the response that rejected that session
  /// Contact the vendor even during a backoff or after a permanent refusal.
  bool ignore_backoff = false;
  bool supports_logout = false;  ///< the plugin has a logout: end replaced sessions once unused
};

/// Status of a connection at its vendor. Times are Unix time in ms; 0: never.
struct SessionStatus {
  enum class Health : std::uint8_t {
    ok,
    expiring,
    cooling_down,
    unreachable,
    refused,
    needs_credentials
  };
  Health health = Health::ok;
  std::string error;  ///< of the last renewal, if that failed
  std::int64_t renewed_ms = 0, expires_ms = 0, failed_ms = 0, not_before_ms = 0;
};

/// The mutable state of one connection of one plugin: rotated credentials, the session, and at most
/// one renewal at a time (single flight) that all waiting calls share. With a shared store, there
/// is at most one renewal among all replicas: see LeasedRenewal. [any-thread]
class SessionSlot : public std::enable_shared_from_this<SessionSlot> {
 public:
  /// `stored` is the store's record under `key`. Its credentials are dropped if the configured ones
  /// that they replaced have changed. `rotates`: the vendor replaces a credential of this
  /// connection at each use; only then can it refuse one permanently. Other grants (signed
  /// assertions, client credentials) may be accepted later, once a clock is right.
  SessionSlot(std::string key, host::Connection configured,
              const std::optional<StoredState>& stored, bool rotates,
              host::SessionKey session_key = {});

  /// A slot for the same configured connection whose session has a key. What the store has for it
  /// is read when it is first asked for a session. Its plugin rotates no credential.
  std::shared_ptr<SessionSlot> for_key(host::SessionKey session_key) const;

  /// Blocks for no longer than a pointer copy.
  SnapshotPtr current() const { return current_.load(); }

  using Handler = std::function<void(Result<SnapshotPtr>)>;

  /// Passes `handler` a session whose generation is above request.used_generation: immediately if
  /// there is one, else when the renewal in progress, or a new one in `environment`, has ended.
  /// `handler` may run inside this call or on the thread of any environment.
  void obtain(SessionRequest request, const std::shared_ptr<Environment>& environment,
              Handler handler);

  /// Starts a renewal that no call waits for, if the session's refresh_early_ms has passed.
  void refresh_early(SessionRequest request, const std::shared_ptr<Environment>& environment);

  /// Drops the session of this generation, so that the next call makes a new one. For a session
  /// that the vendor rejected in a call that could not be repeated.
  void drop(std::uint64_t generation);

  /// Deletes the session from the store, then ends it at the vendor. For the shutdown of a process
  /// whose store is not shared. `done` runs once, possibly inside this call.
  void logout(std::shared_ptr<const host::Instance> plugin,
              const std::shared_ptr<Environment>& environment, std::function<void()> done);

  SessionStatus status(std::int64_t now_ms) const;

  // The rest is for the renewal in progress. Each function that changes the state is one transition
  // under the mutex. Waiting calls are answered after it, outside the mutex.

  const std::string& key() const { return key_; }
  const host::Connection& configured() const { return configured_; }
  const host::SessionKey& session_key() const { return session_key_; }
  /// The state as it is to be saved.
  StoredState record() const;
  /// Whether a login spends a credential. Only such a credential can be refused permanently.
  bool spends_credential() const;

  enum class Adoption : std::uint8_t {
    unchanged,  ///< the stored state was known
    merged,     ///< it is newer, and has no session that serves `request`
    settled,    ///< it has a usable session or a permanent refusal: waiting calls have got that
  };
  /// Adopts what another replica may have stored.
  Adoption adopt(const StoredState& stored, const SessionRequest& request, std::int64_t now_ms);
  /// The record is stored as `version`.
  void saved(std::uint64_t version);
  /// The response is stored as `version`: publishes its session, or its failure. Ends the renewal.
  void commit(LoginResponse response, std::uint64_t version, std::int64_t now_ms);
  /// Ends the renewal, which failed.
  void reject(RenewalFailure failure, std::int64_t now_ms, std::uint8_t jitter);
  /// Fails the waiting calls while the renewal goes on.
  void notify(Error error, std::int64_t now_ms);
  /// The vendor's permanent refusal could not be saved. The renewal goes on.
  void refuse(Error error, std::int64_t now_ms);
  /// Ends a check of the store that found nothing new: the refusal stays.
  void stay_refused(std::int64_t now_ms);

 private:
  /// Calls that no longer wait, and their result.
  struct Answer {
    std::vector<Handler> handlers;
    Result<SnapshotPtr> result = SnapshotPtr();
  };
  template <class Change>
  void transition(const Change& change);
  void begin(SessionRequest request, const std::shared_ptr<Environment>& environment,
             bool check_only);

  // [under the mutex]
  Answer publish(std::shared_ptr<Snapshot> fresh, std::int64_t now_ms);
  Answer fail(const RenewalFailure& failure, std::int64_t now_ms, std::uint8_t jitter);
  std::vector<Handler> end_renewal();
  void drop_session();
  StoredState locked_record() const;
  void check_invariants() const;

  const std::string key_;
  const host::Connection configured_;
  const host::SessionKey session_key_;
  const bool rotates_;
  AtomicSharedPtr<const Snapshot> current_;  ///< stored under the mutex, loaded without

  mutable std::mutex mutex_;
  bool renewing_ = false;
  std::vector<Handler> handlers_;
  std::uint64_t stored_version_ = 0;
  std::vector<host::NamedValue> rotated_;
  LoginBackoff backoff_;
  std::int64_t renewed_ms_ = 0;
};

}  // namespace penstock::session
