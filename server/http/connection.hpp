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

#include "api/api_handler.hpp"
#include "http/byte_budget.hpp"
#include "http/limits.hpp"
#include "http/rate_deadline.hpp"
#include "http/request_body.hpp"

namespace penstock::server {

/// What a connection tells the listener that it came from. Called on their common loop.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void on_closed(class Connection& connection) = 0;
};

/// One client connection: reads a request, has it answered, writes the answer, and so on. Lives on
/// one loop; kept alive by its pending operation.
///
/// At most one read is armed at a time, and it stays armed while a request is answered: what comes
/// then is the next request, which waits in `input_` so that answers keep their order, or the news
/// that the caller has gone. So watching the caller costs no system call, and leaves nothing
/// behind.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ApiHandler& door, const HttpLimits& limits,
             std::weak_ptr<ConnectionOwner> owner);
  ~Connection();

  void start();

  /// Closes if the time for the present step is over.
  void check_deadline(Clock::time_point now);

  /// Closes now if no request is under way, else after its answer.
  void begin_draining();

  // For a ProxyStream, on the loop.

  boost::asio::any_io_executor executor() { return socket_.get_executor(); }
  ApiHandler& door() { return api_; }
  bool stays_open() const { return keep_alive_ && !draining_; }
  /// The client speaks HTTP/1.0: it knows neither chunks nor interim answers.
  bool is_http_1_0() const { return minor_version_ == 0; }

  /// Asks for the next piece of the request's body; see ProxyPeer::read().
  void pull(ProxyPeer::ReadHandler handler);
  /// Why the body ended early although the client is still there; empty where it went away.
  std::string_view stream_fault() const { return stream_fault_; }
  /// Puts bytes behind those on their way; `sent` (may be null) hears whether they went out.
  void send(std::string bytes, std::function<void(bool)> sent);
  /// Back to whole replies. What is unread of the body costs the connection.
  void end_stream();
  void response(HttpResponse response);
  void on_written();
  void close();
  /// From now on what goes out belongs to the answer.
  void begin_answer() { answer_begun_ = true; }
  /// Closes so that the client sees an error rather than the end of its answer.
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
  void refuse(HeadRefusal refusal);

  // Whole answers, connection_reply.cpp.
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

  /// What a pending operation holds. A loop that ends drops its operations unanswered; the handlers
  /// that wait in the connection hold it in turn, by way of the engine's call, and go with the
  /// operation.
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
  ApiHandler& api_;
  const HttpLimits& limits_;
  std::weak_ptr<ConnectionOwner> owner_;
  Client client_;

  Step step_ = Step::idle;
  Clock::time_point deadline_;      ///< of the steps idle, head and linger
  RateDeadline reading_, writing_;  ///< of the others, while they wait for the client
  bool draining_ = false;

  std::string incoming_;  ///< what the armed read fills
  bool receiving_ = false;
  bool input_ended_ = false;  ///< the client has closed its sending side
  std::string input_;         ///< received and not yet used
  std::size_t searched_ = 0;  ///< of it, how much holds no end of a head
  bool is_first_ = true;      ///< nothing was asked on this connection yet
  /// Becomes true when the client has gone, and stays so: all calls of the connection share it.
  std::shared_ptr<std::atomic<bool>> gone_ = std::make_shared<std::atomic<bool>>(false);
  std::optional<boost::asio::steady_timer> half_closed_timer_;
  bool half_closed_asked_ = false;

  std::optional<RequestParser> parser_;
  std::size_t head_fields_ = 0;
  std::uint64_t body_raw_ = 0;  ///< bytes of the body as received, framing included
  RequestContext context_;
  HeldBytes held_;
  std::uint64_t max_body_ = 0;
  std::string integration_id_;  ///< of a streamed call
  std::string request_id_;      ///< of the last request whose head was admitted or refused by it
  int minor_version_ = 1;
  bool keep_alive_ = false;
  bool head_only_ = false;
  bool expects_continue_ = false;
  bool answer_begun_ = false;

  struct Piece {
    std::string bytes;
    std::function<void(bool)> sent;
  };
  ProxyPeer::ReadHandler pull_;
  std::string_view stream_fault_;
  std::deque<Piece> pieces_;

  std::string head_out_;
  std::string body_out_;
  std::size_t written_ = 0;
};

}  // namespace penstock::server
