#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/invocation.hpp"
#include "session/renewal.hpp"
#include "session/world.hpp"

namespace penstock::session {

/// What one call signs with: the connection's fields as they are now, and the session if there is
/// one.
struct Snapshot {
  std::uint64_t generation = 0;  ///< rises with each new session
  host::Connection connection;
  std::optional<host::State> session;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// Why a session is wanted.
struct Need {
  std::shared_ptr<const host::Instance> plugin;
  int max_fetches = 4;
  int format = 1;
  std::uint64_t used_generation = 0;    ///< a session newer than this one will do
  std::optional<FetchReply> challenge;  ///< the vendor's refusal of that session
};

/// The changing side of one connection of one plugin: rotated credentials, the session, and the one
/// renewal that may be under way however many calls wait for it. [any-thread]
class ConnectionState : public std::enable_shared_from_this<ConnectionState> {
 public:
  /// `stored` is what the store holds under `key`; a session of another `format`, and credentials
  /// that replaced other configured ones, are dropped.
  ConnectionState(std::string key, host::Connection configured, std::optional<StoredState> stored,
                  int format);

  /// Lock-free while no session changes.
  SnapshotPtr current() const { return current_.load(std::memory_order_acquire); }

  using Handler = std::function<void(Result<SnapshotPtr>)>;

  /// Gives a session newer than need.used_generation: at once where there is one, else when the
  /// renewal that is under way, or a new one in `world`, has ended. `handler` may run inside this
  /// call or on any world's thread.
  void obtain(Need need, const std::shared_ptr<World>& world, Handler handler);

  /// The vendor refused the session of this generation to a call that could not be repeated: the
  /// next call makes a new one.
  void drop(std::uint64_t generation);

 private:
  void run(Need need, const std::shared_ptr<World>& world);
  void persist(Renewed renewed, int format, const std::shared_ptr<World>& world);
  void succeed(std::shared_ptr<Snapshot> fresh);
  void fail(Error error, const std::shared_ptr<World>& world);
  std::vector<Handler> take_handlers();

  const std::string key_;
  const host::Connection configured_;
  std::atomic<SnapshotPtr> current_;

  std::mutex mutex_;
  bool running_ = false;
  std::vector<Handler> handlers_;
  std::uint64_t stored_version_ = 0;
  std::vector<host::Item> rotated_;
  int failures_ = 0;
  std::int64_t not_before_ms_ = 0;  ///< after a failed login: the next attempt
  std::optional<Error> last_error_;
};

}  // namespace penstock::session
