#include "http/http_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <unordered_set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/connection.hpp"

namespace penstock::server {

namespace asio = boost::asio;
using asio::ip::tcp;

struct HttpServer::Shared {
  Shared(Door& the_door, const HttpLimits& the_limits) : door(the_door), limits(the_limits) {}

  Door& door;
  HttpLimits limits;
  std::atomic<std::size_t> connections{0};
};

namespace {

/// How often deadlines are looked at: often enough for the shortest, rarely enough to cost nothing.
std::chrono::milliseconds sweep_interval(const HttpLimits& limits) {
  const auto shortest = std::min({limits.head, limits.grace, limits.idle, limits.linger});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
}

}  // namespace

/// The listener of one loop and its connections. Everything but construction happens on the loop.
class LoopListener final : public ConnectionOwner,
                           public std::enable_shared_from_this<LoopListener> {
 public:
  LoopListener(asio::io_context& loop, std::shared_ptr<HttpServer::Shared> shared)
      : loop_(loop), shared_(std::move(shared)), acceptor_(loop), sweep_(loop) {}

  void listen(const tcp::endpoint& endpoint) {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    const int on = 1;
    if (setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
      throw boost::system::system_error(errno, boost::system::system_category());
    }
    acceptor_.bind(endpoint);
    acceptor_.listen(1024);
  }

  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

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
      self->acceptor_.close(ignored);
      // Closing only marks the end; the connections leave the set later, when their operations come
      // back.
      for (Connection* connection : self->connections_)
        connection->begin_draining();
    });
  }

  void on_closed(Connection& connection) override {
    connections_.erase(&connection);
    shared_->connections.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  void accept() {
    if (stopping_ || accepting_ || shared_->connections >= shared_->limits.connections) return;
    accepting_ = true;
    acceptor_.async_accept(
        [self = shared_from_this()](boost::system::error_code error, tcp::socket socket) {
          self->accepting_ = false;
          // Out of descriptors, most likely: the sweep tries again.
          if (error) return;
          self->adopt(std::move(socket));
          self->accept();
        });
  }

  void adopt(tcp::socket socket) {
    if (stopping_) return;
    auto connection = std::make_shared<Connection>(std::move(socket), shared_->door,
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
  tcp::acceptor acceptor_;
  asio::steady_timer sweep_;
  std::unordered_set<Connection*> connections_;
  bool accepting_ = false;
  bool stopping_ = false;
};

HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>, std::string>
HttpServer::open(const std::vector<asio::io_context*>& loops, const std::string& listen, Door& door,
                 const HttpLimits& limits) {
  const auto address = parse_listen_address(listen);
  if (!address) return failure("server.listen: " + address.error());
  try {
    asio::io_context names;
    const auto found =
        tcp::resolver(names).resolve(address->host, address->port, tcp::resolver::passive);
    tcp::endpoint endpoint = found.begin()->endpoint();
    {
      // With SO_REUSEPORT a second Penstock would silently take half of the connections: ask
      // without it first.
      tcp::acceptor probe(names, endpoint, true);
      endpoint = probe.local_endpoint();
    }
    auto server = std::unique_ptr<HttpServer>(new HttpServer);
    server->shared_ = std::make_shared<Shared>(door, limits);
    for (asio::io_context* loop : loops) {
      server->listeners_.push_back(std::make_shared<LoopListener>(*loop, server->shared_));
      server->listeners_.back()->listen(endpoint);
    }
    server->port_ = endpoint.port();
    const std::string host = endpoint.address().to_string();
    server->address_ = (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
                       std::to_string(endpoint.port());
    door.set_address(server->address_);
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
