#pragma once

#include <memory>
#include <string>
#include <vector>

#include <penstock/result.hpp>

namespace boost::asio {
class io_context;
}

namespace penstock::server {

class ApiHandler;
struct HttpLimits;
class LoopListener;

/// Listens on all addresses of a host, with one listener per loop between which the kernel spreads
/// the connections; each stays on its loop. The loops and the door must outlive the connections:
/// stop, let the loops end, then destroy.
class HttpServer {
 public:
  /// `listen` is HOST:PORT; port 0 takes any. See listen_endpoints().
  static Result<std::unique_ptr<HttpServer>, std::string>
  open(const std::vector<boost::asio::io_context*>& loops, const std::string& listen,
       ApiHandler& door, const HttpLimits& limits);
  ~HttpServer();

  /// "127.0.0.1:8080": the first of them.
  const std::string& address() const { return addresses_.front(); }
  const std::vector<std::string>& addresses() const { return addresses_; }
  int port() const { return port_; }

  /// Accepts no more, closes idle connections, and each other one after its answer. [any-thread]
  void stop();

  /// Connections that are open. [any-thread]
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
