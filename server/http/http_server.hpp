#pragma once

#include <memory>
#include <string>
#include <vector>

#include <penstock/result.hpp>

namespace boost::asio {
class io_context;
}

namespace penstock::server {

class RequestHandler;
struct HttpLimits;
class LoopListener;

/// Listens on all addresses of a host, with one listener per loop. The kernel distributes the
/// connections between them, and each connection stays on its loop. The loops and the handler
/// must outlive the connections: call stop(), let the loops end, then destroy.
class HttpServer {
 public:
  /// `listen` is HOST:PORT; port 0 picks a free one. See listen_endpoints().
  static Result<std::unique_ptr<HttpServer>, std::string>
  open(const std::vector<boost::asio::io_context*>& loops, const std::string& listen,
       RequestHandler& handler, const HttpLimits& limits);
  ~HttpServer();

  /// The first address, such as "127.0.0.1:8080".
  const std::string& address() const { return addresses_.front(); }
  const std::vector<std::string>& addresses() const { return addresses_; }
  int port() const { return port_; }

  /// Stops accepting, closes idle connections, and every other one after its response. [any-thread]
  void stop();

  /// The number of open connections. [any-thread]
  std::size_t connections() const;

  struct Shared;

 private:
  HttpServer() = default;

  std::shared_ptr<Shared> shared_;
  std::vector<std::shared_ptr<LoopListener>> listeners_;
  std::vector<std::string> addresses_;
  int port_ = 0;
};

}  // namespace penstock::server
