#pragma once

#include <atomic>
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
#include "session/login_exchange.hpp"

namespace penstock::session {

/// What a call is signed with: the connection's current fields, and the session if there is one.
struct Snapshot {
  std::uint64_t generation = 0;  ///< incremented with each new session
  host::Connection connection;
  std::optional<host::SessionState> session;
  std::vector<int> session_formats;   ///< session.format of the APIs it serves
  std::int64_t refresh_early_ms = 0;  ///< Unix time of the early refresh; 0: none
  /// Number of calls prepared with this session. Plugins see it as pst_env's session_seq.
  std::shared_ptr<std::atomic<std::uint64_t>> uses =
      std::make_shared<std::atomic<std::uint64_t>>(0);

  /// The session if it has not expired and serves APIs with session.format `format`; else null.
  const host::SessionState* session_for(int format, std::int64_t now_ms) const noexcept;
  /// Whether the session is about to expire. A call made with it might arrive too late, so a
  /// renewal is tried first. The margin shrinks with the session's lifetime.
  bool is_due(std::int64_t now_ms) const noexcept;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

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
  bool contact_vendor = true;    ///< false: only check what another replica has stored
  bool supports_logout = false;  ///< the plugin has a logout: end replaced, unused sessions
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
/// is at most one renewal among all replicas. [any-thread]
///
///     obtain ─► lease ─► save intent ─► session() ⇄ fetch ─► save ─► publish
///                 │                                 └ refused: save, report, do not repeat
///                 ├ newer state in the store: adopt it
///                 └ held by another replica: retry after a moment
///
/// If the vendor's response cannot be saved, it is kept in memory and the save is repeated until it
/// succeeds; meanwhile, waiting calls get an error that says why they have no session.
class SessionSlot : public std::enable_shared_from_this<SessionSlot> {
 public:
  /// `stored` is the store's record under `key`. Its credentials are dropped if the configured ones
  /// that they replaced have changed. `rotates`: the vendor replaces a credential of this
  /// connection at each use; only then can it refuse one permanently. Other grants (signed
  /// assertions, client credentials) may be accepted later, once a clock is right.
  SessionSlot(std::string key, host::Connection configured, std::optional<StoredState> stored,
              bool rotates);

  /// Blocks for no longer than a pointer copy.
  SnapshotPtr current() const { return current_.load(); }

  using Handler = std::function<void(Result<SnapshotPtr>)>;

  /// Passes `handler` a session whose generation is above need.used_generation: immediately if
  /// there is one, else when the renewal in progress, or a new one in `environment`, has ended.
  /// `handler` may run inside this call or on the thread of any environment.
  void obtain(SessionRequest need, const std::shared_ptr<Environment>& environment,
              Handler handler);

  /// Starts a renewal that no call waits for, if the session's refresh_early_ms has passed.
  void refresh_early(SessionRequest need, const std::shared_ptr<Environment>& environment);

  /// Drops the session of this generation, so that the next call makes a new one. For a session
  /// that the vendor rejected in a call that could not be repeated.
  void drop(std::uint64_t generation);

  /// Deletes the session from the store, then ends it at the vendor. For the shutdown of a process
  /// whose store is not shared. `done` runs once, possibly inside this call.
  void logout(SessionRequest need, const std::shared_ptr<Environment>& environment,
              std::function<void()> done);

  SessionStatus status(std::int64_t now_ms) const;

 private:
  class LeasedRenewal;

  struct Adopted {
    std::shared_ptr<Snapshot> snapshot;
    std::vector<host::NamedValue> rotated;
  };
  Adopted adopt(const StoredState& stored) const;
  StoredState to_store() const;
  bool spends_credential() const;
  bool believes(const RenewalFailure& failure) const;
  void begin(SessionRequest need, const std::shared_ptr<Environment>& environment);
  void succeed(std::shared_ptr<Snapshot> fresh, std::int64_t now_ms);
  void fail(Error error, RenewalFailure::Kind kind, std::int64_t now_ms, std::uint8_t jitter);
  void tell(const Error& error, std::int64_t now_ms);
  void remain_rejected(std::int64_t now_ms);
  std::vector<Handler> take_handlers();
  bool rests(std::int64_t now_ms) const;
  Error backoff_error(std::int64_t now_ms) const;

  const std::string key_;
  const host::Connection configured_;
  AtomicSharedPtr<const Snapshot> current_;

  mutable std::mutex mutex_;
  bool running_ = false;
  std::vector<Handler> handlers_;
  std::uint64_t stored_version_ = 0;
  std::int64_t renewal_began_ms_ = 0;  ///< of a renewal whose outcome is unknown
  std::vector<host::NamedValue> rotated_;
  const bool rotates_;
  int refusals_ = 0;  ///< consecutive
  int failures_ = 0;  ///< consecutive, refusals excluded
  RenewalFailure::Kind last_kind_ = RenewalFailure::Kind::transient;
  std::int64_t backoff_ms_ = 0;  ///< backoff after a failed login, counted from failed_ms_
  std::optional<Error> last_error_;
  bool permanently_refused_ = false;
  std::int64_t renewed_ms_ = 0, failed_ms_ = 0;
  /// Last check for another replica's success, if refused permanently.
  std::int64_t checked_ms_ = 0;
};

/// Backoff in ms after a failure that says nothing about the credentials. `failures` is the number
/// of consecutive failures, from 1. The backoff is a matter of seconds, so that the vendor's
/// recovery is noticed; `chance` (0 to 255) is the jitter.
std::int64_t backoff_after_failure(int failures, std::uint8_t jitter);

/// How long before its expiry a session of this lifetime counts as due, in ms.
std::int64_t expiry_margin(std::int64_t created_ms, std::int64_t expires_ms);

/// Unix time at which a session that lives from `created_ms` to `expires_ms` is refreshed early: at
/// 70 to 90 % of its lifetime. `chance` (0 to 255) is the jitter, so that sessions created together
/// are not renewed together. 0 if the expiry is unknown or the lifetime is less than a minute.
std::int64_t refresh_early_time(std::int64_t created_ms, std::int64_t expires_ms,
                                std::uint8_t jitter);

}  // namespace penstock::session
