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

/// Where a connection leads and who may share it: connections are reused only between equal
/// destinations.
struct Destination {
  std::string host;  ///< the vendor's: for the URL, SNI and the certificate
  std::uint16_t port = 443;
  std::string connect_to;                ///< "host:port", or empty: the TCP destination only
  std::string ca_file;                   ///< PEM, or empty: the system's authorities
  bool allow_private_addresses = false;  ///< connect_to implies it
  std::string partition;  ///< the integration: connections are never shared across partitions
  std::string extra_ca_file = {};  ///< PEM, or empty: authorities besides those

  friend auto operator<=>(const Destination&, const Destination&) = default;
};

struct Response {
  int status = 0;               ///< 100 to 999
  std::vector<Field> headers;   ///< names in lower case, in the vendor's order
  std::string body;             ///< decoded
  std::vector<Field> trailers;  ///< never merged into the headers
  std::chrono::microseconds waited{0};
  std::string reason = {};                 ///< the status line's phrase, as sent
  std::vector<std::string> warnings = {};  ///< what of the answer was odd, in sentences
};

/// How many connections there may be to one destination, and how many calls may wait for one. For
/// all loops of an engine together; each has an equal share, of one connection at least.
struct Limits {
  std::size_t connections = 256;
  std::size_t queued_calls = 1024;
};

/// What a client has done and holds. Read from any thread; written by the client's loop alone.
struct Counters {
  std::atomic<std::uint64_t> connections_made{0};
  std::atomic<std::uint64_t> connect_failures{0};
  std::atomic<std::uint64_t> connections_reused{0};
  std::atomic<std::uint64_t> unquiet_connections{0};  ///< closed: bytes or an end nobody asked for
  std::atomic<std::uint64_t> calls_repeated{0};
  std::atomic<std::uint64_t> calls_refused{0};  ///< for Limits
  std::atomic<std::uint64_t> open{0};           ///< connections now, idle ones too
  std::atomic<std::uint64_t> connecting{0};     ///< attempts now
  std::atomic<std::uint64_t> waiting{0};        ///< calls without a connection now
};

/// A request's body that comes while it is sent. Used on the client's loop only.
class BodySource {
 public:
  virtual ~BodySource() = default;

  /// A piece; an empty one at the end; none where the body broke off.
  using Handler = std::function<void(std::optional<std::string>)>;

  /// Asks for the next piece, one at a time. The handler runs once, maybe inside read().
  virtual void read(Handler handler) = 0;
};

/// Takes an answer as it comes, content coding and all. Used on the client's loop only.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;

  /// A 1xx that precedes the answer.
  virtual void interim(Response head) = 0;
  virtual void head(Response head) = 0;

  /// A piece of the body, never empty. Nothing more is read from the vendor until `next(true)`;
  /// `next(false)` ends the exchange. It may run inside.
  virtual void body(std::string piece, std::function<void(bool)> next) = 0;
};

/// How far a caller wants a request to be cancelled.
enum class Cancel : std::uint8_t {
  no,
  if_harmless,  ///< as Request::abandoned
  now,          ///< whatever was sent
};

struct Request {
  Destination to;
  std::string method;
  std::string target;          ///< origin-form, final bytes
  std::vector<Field> headers;  ///< without Host and framing, which are written here
  std::string body;
  bool has_body = false;                            ///< an empty body still has Content-Length: 0
  std::chrono::milliseconds connect_timeout{5000};  ///< also how long a free connection is awaited
  Limits limits = {};
  std::chrono::steady_clock::time_point deadline;
  std::uint64_t max_response_bytes = 32U << 20U;  ///< counted after decoding

  std::shared_ptr<BodySource> source;          ///< instead of `body`
  std::optional<std::uint64_t> source_length;  ///< none: chunked

  /// Takes the answer instead of Reply::body, without a bound. The deadline is then for the
  /// connection alone; after it, `silence` is how long the vendor may neither send nor take a byte.
  std::shared_ptr<ResponseSink> sink;
  std::chrono::milliseconds silence{60000};
  bool takes_trailers = false;

  std::shared_ptr<const std::atomic<bool>> client_disconnected;  ///< see Call::abandoned
  std::shared_ptr<const std::atomic<Cancel>> cancel;  ///< noticed within a sweep; null: never
};

/// The one door to vendors, for one loop: HTTP/1.1 over TLS, on pooled connections that libcurl
/// makes and verifies. Not thread-safe: everything happens on the loop's thread.
///
/// A request of which a byte was handed to a connection is never sent again, but for two cases,
/// both on a kept-alive connection and once only: a GET or HEAD without one byte of an answer, and
/// any request where the vendor had given the connection up (408) before it took the request. They
/// go out on a new connection. The `sent` of an error is the most that any attempt reached.
class Client {
 public:
  struct Options {
    /// A connection that no request has used for so long is closed.
    std::chrono::milliseconds max_idle = std::chrono::seconds(55);
    std::size_t loops = 1;  ///< that share Limits
  };

  explicit Client(boost::asio::io_context& loop);
  Client(boost::asio::io_context& loop, Options options);
  ~Client();  ///< drops what is pending without running its handlers
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  using Handler = std::function<void(Result<Response>)>;

  /// `handler` runs once, on the loop, never inside send(). With a sink, it runs after the sink's
  /// last call, and its error may come after a part of the answer.
  void send(Request request, Handler handler);

  const Counters& counters() const;  ///< any thread

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace penstock::upstream
