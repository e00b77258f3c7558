#pragma once

#include "certificates.hpp"
#include "state.hpp"

#include <cstdint>
#include <memory>

namespace penstock::sandbox {

/// HTTP/1.1 over TLS on one port, on one thread: the one that calls run().
class Server {
 public:
  /// Starts listening; port 0 picks a free one. Throws std::exception if it cannot.
  Server(const std::string& address, std::uint16_t port, const Certificates& certificates,
         SandboxState& state);
  ~Server();

  std::uint16_t port() const;
  /// Serves until stop(), or until SIGINT or SIGTERM if `until_signal`.
  void run(bool until_signal);
  /// Drops open connections. [any-thread]
  void stop();

 private:
  struct Listener;
  std::unique_ptr<Listener> listener_;
};

}  // namespace penstock::sandbox
