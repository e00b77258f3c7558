#include "upstream/client.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "upstream/connection.hpp"
#include "upstream/connection_factory.hpp"
#include "upstream/connection_pool.hpp"
#include "upstream/exchange_error.hpp"
#include "upstream/http1_request.hpp"

namespace penstock::upstream {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto max_life = std::chrono::minutes(10);
// One periodic sweep checks all deadlines: a timer per call would cost a system call each.
constexpr auto sweep_interval = std::chrono::milliseconds(20);

Limits share_of(Limits all, std::size_t loops) {
  return {std::max<std::size_t>(1, all.connections / loops), all.queued_calls / loops};
}

}  // namespace

/// The requests in progress and their deadlines. The pools hold the connections.
class Client::Impl final : public ConnectionPool::Owner,
                           public std::enable_shared_from_this<Client::Impl> {
 public:
  Impl(boost::asio::io_context& loop, Options options)
      : loop_(loop), factory_(loop), options_(options), sweep_timer_(loop), idle_timer_(loop) {}

  void send(Request request, Handler handler) {
    auto head = write_head(request);
    auto pending = std::make_shared<PendingCall>();
    pending->request = std::move(request);
    pending->handler = std::move(handler);
    if (!head) {
      return later([self = shared_from_this(), pending, why = std::move(head).error()] {
        pending->handler(
            failure(engine_failed("the request is refused: " + why, Phase::send, Sent::no)));
      });
    }
    pending->head = *std::move(head);
    pending->pool = pool_of(pending->request);
    pending->list_position = pending_.insert(pending_.end(), pending);
    start_sweeping();
    // Posted, because the handler must not run inside send().
    later([self = shared_from_this(), pending] {
      if (!self->closed_ && !pending->ended) pending->pool->add(pending);
    });
  }

  void shut_down() {
    closed_ = true;
    sweep_timer_.cancel();
    idle_timer_.cancel();
    for (const auto& pending : pending_) {
      if (pending->connection) pending->connection->close();
    }
    pending_.clear();
    for (const auto& [to, pool] : pools_)
      pool->close_all();
    pools_.clear();
  }

  void connect(const std::shared_ptr<ConnectionPool>& pool, const Request& first) override {
    factory_.connect(first.to, first.connect_timeout,
                     [weak = weak_from_this(), pool](Result<std::unique_ptr<TlsConnection>> tls) {
                       if (const auto self = weak.lock(); self && !self->closed_)
                         pool->connected(std::move(tls));
                     });
  }

  void run(const PendingPtr& pending, const std::shared_ptr<Connection>& connection) override {
    pending->connection = connection;
    const bool reused = connection->was_reused();
    connection->exchange(
        pending->request, pending->head,
        [weak = weak_from_this(), pending, reused](Connection::ExchangeResult result) {
          if (const auto self = weak.lock(); self && !self->closed_)
            self->ended(pending, reused, std::move(result));
        });
  }

  void fail(const PendingPtr& pending, Error error) override {
    end(pending, failure(std::move(error)));
  }

  /// Schedules the closing of stale connections and the removal of unused pools. Callers choose
  /// hosts (data_url): there are more of them than file descriptors, and many are not reachable at
  /// all.
  void close_stale_later() {
    idle_timer_.expires_after(options_.max_idle / 2);
    idle_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      if (const auto self = weak.lock(); self && !error && !self->closed_) self->close_stale();
    });
  }

  bool is_stale(const Connection& connection) const override {
    const Clock::time_point now = Clock::now();
    return now - connection.idle_since() > options_.max_idle ||
           now - connection.created() > max_life;
  }

  bool closed() const override { return closed_; }
  Counters& counters() override { return counters_; }

 private:
  template <class Function>
  void later(Function function) {
    boost::asio::post(loop_, std::move(function));
  }

  std::shared_ptr<ConnectionPool> pool_of(const Request& request) {
    std::shared_ptr<ConnectionPool>& pool = pools_[request.to];
    if (pool) return pool;
    pool = std::make_shared<ConnectionPool>(*this, share_of(request.limits, options_.loops));
    if (pools_.size() == 1) close_stale_later();
    return pool;
  }

  void close_stale() {
    for (auto at = pools_.begin(); at != pools_.end();) {
      ConnectionPool& pool = *at->second;
      pool.close_stale();
      // A call that is about to use the pool also holds a reference to it.
      const bool unused = pool.is_unused() && at->second.use_count() == 1;
      at = unused ? pools_.erase(at) : std::next(at);
    }
    if (!pools_.empty()) close_stale_later();
  }

  void ended(const PendingPtr& pending, bool reused, Connection::ExchangeResult result) {
    const std::shared_ptr<Connection> connection = std::exchange(pending->connection, nullptr);
    const std::shared_ptr<ConnectionPool> pool = pending->pool;
    if (!result.response) pending->sent = furthest(pending->sent, sent_of(result));
    if (!result.response && may_retry(*pending, reused, result)) {
      pending->retried = true;
      ++counters_.calls_retried;
      pool->drop(connection);
      return pool->add(pending);
    }
    // Run the handler last: it may send another request, which should find the connection in the
    // pool.
    const bool reusable = result.reusable;
    Result<Response> response = to_response(*pending, std::move(result));
    reusable ? pool->release(connection) : pool->drop(connection);
    end(pending, std::move(response));
  }

  static bool may_retry(const PendingCall& pending, bool reused,
                        const Connection::ExchangeResult& result) {
    if (!reused || pending.retried || result.too_large || result.client_disconnected) return false;
    if (result.unsolicited) return true;
    if (result.any_byte_received) return false;
    // A streamed body cannot be sent again.
    return !result.any_byte_sent || (!pending.request.source && is_safe_method(pending.request));
  }

  static Result<Response> to_response(const PendingCall& pending,
                                      Connection::ExchangeResult result) {
    if (!result.response) return failure(exchange_error(pending.request, result, pending.sent));
    result.response->waited =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - pending.started);
    return *std::move(result.response);
  }

  void end(const PendingPtr& pending, Result<Response> result) {
    if (pending->ended) return;
    pending->ended = true;
    pending->pool->dequeue(*pending);
    pending_.erase(pending->list_position);
    const Handler handler = std::move(pending->handler);
    handler(std::move(result));
  }

  void start_sweeping() {
    if (sweeping_) return;
    sweeping_ = true;
    sweep_timer_.expires_after(sweep_interval);
    sweep_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      if (const auto self = weak.lock(); self && !error && !self->closed_) self->sweep();
    });
  }

  void sweep() {
    sweeping_ = false;
    const Clock::time_point now = Clock::now();
    std::vector<PendingPtr> overdue;
    for (const auto& pending : pending_) {
      if (is_overdue(*pending, now) || is_cancelled(*pending)) overdue.push_back(pending);
    }
    for (const auto& pending : overdue) {
      if (!pending->ended) expire(pending);
    }
    std::vector<std::shared_ptr<ConnectionPool>> queues;
    for (const auto& [to, pool] : pools_) {
      if (pool->has_waiting()) queues.push_back(pool);
    }
    for (const auto& pool : queues)
      pool->fail_overdue(now);
    if (!pending_.empty()) start_sweeping();
  }

  static bool is_overdue(const PendingCall& pending, Clock::time_point now) {
    if (!pending.request.sink || !pending.connection) return pending.request.deadline <= now;
    // A stream may take any time as long as data moves. Waits for the caller are the API handler's
    // concern.
    return !pending.connection->waits_for_caller() &&
           now - pending.connection->last_progress() >= pending.request.idle_timeout;
  }

  void expire(const PendingPtr& pending) {
    const bool client_disconnected = is_cancelled(*pending);
    const std::shared_ptr<Connection> connection = std::exchange(pending->connection, nullptr);
    std::string summary;
    if (connection) {
      const Sent sent = connection->any_byte_received() ? Sent::yes
                        : connection->any_byte_sent()   ? Sent::unknown
                                                        : Sent::no;
      pending->sent = furthest(pending->sent, sent);
      summary = connection->summary();
      connection->close();
      pending->pool->drop(connection);
    }
    if (client_disconnected) return fail(pending, client_disconnected_error(pending->sent));
    if (!connection) return fail(pending, no_connection_in_time(pending->request, pending->sent));
    fail(pending, no_response_in_time(pending->request, summary, pending->sent));
  }

  boost::asio::io_context& loop_;
  ConnectionFactory factory_;
  Options options_;
  boost::asio::steady_timer sweep_timer_, idle_timer_;
  std::map<Destination, std::shared_ptr<ConnectionPool>> pools_;
  std::list<PendingPtr> pending_;
  Counters counters_;
  bool sweeping_ = false, closed_ = false;
};

Client::Client(boost::asio::io_context& loop) : Client(loop, Options()) {}

Client::Client(boost::asio::io_context& loop, Options options)
    : impl_(std::make_shared<Impl>(loop, options)) {}

Client::~Client() { impl_->shut_down(); }

void Client::send(Request request, Handler handler) {
  impl_->send(std::move(request), std::move(handler));
}

const Counters& Client::counters() const { return impl_->counters(); }

}  // namespace penstock::upstream
