#include "upstream/client.hpp"

#include <deque>
#include <list>
#include <map>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "upstream/connection.hpp"
#include "upstream/connector.hpp"
#include "upstream/http1_request.hpp"

namespace penstock::upstream {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_connections =
    256;  // per destination and loop; more calls wait their turn
constexpr auto longest_life = std::chrono::minutes(10);
// One clock hand for all deadlines: a timer per call would cost a system call each.
constexpr auto sweep_interval = std::chrono::milliseconds(20);

}  // namespace

class Client::Impl : public std::enable_shared_from_this<Client::Impl> {
 public:
  Impl(boost::asio::io_context& loop, std::chrono::milliseconds longest_idle)
      : loop_(loop), connector_(loop), longest_idle_(longest_idle), sweep_timer_(loop),
        idle_timer_(loop) {}

  void send(Request request, Handler handler) {
    auto head = write_head(request);
    auto pending = std::make_shared<Pending>(Pending{std::move(request), std::move(handler)});
    if (!head) {
      return later([self = shared_from_this(), pending, why = std::move(head).error()] {
        pending->handler(
            failure(engine_failed("the request is refused: " + why, Phase::send, Sent::no)));
      });
    }
    pending->head = *std::move(head);
    pending->at = pending_.insert(pending_.end(), pending);
    start_sweeping();
    // Posted once: the handler must not run inside send().
    later([self = shared_from_this(), pending] { self->assign(pending); });
  }

  void shut_down() {
    closed_ = true;
    sweep_timer_.cancel();
    idle_timer_.cancel();
    for (const auto& pending : pending_) {
      if (pending->connection) pending->connection->abandon();
    }
    pending_.clear();
    pools_.clear();
  }

 private:
  struct Pending {
    Request request;
    Handler handler;
    std::string head;
    std::list<std::shared_ptr<Pending>>::iterator at{};
    std::shared_ptr<Connection> connection;
    Clock::time_point started = Clock::now();
    bool ended = false, repeated = false;
  };

  struct Pool {
    std::vector<std::shared_ptr<Connection>> idle;  ///< the last one in is the warmest
    std::deque<std::shared_ptr<Pending>> waiting;
    std::size_t open = 0, connecting = 0;
  };

  template <class Function>
  void later(Function function) {
    boost::asio::post(loop_, std::move(function));
  }

  void assign(const std::shared_ptr<Pending>& pending) {
    if (closed_ || pending->ended) return;
    Pool& pool = pools_[pending->request.to];
    while (!pool.idle.empty()) {
      const std::shared_ptr<Connection> connection = std::move(pool.idle.back());
      pool.idle.pop_back();
      if (is_stale(*connection, Clock::now())) {
        --pool.open;
        continue;
      }
      return run(pending, connection);
    }
    pool.waiting.push_back(pending);
    if (pool.open + pool.connecting < most_connections && pool.connecting < pool.waiting.size())
      connect(pending->request);
  }

  void connect(const Request& request) {
    const Destination to = request.to;
    ++pools_[to].connecting;
    connector_.connect(to, request.connect_timeout,
                       [weak = weak_from_this(), to](Result<std::unique_ptr<Tunnel>> tunnel) {
                         if (const auto self = weak.lock(); self && !self->closed_)
                           self->connected(to, std::move(tunnel));
                       });
  }

  void connected(const Destination& to, Result<std::unique_ptr<Tunnel>> tunnel) {
    Pool& pool = pools_[to];
    --pool.connecting;
    if (tunnel) {
      ++pool.open;
      return release(to, std::make_shared<Connection>(*std::move(tunnel)));
    }
    if (const auto pending = next_waiting(pool)) {
      Error error = std::move(tunnel).error();
      end(pending, failure(std::move(error)));
    }
  }

  std::shared_ptr<Pending> next_waiting(Pool& pool) {
    while (!pool.waiting.empty()) {
      const std::shared_ptr<Pending> pending = std::move(pool.waiting.front());
      pool.waiting.pop_front();
      if (!pending->ended) return pending;
    }
    return nullptr;
  }

