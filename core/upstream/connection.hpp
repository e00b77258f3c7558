#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "upstream/client.hpp"
#include "upstream/http1_response.hpp"
#include "upstream/tls_connection.hpp"

namespace penstock::upstream {

/// One kept-alive connection, with one exchange at a time. One readability wait is always pending:
/// during an exchange it signals the response, otherwise that the vendor closes the idle
/// connection. The TLS connection, the source and the sink hold only weak references to it: the
/// owner of the exchange decides when the connection closes.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Connection(std::unique_ptr<TlsConnection> tls);

  /// How an exchange ended, and what is known about the request.
  struct ExchangeResult {
    std::optional<Response> response;
    std::string error;    ///< without a response: the reason
    std::string summary;  ///< without a response: what had arrived; see Http1Response::summary()
    bool any_byte_sent = false;
    bool any_byte_received = false;
    bool too_large = false;
    bool client_disconnected = false;  ///< the source broke off, or the sink stopped
    /// The bytes received are no response to our request: the vendor sent them while the connection
    /// was idle, and has not accepted the request.
    bool unsolicited = false;
    bool reusable = false;  ///< the connection can carry another exchange
  };
  using Handler = std::function<void(ExchangeResult)>;

  /// Called when the vendor ends an idle connection or sends bytes on it.
  using OnIdleClose = std::function<void(Connection*)>;
  void watch_idle(OnIdleClose handler);

  /// Whether nothing has arrived since the last response. Check it before each exchange.
  bool is_clean() { return tls_ && tls_->is_clean(); }
  /// Why TLS ended the connection after it was established; empty: it did not.
  std::string tls_error() const { return tls_ ? tls_->tls_error() : std::string(); }

  /// Sends head and body and reads the response. `request` must live until the handler has run,
  /// which may be inside this call.
  void exchange(const Request& request, std::string head, Handler handler);

  /// Aborts the current exchange, if there is one, without running its handler, and closes the
  /// connection.
  void close();

  /// Progress of the current exchange.
  bool any_byte_sent() const { return any_byte_sent_; }
  bool any_byte_received() const { return reader_ && reader_->started(); }
  std::string summary() const { return reader_ ? reader_->summary() : std::string(); }

  /// Whether the exchange waits for its source or sink, not for the vendor; and when data last
  /// moved.
  bool waits_for_caller() const { return paused_ || reading_source_; }
  Clock::time_point last_progress() const { return last_progress_; }

  /// Whether it has carried a request or has been idle, so that the vendor may have closed it.
  bool was_reused() const { return exchanges_ > 0 || has_been_idle_; }
  Clock::time_point created() const { return created_; }
  Clock::time_point idle_since() const { return idle_since_; }

 private:
  void write();
  void read_source();
  void on_source_piece(std::optional<std::string> piece);
  void readable();
  void deliver();
  void resume(bool more);
  bool is_unsolicited() const;
  bool ends_cleanly();
  void complete();
  void arm();
  void finish(ExchangeResult result);
  void fail(std::string error);
  ExchangeResult result_so_far() const;

  std::unique_ptr<TlsConnection> tls_;
  Clock::time_point created_ = Clock::now(), idle_since_ = created_;
  OnIdleClose on_idle_close_;
  bool armed_ = false, has_been_idle_ = false;
  int exchanges_ = 0;

  Handler handler_;  ///< set during an exchange
  std::shared_ptr<BodySource> source_;
  std::optional<std::uint64_t> source_left_;  ///< none: chunked
  std::shared_ptr<ResponseSink> sink_;
  bool reused_ = false;           ///< was_reused() when the exchange began
  bool streams_body_ = false;     ///< the body cannot be sent again
  bool reading_source_ = false;   ///< a read() of the source is pending
  bool head_delivered_ = false;   ///< the sink has received the head
  bool delivering_ = false;       ///< the sink is being called
  bool paused_ = false;           ///< the sink is processing a piece
  bool completed_ = false;        ///< the response is complete, but the sink has not taken it all
  bool request_written_ = false;  ///< completely
  bool write_failed_ = false;     ///< what the vendor sent before that is still read
  bool early_response_ = false;   ///< the response began before the request's head was sent
  Clock::time_point started_ = created_, last_progress_ = created_;
  std::string_view body_;
  std::string out_;
  std::size_t head_size_ = 0, written_ = 0;
  bool any_byte_sent_ = false;
  std::optional<Http1Response> reader_;
};

}  // namespace penstock::upstream
