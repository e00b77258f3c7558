#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

namespace boost::asio {
class io_context;
}

namespace penstock::upstream {

/// The destination of a connection, and the key for sharing it: connections are reused only between
/// equal destinations.
struct Destination {
  std::string host;  ///< the vendor's host, for the URL, SNI and the certificate
  std::uint16_t port = 443;
  std::string connect_to;  ///< "host:port" to open the TCP connection to; empty: host and port
  std::string ca_file;     ///< PEM file; empty: the system's authorities
  bool allow_private_addresses = false;  ///< implied by connect_to
  std::string partition;  ///< the integration: connections are not shared across partitions
  std::string extra_ca_file = {};  ///< PEM file of additional authorities; empty: none

  friend auto operator<=>(const Destination&, const Destination&) = default;
};

struct Response {
  int status = 0;    ///< 100 to 999
  Headers headers;   ///< names in lower case, in the vendor's order
  std::string body;  ///< decoded
  Headers trailers;  ///< never merged into the headers
  std::chrono::microseconds waited{0};
  std::string reason = {};                 ///< reason phrase of the status line, as sent
  std::vector<std::string> warnings = {};  ///< deviations of the response, in sentences
};

/// The maximum number of connections to one destination, and of calls that wait for one. Applies to
/// all loops of an engine together; each loop has an equal share, of at least one connection.
struct Limits {
  std::size_t connections = 256;
  std::size_t queued_calls = 1024;
};

/// Statistics of a client. Written by the client's loop only, readable from any thread.
struct Counters {
  std::atomic<std::uint64_t> connections_made{0};
  std::atomic<std::uint64_t> connect_failures{0};
  std::atomic<std::uint64_t> connections_reused{0};
  /// Closed because of unsolicited bytes or an unexpected end of stream.
  std::atomic<std::uint64_t> dirty_connections{0};
  std::atomic<std::uint64_t> calls_retried{0};
  std::atomic<std::uint64_t> calls_refused{0};  ///< because of Limits
  std::atomic<std::uint64_t> open{0};           ///< current connections, including idle ones
  std::atomic<std::uint64_t> connecting{0};     ///< current connection attempts
  std::atomic<std::uint64_t> waiting{0};        ///< calls that are waiting for a connection
};

/// A request body that arrives while it is sent. Used on the client's loop only.
class BodySource {
 public:
  virtual ~BodySource() = default;

  /// Receives the next piece; an empty one at the end; none if the body broke off.
  using Handler = std::function<void(std::optional<std::string>)>;

  /// Requests the next piece; at most one read is pending. The handler runs once, possibly inside
  /// read().
  virtual void read(Handler handler) = 0;
};

/// Receives a response while it arrives, with its content coding intact. Used on the client's loop
/// only.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;

  /// A 1xx response that precedes the final one.
  virtual void interim(Response head) = 0;
  virtual void head(Response head) = 0;

  /// A piece of the body, never empty. Nothing more is read from the vendor until `next(true)`;
  /// `next(false)` ends the exchange. `next` may be called inside body().
  virtual void body(std::string piece, std::function<void(bool)> next) = 0;
};

/// Whether, and how strictly, a request is to be cancelled.
enum class Cancel : std::uint8_t {
  no,
  if_harmless,  ///< as for Request::client_disconnected
  now,          ///< even if bytes were sent
};

struct Request {
  Destination to;
  std::string method;
  std::string target;  ///< origin-form, in its final bytes
  Headers headers;     ///< without Host and framing headers, which the client writes
  std::string body;
  bool has_body = false;  ///< an empty body still has Content-Length: 0
  /// Also the limit of the wait for a free connection.
  std::chrono::milliseconds connect_timeout{5000};
  Limits limits = {};
  std::chrono::steady_clock::time_point deadline;
  std::uint64_t max_response_bytes = 32U << 20U;  ///< counted after decoding

  std::shared_ptr<BodySource> source;          ///< instead of `body`
  std::optional<std::uint64_t> source_length;  ///< none: chunked

  /// Receives the response instead of Response::body, without a size limit. The deadline then
  /// applies only until the request has a connection; after that, `idle_timeout` is
  /// the longest time in which the vendor may neither send nor accept a byte.
  std::shared_ptr<ResponseSink> sink;
  std::chrono::milliseconds idle_timeout{60000};
  bool accepts_trailers = false;

  std::shared_ptr<const std::atomic<bool>> client_disconnected;  ///< see Call::client_disconnected
  /// Noticed within one sweep; null: never cancelled.
  std::shared_ptr<const std::atomic<Cancel>> cancel;
};

/// The only way to vendors, for one loop: HTTP/1.1 over TLS, on pooled connections that libcurl
/// makes and verifies. Not thread-safe: everything happens on the loop's thread.
///
/// A request of which a byte was handed to a connection is never sent again, with two exceptions,
/// both on a reused connection and at most once: a GET or HEAD for which no byte of a response
/// arrived, and any request whose connection the vendor had closed (408) before it accepted the
/// request. The repeated request uses a new connection. `sent` in an error is the furthest that any
/// attempt got.
class Client {
 public:
  struct Options {
    /// Connections that have been idle for longer are closed.
    std::chrono::milliseconds max_idle = std::chrono::seconds(55);
    std::size_t loops = 1;  ///< number of loops that share Limits
  };

  explicit Client(boost::asio::io_context& loop);
  Client(boost::asio::io_context& loop, Options options);
  ~Client();  ///< drops pending requests without running their handlers
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  using Handler = std::function<void(Result<Response>)>;

  /// `handler` runs once, on the loop, never inside send(). With a sink, it runs after the sink's
  /// last call, and an error may follow a part of the response.
  void send(Request request, Handler handler);

  const Counters& counters() const;  ///< [any-thread]

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace penstock::upstream