  /// A connection is free: the next in line gets it.
  void release(const Destination& to, const std::shared_ptr<Connection>& connection) {
    Pool& pool = pools_[to];
    if (const auto pending = next_waiting(pool)) return run(pending, connection);
    pool.idle.push_back(connection);
    start_closing();
    connection->watch_idle([weak = weak_from_this(), to](Connection* dead) {
      const auto self = weak.lock();
      if (!self || self->closed_) return;
      Pool& own = self->pools_[to];
      self->later(
          [kept = dead->shared_from_this()] {});  // it is on the stack: it goes when that is empty
      own.open -= std::erase_if(own.idle, [&](const auto& one) { return one.get() == dead; });
    });
  }

  bool is_stale(const Connection& connection, Clock::time_point now) const {
    return now - connection.idle_since() > longest_idle_ || now - connection.made() > longest_life;
  }

  /// Closes what nobody has come back for: callers choose hosts (data_url), and there are more
  /// hosts than descriptors.
  void start_closing() {
    if (closing_) return;
    closing_ = true;
    idle_timer_.expires_after(longest_idle_ / 2);
    idle_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      if (const auto self = weak.lock(); self && !error && !self->closed_) self->close_stale();
    });
  }

  void close_stale() {
    closing_ = false;
    const Clock::time_point now = Clock::now();
    bool more = false;
    for (auto at = pools_.begin(); at != pools_.end();) {
      Pool& pool = at->second;
      pool.open -= std::erase_if(pool.idle, [&](const auto& one) { return is_stale(*one, now); });
      more = more || !pool.idle.empty();
      const bool unused = pool.open + pool.connecting == 0 && pool.waiting.empty();
      at = unused ? pools_.erase(at) : std::next(at);
    }
    if (more) start_closing();
  }

  void drop(const Destination& to) {
    Pool& pool = pools_[to];
    --pool.open;
    if (const auto pending = next_waiting(pool)) assign(pending);
  }

  void run(const std::shared_ptr<Pending>& pending, const std::shared_ptr<Connection>& connection) {
    pending->connection = connection;
    const bool was_used = connection->used();
    connection->exchange(pending->request, pending->head,
                         [weak = weak_from_this(), pending, was_used](Connection::Ending ending) {
                           if (const auto self = weak.lock(); self && !self->closed_)
                             self->ended(pending, was_used, std::move(ending));
                         });
  }

  void ended(const std::shared_ptr<Pending>& pending, bool was_used, Connection::Ending ending) {
    const std::shared_ptr<Connection> connection = std::move(pending->connection);
    pending->connection = nullptr;
    const Destination to = pending->request.to;
    const bool reusable = ending.reusable;
    const bool again = !ending.reply && !ending.too_large && !ending.caller_gone &&
                       may_repeat(*pending, was_used, ending);
    if (again) {
      pending->repeated = true;
      drop(to);
      return assign(pending);
    }
    // The handler last: it may send again, and should find the connection.
    later([kept = connection] {});
    auto result = to_result(*pending, std::move(ending));
    if (reusable) {
      release(to, connection);
    } else {
      drop(to);
    }
    end(pending, std::move(result));
  }

  static bool may_repeat(const Pending& pending, bool was_used, const Connection::Ending& ending) {
    if (!was_used || pending.repeated || ending.any_byte_received) return false;
    // A body that was streamed is gone.
    if (!ending.any_byte_sent) return true;
    return !pending.request.source && only_reads(pending.request);
  }

  static bool only_reads(const Request& request) {
    return request.method == "GET" || request.method == "HEAD";
  }

  static Error caller_gone(Sent sent) {
    Error error = input_invalid("the caller went away in the middle of the call");
    error.phase = Phase::send;
    error.sent = sent;
    return error;
  }

  static Result<Reply> to_result(const Pending& pending, Connection::Ending ending) {
    if (ending.reply) {
      ending.reply->waited =
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - pending.started);
      return *std::move(ending.reply);
    }
    const std::string& host = pending.request.to.host;
    const Sent sent = ending.any_byte_received ? Sent::yes
                      : ending.any_byte_sent   ? Sent::unknown
                                               : Sent::no;
    if (ending.caller_gone) return failure(caller_gone(sent));
    if (ending.too_large) {
      Error error = vendor_unreachable("the answer of " + host +
                                           " is larger than upstream.max_response_bytes (" +
                                           std::to_string(pending.request.max_response_bytes) + ")",
                                       Phase::receive, Sent::yes);
      error.title = "The vendor's answer is too large";
      error.origin = Origin::vendor;
      return failure(std::move(error));
    }
    Error error = vendor_unreachable(host + ": " + ending.trouble,
                                     ending.any_byte_sent ? Phase::receive : Phase::send, sent);
    if (ending.any_byte_received) error.title = "The vendor's answer is cut off or malformed";
    return failure(std::move(error));
  }

  void end(const std::shared_ptr<Pending>& pending, Result<Reply> result) {
    if (pending->ended) return;
    pending->ended = true;
    pending_.erase(pending->at);
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
    std::vector<std::shared_ptr<Pending>> late;
    for (const auto& pending : pending_) {
      if (is_late(*pending, now) || is_abandoned(*pending)) late.push_back(pending);
    }
    for (const auto& pending : late) {
      if (!pending->ended) expire(pending);
    }
    if (!pending_.empty()) start_sweeping();
  }

  static bool is_late(const Pending& pending, Clock::time_point now) {
    if (!pending.request.sink || !pending.connection) return pending.request.deadline <= now;
    // What streams may take long, if only it moves. Waiting for the caller is the door's affair.
    return !pending.connection->waits_for_caller() &&
           now - pending.connection->last_moved() >= pending.request.silence;
  }

  /// What may have changed something at the vendor goes on: somebody will want to know from the
  /// log.
  static bool is_abandoned(const Pending& pending) {
    const Request& request = pending.request;
    return request.abandoned && *request.abandoned &&
           (only_reads(request) || !pending.connection || !pending.connection->any_byte_sent());
  }

  void expire(const std::shared_ptr<Pending>& pending) {
    const std::string& host = pending->request.to.host;
    const bool abandoned = is_abandoned(*pending);
    const std::shared_ptr<Connection> connection = std::move(pending->connection);
    pending->connection = nullptr;
    if (!connection && abandoned) return end(pending, failure(caller_gone(Sent::no)));
    if (!connection)
      return end(pending, failure(vendor_timed_out("no connection to " + host + " in time",
                                                   Phase::connect, Sent::no)));
    const Sent sent = connection->any_byte_received() ? Sent::yes
                      : connection->any_byte_sent()   ? Sent::unknown
                                                      : Sent::no;
    connection->abandon();
    drop(pending->request.to);
    if (abandoned) return end(pending, failure(caller_gone(sent)));
    end(pending, failure(vendor_timed_out(host + " did not answer in time",
                                          sent == Sent::no ? Phase::send : Phase::receive, sent)));
  }

  boost::asio::io_context& loop_;
  Connector connector_;
  std::chrono::milliseconds longest_idle_;
  boost::asio::steady_timer sweep_timer_, idle_timer_;
  std::map<Destination, Pool> pools_;
  std::list<std::shared_ptr<Pending>> pending_;
  bool sweeping_ = false, closing_ = false, closed_ = false;
};

Client::Client(boost::asio::io_context& loop, std::chrono::milliseconds longest_idle)
    : impl_(std::make_shared<Impl>(loop, longest_idle)) {}

Client::~Client() { impl_->shut_down(); }

void Client::send(Request request, Handler handler) {
  impl_->send(std::move(request), std::move(handler));
}

}  // namespace penstock::upstream
