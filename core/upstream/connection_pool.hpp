#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "upstream/client.hpp"
#include "upstream/connection.hpp"
#include "upstream/connection_factory.hpp"

namespace penstock::upstream {

class ConnectionPool;

/// A request in progress, from send() to its handler.
struct PendingCall {
  Request request;
  Client::Handler handler;
  std::string head;  ///< serialised
  std::shared_ptr<ConnectionPool> pool;
  std::shared_ptr<Connection> connection;  ///< null while it has none
  /// Its places in the client's list and in the pool's queue.
  std::list<std::shared_ptr<PendingCall>>::iterator list_position = {}, queue_position = {};
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  Sent sent = Sent::no;  ///< the furthest of all attempts
  bool queued = false;   ///< `queue_position` is valid
  std::chrono::steady_clock::time_point queued_since = {};
  bool retried = false;  ///< needs a new connection
  bool ended = false;
};
using PendingPtr = std::shared_ptr<PendingCall>;

/// The connections of one loop to one destination, and the calls that wait for one, in FIFO order.
/// A call that cannot be served soon fails soon.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  using Clock = std::chrono::steady_clock;

  /// The services of the client that a pool uses.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void connect(const std::shared_ptr<ConnectionPool>& pool, const Request& first) = 0;
    virtual void run(const PendingPtr& call, const std::shared_ptr<Connection>& connection) = 0;
    virtual void fail(const PendingPtr& call, Error error) = 0;
    /// Idle for too long, or too old.
    virtual bool is_stale(const Connection& connection) const = 0;
    virtual bool closed() const = 0;
    virtual Counters& counters() = 0;
  };

  ConnectionPool(Owner& owner, Limits limits) : owner_(owner), limits_(limits) {}

  /// Gives the call a connection, now or later, or fails it.
  void add(const PendingPtr& call);

  /// Called when an attempt of connect() has ended.
  void connected(Result<std::unique_ptr<TlsConnection>> tls);

  /// Called when a call is done with its connection: release() makes it available to the next call,
  /// drop() gives it up. It closes as soon as its own call stack has unwound.
  void release(const std::shared_ptr<Connection>& connection);
  void drop(std::shared_ptr<Connection> connection);

  /// Removes the call from the queue.
  void dequeue(PendingCall& call);

  /// Fails calls that have waited for their connect timeout while all connections were in use.
  void fail_overdue(Clock::time_point now);

  void close_stale();
  void close_all();

  bool has_waiting() const { return !waiting_.empty(); }
  bool is_unused() const { return open_ + connecting_ == 0 && waiting_.empty(); }

 private:
  std::shared_ptr<Connection> take_idle();
  PendingPtr take_waiting(bool reused_connection);
  PendingPtr take_first();
  void add_idle(const std::shared_ptr<Connection>& connection);
  void on_idle_close(Connection* connection);
  bool make_room();
  void connect_more();
  bool is_full() const { return open_ + connecting_ >= limits_.connections; }
  void opened(int count);
  void queue(const PendingPtr& call);
  void refuse(const PendingPtr& call, const std::string& why);

  Owner& owner_;
  Limits limits_;                                  ///< this loop's share
  std::vector<std::shared_ptr<Connection>> idle_;  ///< the most recently used is last
  std::list<PendingPtr> waiting_;
  std::size_t open_ = 0, connecting_ = 0;
};

/// Whether to cancel the call: Cancel::now was set; or its caller no longer wants the response, and
/// it either only reads or no byte of it was sent. A call that may have changed something at the
/// vendor continues, so that its outcome is in the log.
bool is_cancelled(const PendingCall& call);

bool is_safe_method(const Request& request);

}  // namespace penstock::upstream
