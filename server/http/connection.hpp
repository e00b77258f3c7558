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
#include <boost/asio/steady_timer.hpp>

#include "http/byte_budget.hpp"
#include "http/limits.hpp"
#include "http/rate_deadline.hpp"
#include "http/request_body.hpp"
#include "http/request_handler.hpp"

namespace penstock::server {

/// Receives events from its connections. Called on their common loop.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void on_closed(class Connection& connection) = 0;
};

/// One client connection: reads a request, passes it to the request handler, writes the response,
/// then repeats. Runs on one loop; kept alive by its pending operation.
///
/// At most one read is pending at a time, and it stays pending while a request is processed. It
/// yields either the next request, which waits in `input_` so that responses keep their order, or
/// the client's disconnect. Watching for a disconnect therefore costs no extra system call and
/// needs no cleanup.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, RequestHandler& handler, const HttpLimits& limits,
             std::weak_ptr<ConnectionOwner> owner);
  ~Connection();

  void start();

  /// Closes the connection if the current step's deadline has passed, or if the client is too slow.
  void check_deadline(Clock::time_point now);

  /// Closes now if no request is in progress, otherwise after the current response.
  void begin_draining();

  // For streamed exchanges; called on the loop.

  boost::asio::any_io_executor executor() { return socket_.get_executor(); }
  bool stays_open() const { return keep_alive_ && !draining_; }
  /// The client speaks HTTP/1.0, which has neither chunks nor interim responses.
  bool is_http_1_0() const { return minor_version_ == 0; }

  /// Receives a piece of the body, an empty string at its end, or none if the body was aborted.
  using ReadHandler = std::function<void(std::optional<std::string>)>;

  /// Requests the next piece of the request body. One request at a time.
  void pull(ReadHandler handler);
  /// Why the body ended early although the client is still connected; empty if it disconnected.
  std::string_view stream_fault() const { return stream_fault_; }
  /// Queues bytes behind those being sent. `sent` (may be null) receives whether they were sent.
  void send(std::string bytes, std::function<void(bool)> sent);
  /// Ends streaming; later responses are sent whole. An unread rest of the body prevents
  /// keep-alive.
  void end_stream();
  void response(HttpResponse response);
  void on_written();
  void close();
  /// Marks all bytes sent from now on as part of the final response.
  void begin_answer() { answer_begun_ = true; }
  /// Closes with a TCP reset, so that the client sees an error instead of the end of its response.
  void reset();

 private:
  enum class Step { idle, head, body, call, stream, write, linger };

  // Input, connection_input.cpp.
  void receive(std::size_t size_wanted);
  void on_received(boost::system::error_code error, std::size_t size);
  void on_end_of_input(boost::system::error_code error);
  void read_ahead();
  void ask_half_closed_client();
  bool client_waits() const;

  // Requests, connection.cpp.
  void advance();
  void read_head_at_front(std::size_t head_size);
  void begin_body();
  void feed_body();
  bool has_trailers() const;
  void serve();
  void refuse(HeadError refusal);

  // Whole responses, connection_reply.cpp.
  void write();
  void linger();
  bool is_stalled(Clock::time_point now);
  bool is_unfair(Clock::time_point now);
  void log_slow_client(bool unfair);

  // Streams, connection_stream.cpp.
  void begin_stream();
  void feed_stream();
  void receive_for_stream();
  void send_next();
  void abandon_stream();

  void allow(std::chrono::milliseconds time) { deadline_ = Clock::now() + time; }

  /// Owned by a pending operation. A loop that ends destroys its operations without completing
  /// them. The handlers stored in the connection own it in turn, through the engine's call; a Hold
  /// drops them together with its operation.
  class Hold {
   public:
    explicit Hold(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
    Hold(Hold&&) = default;
    ~Hold() {
      if (connection_) connection_->abandon_stream();
    }

    std::shared_ptr<Connection> release() { return std::move(connection_); }

   private:
    std::shared_ptr<Connection> connection_;
  };

  boost::asio::ip::tcp::socket socket_;
  RequestHandler& handler_;
  const HttpLimits& limits_;
  std::weak_ptr<ConnectionOwner> owner_;
  Client client_;

  Step step_ = Step::idle;
  Clock::time_point deadline_;      ///< of the steps idle, head and linger
  RateDeadline reading_, writing_;  ///< of the other steps, while they wait for the client
  bool draining_ = false;

  std::string incoming_;  ///< buffer of the pending read
  bool receiving_ = false;
  bool input_ended_ = false;  ///< the client has closed its sending side
  std::string input_;         ///< received, not yet consumed
  std::size_t searched_ = 0;  ///< length of the prefix of `input_` that holds no end of a head
  bool is_first_ = true;      ///< no request head was read on this connection yet
  /// Set when the client disconnects, and never cleared; shared by all calls of the connection.
  std::shared_ptr<std::atomic<bool>> client_disconnected_ =
      std::make_shared<std::atomic<bool>>(false);
  std::optional<boost::asio::steady_timer> half_closed_timer_;
  bool half_closed_asked_ = false;

  std::optional<RequestParser> parser_;
  std::size_t head_fields_ = 0;
  std::uint64_t body_raw_ = 0;          ///< bytes of the body as received, including framing
  std::shared_ptr<Exchange> exchange_;  ///< of the current request; null: its head is not read yet
  HeldBytes held_;
  int minor_version_ = 1;
  bool keep_alive_ = false;
  bool head_only_ = false;
  bool expects_continue_ = false;
  bool answer_begun_ = false;

  struct Piece {
    std::string bytes;
    std::function<void(bool)> sent;
  };
  ReadHandler pull_;
  std::string_view stream_fault_;
  std::deque<Piece> pieces_;

  std::string head_out_;
  std::string body_out_;
  std::size_t written_ = 0;
};

}  // namespace penstock::server
