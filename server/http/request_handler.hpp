#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <penstock/net.hpp>

#include "http/byte_budget.hpp"
#include "http/limits.hpp"
#include "http/message.hpp"

namespace penstock::server {

class Connection;

/// The client of a connection.
struct Client {
  std::string address;  ///< for the log
  bool allowed = true;  ///< by server.allowed_networks
};

/// One request and its response, from the admitted head to the end; made by a RequestHandler. Used
/// on the connection's loop, except where a function says otherwise.
class Exchange {
 public:
  virtual ~Exchange() = default;

  /// Maximum size of a body that is read whole.
  virtual std::uint64_t max_body() const = 0;
  /// The bodies are streamed: stream() follows instead of respond().
  virtual bool is_streamed() const = 0;
  /// Where the memory of its bodies is counted; null: nowhere.
  virtual std::shared_ptr<ByteBudget> budget() const = 0;

  using Disconnected = std::shared_ptr<const std::atomic<bool>>;  ///< see Call::client_disconnected

  /// Processes a request with its whole body. `done` runs exactly once, possibly on another thread,
  /// possibly before this returns.
  virtual void respond(std::string body, Disconnected disconnected,
                       std::function<void(HttpResponse)> done) = 0;

  /// Processes a streamed request: reads its body from the connection and writes the response to
  /// it.
  virtual void stream(std::shared_ptr<Connection> connection, Disconnected disconnected) = 0;

  /// Whether others wait for something that this request holds, apart from its budget.
  virtual bool holds_up_others(Clock::time_point now) const = 0;

  /// The body of the request, or else the response, was given up because the client is too slow.
  virtual void on_slow_client(std::string_view message) const = 0;
};

/// What becomes of a request according to its head: an exchange, or a response that ends it.
struct Admission {
  std::shared_ptr<Exchange> exchange;
  std::optional<HttpResponse> rejection;
};

/// The application behind the HTTP server. [any-thread]
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  /// Called once, before the first request, with the address that the server listens on.
  virtual void on_listening(std::string_view /*address*/) {}

  virtual Client recognise(const IpAddress& address, std::string text) const = 0;

  /// Checks everything that does not need the body.
  virtual Admission admit(const RequestHead& head, const Client& client) = 0;

  /// The response to a request that is not valid HTTP. It closes the connection.
  virtual HttpResponse refuse(const HeadError& refusal, const Client& client) = 0;

  /// A connection was closed because its client was too slow before a request was complete, or
  /// while it read the response to a rejected one.
  virtual void on_slow_client(const Client& client, std::string_view message) const = 0;
};

}  // namespace penstock::server
