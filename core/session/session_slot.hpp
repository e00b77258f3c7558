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

/// What one call signs with: the connection's fields as they are now, and the session if there is
/// one.
struct Snapshot {
  std::uint64_t generation = 0;  ///< rises with each new session
  host::Connection connection;
  std::optional<host::State> session;
  std::vector<int> session_formats;   ///< of the APIs that the session serves
  std::int64_t refresh_early_ms = 0;  ///< when to renew though it still lives; 0: not ahead
  /// How often a call was prepared with this session: pst_env's session_seq.
  std::shared_ptr<std::atomic<std::uint64_t>> uses =
      std::make_shared<std::atomic<std::uint64_t>>(0);

  /// The session, for an API with that session.format; null where it is over or another API's.
  const host::State* session_for(int format, std::int64_t now_ms) const noexcept;
  /// Whether the session is about to end: a call with it might arrive too late, so a new one is
  /// tried first. The margin shrinks with the session's life.
  bool is_due(std::int64_t now_ms) const noexcept;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// Why a session is wanted.
struct SessionRequest {
  std::shared_ptr<const host::Instance> plugin;
  int max_fetches = 4;
  int format = 1;            ///< the session.format of the API that is called
  std::vector<int> formats;  ///< those of all APIs that a new session will serve; empty: this one
  std::uint64_t used_generation = 0;       ///< a session newer than this one will do
  std::optional<FetchResponse> challenge;  ///< the vendor's refusal of that session
  bool ignore_backoff = false;             ///< ask the vendor again, whatever it said before
  bool asks_vendor = true;                 ///< false: only looks at what another replica has stored
  bool logs_out = false;                   ///< the plugin ends sessions that nobody uses any more
};

/// How a connection stands with its vendor. Times are Unix time, 0: never.
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
  std::string error;  ///< of the last renewal, if it failed
  std::int64_t renewed_ms = 0, expires_ms = 0, failed_ms = 0, not_before_ms = 0;
};

/// The changing side of one connection of one plugin: rotated credentials, the session, and the one
/// renewal that may be under way however many calls wait for it; with a shared store, one among all
/// replicas. [any-thread]
///
///     obtain ─► lease ─► intent saved ─► session() ⇄ fetch ─► saved ─► published
///                 │ newer state there: adopted                 └ refused: saved, told, not
///                 repeated └ another replica's: asked again after a moment
///
/// What the vendor has answered and the store does not take is kept in memory, and offered to the
/// store until it takes it; those who wait are told why they have no session meanwhile.
class SessionSlot : public std::enable_shared_from_this<SessionSlot> {
 public:
  /// `stored` is what the store holds under `key`; credentials that replaced other configured ones
  /// are dropped. `rotates`: the vendor replaces a credential of this connection at each use; only
  /// then can it refuse one for good. Other grants (signed assertions, client credentials) may be
  /// taken the next time, once a clock is right.
  SessionSlot(std::string key, host::Connection configured, std::optional<StoredState> stored,
              bool rotates);

  /// Waits for nobody longer than the copying of a pointer takes.
  SnapshotPtr current() const { return current_.load(); }

  using Handler = std::function<void(Result<SnapshotPtr>)>;

  /// Gives a session newer than need.used_generation: at once where there is one, else when the
  /// renewal that is under way, or a new one in `world`, has ended. `handler` may run inside this
  /// call or on any world's thread.
  void obtain(SessionRequest need, const std::shared_ptr<Environment>& environment,
              Handler handler);

  /// Starts a renewal that nobody waits for, if the session has come to its renew_ahead_ms.
  void refresh_early(SessionRequest need, const std::shared_ptr<Environment>& environment);

  /// The vendor refused the session of this generation to a call that could not be repeated: the
  /// next call makes a new one.
  void drop(std::uint64_t generation);

  /// Forgets the session, durably, and ends it at the vendor. For the end of a process whose store
  /// nobody shares. `done` runs once, perhaps inside this call.
  void logout(SessionRequest need, const std::shared_ptr<Environment>& environment,
              std::function<void()> done);

  SessionStatus standing(std::int64_t now_ms) const;

 private:
  class LeasedRenewal;

  struct Adopted {
    std::shared_ptr<Snapshot> snapshot;
    std::vector<host::Item> rotated;
  };
  Adopted adopt(const StoredState& stored) const;
  StoredState to_store() const;
  bool spends_credential() const;
  bool believes(const RenewalFailure& failure) const;
  void begin(SessionRequest need, const std::shared_ptr<Environment>& environment);
  void succeed(std::shared_ptr<Snapshot> fresh, std::int64_t now_ms);
  void fail(Error error, RenewalFailure::Kind kind, std::int64_t now_ms, std::uint8_t chance);
  void tell(const Error& error, std::int64_t now_ms);
  void remain_rejected(std::int64_t now_ms);
  std::vector<Handler> take_handlers();
  bool rests(std::int64_t now_ms) const;
  Error resting_error(std::int64_t now_ms) const;

  const std::string key_;
  const host::Connection configured_;
  AtomicSharedPtr<const Snapshot> current_;

  mutable std::mutex mutex_;
  bool running_ = false;
  std::vector<Handler> handlers_;
  std::uint64_t stored_version_ = 0;
  std::int64_t renewal_began_ms_ = 0;  ///< of one whose end nobody knows
  std::vector<host::Item> rotated_;
  const bool rotates_;
  int refusals_ = 0;  ///< in a row
  int failures_ = 0;  ///< in a row that were no refusals
  RenewalFailure::Kind last_kind_ = RenewalFailure::Kind::transient;
  std::int64_t rest_ms_ = 0;  ///< after a failed login, from failed_ms_ on
  std::optional<Error> last_error_;
  bool refused_for_good_ = false;
  std::int64_t renewed_ms_ = 0, failed_ms_ = 0;
  std::int64_t looked_ms_ = 0;  ///< for another replica's success, when refused for good
};

/// How long nobody asks the vendor after a failure that says nothing of the credentials, and that
/// is the `failures`th in a row (from 1): seconds, so that the vendor's return is noticed, spread
/// by `chance`.
std::int64_t rest_after_failure(int failures, std::uint8_t chance);

/// How long before its end a session that lives so long counts as due.
std::int64_t expiry_margin(std::int64_t created_ms, std::int64_t expires_ms);

/// When a session that lives from `created_ms` to `expires_ms` is renewed ahead: at four fifths of
/// its life, a tenth of it sooner or later by chance, so that sessions made together part. 0 for
/// one whose end is unknown or that lives less than a minute.
std::int64_t refresh_early_time(std::int64_t created_ms, std::int64_t expires_ms,
                                std::uint8_t chance);

}  // namespace penstock::session
