#include "upstream/connection_pool.hpp"

#include <algorithm>
#include <utility>

#include "upstream/exchange_error.hpp"

namespace penstock::upstream {

bool is_safe_method(const Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

bool is_cancelled(const PendingCall& call) {
  const Request& request = call.request;
  const Cancel cancel = request.cancel ? request.cancel->load() : Cancel::no;
  if (cancel == Cancel::now) return true;
  const bool unwanted = cancel == Cancel::if_harmless ||
                        (request.client_disconnected && *request.client_disconnected);
  return unwanted &&
         (is_safe_method(request) || !call.connection || !call.connection->any_byte_sent());
}

void ConnectionPool::add(const PendingPtr& call) {
  if (is_cancelled(*call)) return owner_.fail(call, client_disconnected_error(call->sent));
  if (!call->retried) {
    if (const auto connection = take_idle()) {
      ++owner_.counters().connections_reused;
      return owner_.run(call, connection);
    }
    // Pending connection attempts will serve as many waiting calls; the others wait for a free
    // connection.
    if (is_full() && waiting_.size() >= connecting_ + limits_.queued_calls) {
      return refuse(call, std::to_string(call->request.limits.queued_calls) +
                              " calls wait for one (upstream.max_queued_calls)");
    }
  }
  queue(call);
}

void ConnectionPool::queue(const PendingPtr& call) {
  call->queue_position = waiting_.insert(call->retried ? waiting_.begin() : waiting_.end(), call);
  call->queued = true;
  call->queued_since = Clock::now();
  ++owner_.counters().waiting;
  connect_more();
}

void ConnectionPool::refuse(const PendingPtr& call, const std::string& why) {
  ++owner_.counters().calls_refused;
  owner_.fail(call, no_free_connection(call->request, why, call->sent));
}

void ConnectionPool::connect_more() {
  while (connecting_ < waiting_.size() && make_room()) {
    ++connecting_;
    ++owner_.counters().connecting;
    owner_.connect(shared_from_this(), waiting_.front()->request);
  }
}

/// Whether another connection may be made. Closes an idle one if necessary.
bool ConnectionPool::make_room() {
  if (!is_full()) return true;
  if (idle_.empty()) return false;
  idle_.erase(idle_.begin());
  opened(-1);
  return true;
}

void ConnectionPool::connected(Result<std::unique_ptr<TlsConnection>> tls) {
  --connecting_;
  --owner_.counters().connecting;
  if (tls) {
    ++owner_.counters().connections_made;
    opened(1);
    return release(std::make_shared<Connection>(*std::move(tls)));
  }
  ++owner_.counters().connect_failures;
  const PendingPtr call = take_first();
  connect_more();
  if (!call) return;
  Error error = std::move(tls).error();
  error.sent = furthest(error.sent, call->sent);
  error.retryable = error.retryable && error.sent == Sent::no;
  owner_.fail(call, std::move(error));
}

void ConnectionPool::release(const std::shared_ptr<Connection>& connection) {
  const bool reused = connection->was_reused();
  if (!waiting_.empty() && !connection->is_clean()) {
    ++owner_.counters().dirty_connections;
    if (reused) return drop(connection);
    // A new connection that has already ended or holds unsolicited bytes counts as a failed one. A
    // load balancer does this once when it takes a server out. Nothing of the call was sent, so it
    // gets another connection.
    opened(-1);
    const PendingPtr call = take_first();
    const std::string why = connection->tls_error();
    if (call && why.empty() && !std::exchange(call->retried, true)) return queue(call);
    connect_more();
    if (call) {
      Error error = vendor_unreachable(
          call->request.to.host + (why.empty()
                                       ? " ended the connection, or sent data, before the request"
                                       : ": " + why),
          Phase::connect, call->sent);
      if (!why.empty()) error.retryable = false;
      owner_.fail(call, std::move(error));
    }
    return;
  }
  if (const PendingPtr call = take_waiting(reused)) {
    if (reused) ++owner_.counters().connections_reused;
    return owner_.run(call, connection);
  }
  add_idle(connection);
  connect_more();
}

void ConnectionPool::add_idle(const std::shared_ptr<Connection>& connection) {
  idle_.push_back(connection);
  connection->watch_idle([weak = weak_from_this()](Connection* closed) {
    if (const auto self = weak.lock()) self->on_idle_close(closed);
  });
}

void ConnectionPool::on_idle_close(Connection* connection) {
  if (owner_.closed()) return;
  const auto found = std::ranges::find(idle_, connection, &std::shared_ptr<Connection>::get);
  if (found == idle_.end()) return;
  std::shared_ptr<Connection> closed = std::move(*found);
  idle_.erase(found);
  drop(std::move(closed));
}

void ConnectionPool::drop(std::shared_ptr<Connection> connection) {
  opened(-1);
  connection = nullptr;  // closed, unless this is called from within it
  connect_more();
}

/// The most recently used idle connection on which nothing has arrived since its last response.
std::shared_ptr<Connection> ConnectionPool::take_idle() {
  while (!idle_.empty()) {
    std::shared_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    const bool stale = owner_.is_stale(*connection);
    if (!stale && connection->is_clean()) return connection;
    if (!stale) ++owner_.counters().dirty_connections;
    opened(-1);
  }
  return nullptr;
}

PendingPtr ConnectionPool::take_first() {
  while (!waiting_.empty()) {
    const PendingPtr call = waiting_.front();
    dequeue(*call);
    if (!is_cancelled(*call)) return call;
    owner_.fail(call, client_disconnected_error(call->sent));
  }
  return nullptr;
}

/// The first call that this kind of connection can serve.
PendingPtr ConnectionPool::take_waiting(bool reused_connection) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const PendingPtr call = *at++;
    const bool cancelled = is_cancelled(*call);
    if (!cancelled && reused_connection && call->retried) continue;
    dequeue(*call);
    if (!cancelled) return call;
    owner_.fail(call, client_disconnected_error(call->sent));
    at = waiting_.begin();  // the handler may have changed the queue
  }
  return nullptr;
}

void ConnectionPool::dequeue(PendingCall& call) {
  if (!std::exchange(call.queued, false)) return;
  waiting_.erase(call.queue_position);
  --owner_.counters().waiting;
}

void ConnectionPool::fail_overdue(Clock::time_point now) {
  if (!is_full() || waiting_.size() <= connecting_) return;
  std::vector<PendingPtr> overdue;
  for (auto at = std::next(waiting_.begin(), static_cast<std::ptrdiff_t>(connecting_));
       at != waiting_.end(); ++at) {
    if (now - (*at)->queued_since >= (*at)->request.connect_timeout) overdue.push_back(*at);
  }
  for (const PendingPtr& call : overdue) {
    if (!call->queued) continue;
    dequeue(*call);
    refuse(call, "none became free within upstream.connect_timeout_ms");
  }
}

void ConnectionPool::close_stale() {
  const auto closed = std::erase_if(idle_, [&](const auto& one) { return owner_.is_stale(*one); });
  opened(-static_cast<int>(closed));
}

void ConnectionPool::close_all() {
  idle_.clear();
  waiting_.clear();
}

void ConnectionPool::opened(int count) {
  open_ += static_cast<std::size_t>(count);
  owner_.counters().open += static_cast<std::uint64_t>(count);
}

}  // namespace penstock::upstream
