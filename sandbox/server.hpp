#pragma once

#include "certificates.hpp"
#include "world.hpp"

#include <cstdint>
#include <memory>

namespace penstock::sandbox {

/// HTTP/1.1 over TLS on one port, on one thread: the one that calls run().
class Server {
 public:
  /// Listens at once; port 0 takes a free one. Throws std::exception if it cannot.
  Server(const std::string& address, std::uint16_t port, const Certificates& certificates,
         World& world);
  ~Server();

  std::uint16_t port() const;
  /// Serves until stop(), or SIGINT or SIGTERM if `until_signal`.
  void run(bool until_signal);
  /// From any thread. Open connections are dropped.
  void stop();

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace penstock::sandbox
