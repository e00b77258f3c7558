#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/parser.hpp>

#include "http/door.hpp"
#include "http/growing_body.hpp"

namespace penstock::server {

/// How long a connection may take for what, so that a slow client holds nothing but itself.
struct HttpLimits {
  std::chrono::milliseconds head{
      10'000};  ///< from the first byte of a request to the end of its head
  std::chrono::milliseconds grace{
      10'000};  ///< for a body, and for the taking of an answer, beyond what the rate gives
  std::uint64_t bytes_per_second = 1024;    ///< the slowest body or taking of an answer
  std::chrono::milliseconds idle{75'000};   ///< between two requests
  std::chrono::milliseconds linger{2'000};  ///< for a refused client to stop sending
  std::size_t connections = 10'000;         ///< in all; further ones wait to be accepted
};

/// What a connection tells the listener that it came from. Called on their common loop.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void on_closed(class Connection& connection) = 0;
};

/// One client connection: reads a request, has it answered, writes the answer, and so on. Requests
/// that come ahead of their turn wait in the socket, so answers keep their order. Lives on one
/// loop; kept alive by its pending operation.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, Door& door, const HttpLimits& limits,
             std::weak_ptr<ConnectionOwner> owner);
  ~Connection();

  void start();

  /// Closes if the time for the present step is over.
  void check_deadline(Clock::time_point now);

  /// Closes now if no request is under way, else after its answer.
  void begin_draining();

  // For a ProxyStream, on the loop.

  boost::asio::any_io_executor executor() { return socket_.get_executor(); }
  Door& door() { return door_; }
  bool stays_open() const { return keep_alive_ && !draining_; }

  /// Asks for the next piece of the request's body; see ProxyPeer::read().
  void pull(ProxyPeer::ReadHandler handler);
  /// Puts bytes behind those on their way; `sent` (may be null) hears whether they went out.
  void send(std::string bytes, std::function<void(bool)> sent);
  /// Back to whole replies. What is unread of the body costs the connection.
  void end_stream();
  void reply(Reply reply);
  void on_written();
  void close();

 private:
  enum class Step { idle, head, body, call, stream, write, linger };
  using Parser = boost::beast::http::request_parser<GrowingBody>;

  void read();
  void on_read(std::size_t size);
  void advance();
  void read_head_at_front(std::size_t head_size);
  void begin_body();
  void feed_body();
  boost::system::error_code parse_body();
  bool has_trailers() const;
  void serve();
  std::shared_ptr<const std::atomic<bool>> watch_caller();
  void watch_caller(std::shared_ptr<std::atomic<bool>> gone);
  void begin_stream();
  void feed_stream();
  void read_for_stream();
  void send_next();
  void abandon_stream();
  void refuse(int status, std::string message);
  void write();
  void linger();
  void allow(std::chrono::milliseconds time) { deadline_ = Clock::now() + time; }
  void allow_for(std::uint64_t bytes_moved);

  boost::asio::ip::tcp::socket socket_;
  Door& door_;
  const HttpLimits& limits_;
  std::weak_ptr<ConnectionOwner> owner_;
  Client client_;

  Step step_ = Step::idle;
  Clock::time_point deadline_;
  Clock::time_point step_began_;
  bool draining_ = false;

  std::string input_;         ///< received and not yet used
  std::size_t searched_ = 0;  ///< of it, how much holds no end of a head
  std::optional<Parser> parser_;
  std::size_t head_fields_ = 0;
  std::uint64_t body_raw_ = 0;  ///< bytes of the body as received, framing included
  Ticket ticket_;
  bool keep_alive_ = false;
  bool head_only_ = false;
  bool expects_continue_ = false;

  class StreamHold;

  /// One direction of a stream: what it moved, how long it waited for the client, until when it
  /// may.
  struct Pace {
    std::uint64_t bytes = 0;
    Clock::duration waited{};
    Clock::time_point began, due = Clock::time_point::max();

    void wait(const HttpLimits& limits, std::uint64_t coming = 0);
    void moved(std::uint64_t count);
  };
  struct Piece {
    std::string bytes;
    std::function<void(bool)> sent;
  };
  ProxyPeer::ReadHandler pull_;
  std::deque<Piece> pieces_;
  bool stream_read_pending_ = false;
  Pace reading_, writing_;

  std::string head_out_;
  std::string body_out_;
  std::size_t written_ = 0;
};

}  // namespace penstock::server
