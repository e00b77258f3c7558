#include "http/http_server.hpp"

#include <algorithm>
#include <unordered_set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/connection.hpp"
#include "http/listen_endpoints.hpp"

namespace penstock::server {

namespace asio = boost::asio;
using asio::ip::tcp;

struct HttpServer::Shared {
  Shared(RequestHandler& the_handler, const HttpLimits& the_limits)
      : handler(the_handler), limits(the_limits) {}

  RequestHandler& handler;
  HttpLimits limits;
  std::atomic<std::size_t> connections{0};
};

namespace {

/// How often deadlines are checked: often enough for the shortest, rarely enough to be cheap.
std::chrono::milliseconds sweep_interval(const HttpLimits& limits) {
  const auto shortest =
      std::min({limits.head, limits.grace, limits.keep_alive, limits.linger, limits.idle_timeout});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
}

}  // namespace

/// The listener of one loop, and its connections. After construction and listen(), all work happens
/// on the loop.
class LoopListener final : public ConnectionOwner,
                           public std::enable_shared_from_this<LoopListener> {
 public:
  LoopListener(asio::io_context& loop, std::shared_ptr<HttpServer::Shared> shared)
      : loop_(loop), shared_(std::move(shared)), sweep_(loop) {}

  void listen(const tcp::endpoint& endpoint) {
    acceptors_.push_back(std::make_unique<Acceptor>(loop_));
    listen_at(acceptors_.back()->socket, endpoint);
  }

  void start() {
    asio::post(loop_, [self = shared_from_this()] {
      self->accept();
      self->sweep();
    });
  }

  void stop() {
    asio::post(loop_, [self = shared_from_this()] {
      self->stopping_ = true;
      boost::system::error_code ignored;
      for (const auto& acceptor : self->acceptors_)
        acceptor->socket.close(ignored);
      // Closing only starts the shutdown: connections leave the set later, when their operations
      // complete.
      for (Connection* connection : self->connections_)
        connection->begin_draining();
    });
  }

  void on_closed(Connection& connection) override {
    connections_.erase(&connection);
    shared_->connections.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  struct Acceptor {
    explicit Acceptor(asio::io_context& loop) : socket(loop) {}

    tcp::acceptor socket;
    bool accepting = false;
  };

  void accept() {
    for (const auto& acceptor : acceptors_)
      accept(*acceptor);
  }

  void accept(Acceptor& from) {
    if (stopping_ || from.accepting || shared_->connections >= shared_->limits.connections) return;
    from.accepting = true;
    from.socket.async_accept(
        [self = shared_from_this(), &from](boost::system::error_code error, tcp::socket socket) {
          from.accepting = false;
          // Most likely out of descriptors: the sweep tries again.
          if (error) return;
          self->adopt(std::move(socket));
          self->accept(from);
        });
  }

  void adopt(tcp::socket socket) {
    if (stopping_) return;
    auto connection = std::make_shared<Connection>(std::move(socket), shared_->handler,
                                                   shared_->limits, weak_from_this());
    connections_.insert(connection.get());
    shared_->connections.fetch_add(1, std::memory_order_relaxed);
    connection->start();
  }

  void sweep() {
    const auto now = Clock::now();
    for (Connection* connection : connections_)
      connection->check_deadline(now);
    if (stopping_ && connections_.empty()) return;
    accept();
    sweep_.expires_after(sweep_interval(shared_->limits));
    sweep_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->sweep();
    });
  }

  asio::io_context& loop_;
  std::shared_ptr<HttpServer::Shared> shared_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  asio::steady_timer sweep_;
  std::unordered_set<Connection*> connections_;
  bool stopping_ = false;
};

HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>, std::string>
HttpServer::open(const std::vector<asio::io_context*>& loops, const std::string& listen,
                 RequestHandler& handler, const HttpLimits& limits) {
  const auto endpoints = listen_endpoints(listen);
  if (!endpoints) return failure(endpoints.error());
  try {
    auto server = std::unique_ptr<HttpServer>(new HttpServer);
    server->shared_ = std::make_shared<Shared>(handler, limits);
    for (asio::io_context* loop : loops) {
      server->listeners_.push_back(std::make_shared<LoopListener>(*loop, server->shared_));
      for (const tcp::endpoint& endpoint : *endpoints)
        server->listeners_.back()->listen(endpoint);
    }
    for (const tcp::endpoint& endpoint : *endpoints)
      server->addresses_.push_back(address_text(endpoint));
    server->port_ = endpoints->front().port();
    handler.on_listening(server->address());
    for (const auto& listener : server->listeners_)
      listener->start();
    return server;
  } catch (const boost::system::system_error& error) {
    return failure("cannot listen on " + listen + ": " + error.code().message());
  }
}

void HttpServer::stop() {
  for (const auto& listener : listeners_)
    listener->stop();
}

std::size_t HttpServer::connections() const { return shared_->connections; }

}  // namespace penstock::server
