#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <penstock/credential_store.hpp>

#include "host/invocation.hpp"

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
  /// Whether the session of another process serves `format` for long enough to replace a login.
  bool is_worth_adopting(int format, std::int64_t now_ms) const noexcept;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// The configured connection with the values that the vendor has replaced.
host::Connection with_credentials(host::Connection configured,
                                  const std::vector<host::NamedValue>& rotated);

/// The parts of a stored state that are valid for the current configuration: none of them if the
/// configured credentials that `stored` replaces have changed.
struct RestoredState {
  std::shared_ptr<Snapshot> snapshot;
  std::vector<host::NamedValue> rotated;
};
RestoredState restore(const StoredState& stored, const host::Connection& configured);

/// How long before its expiry a session of this lifetime counts as due, in ms.
std::int64_t expiry_margin(std::int64_t created_ms, std::int64_t expires_ms);

/// Unix time at which a session that lives from `created_ms` to `expires_ms` is refreshed early: at
/// 70 to 90 % of its lifetime. `jitter` (0 to 255) is random, so that sessions created together are
/// not renewed together. 0 if the expiry is unknown or the lifetime is less than a minute.
std::int64_t refresh_early_time(std::int64_t created_ms, std::int64_t expires_ms,
                                std::uint8_t jitter);

}  // namespace penstock::session
