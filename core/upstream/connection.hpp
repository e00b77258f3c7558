#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "upstream/client.hpp"
#include "upstream/connection_factory.hpp"
#include "upstream/http1_response.hpp"

namespace penstock::upstream {

/// One kept-alive connection: one exchange at a time. Keeps one readability wait pending, whose
/// meaning depends on whether an exchange is under way: an answer, or the vendor closing an idle
/// connection. What the tunnel, a source or a sink holds of it is weak: whoever carries the
/// exchange out decides when the connection closes.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Connection(std::unique_ptr<TlsConnection> tls);

  /// How an exchange ended, and what may be said of the request.
  struct ExchangeResult {
    std::optional<Response> response;
    std::string trouble;  ///< without a reply: why
    std::string summary;  ///< without a reply: what had come of one; see Http1Response::summary()
    bool any_byte_sent = false;
    bool any_byte_received = false;
    bool too_large = false;
    bool client_disconnected = false;  ///< the source broke off, or the sink wants no more
    /// What came answers no request of ours: the vendor wrote it while the connection idled. The
    /// request was not taken up.
    bool unasked = false;
    bool reusable = false;  ///< the connection may carry another exchange
  };
  using Handler = std::function<void(ExchangeResult)>;

  /// Called when an idle connection dies.
  using OnIdleClose = std::function<void(Connection*)>;
  void watch_idle(OnIdleClose died);

  /// Whether the vendor has said nothing since the last answer. Ask before each exchange.
  bool is_quiet() { return tls_ && tls_->is_quiet(); }
  /// Why TLS ended it after it was made; empty: it did not.
  std::string tls_trouble() const { return tls_ ? tls_->tls_trouble() : std::string(); }

  /// Sends head and body, reads the answer. `request` must live until the handler has run; it may
  /// run inside.
  void exchange(const Request& request, std::string head, Handler handler);

  /// Ends the exchange, if there is one, without its handler, and closes the connection.
  void close();

  /// What of the exchange under way has left and come.
  bool any_byte_sent() const { return any_byte_sent_; }
  bool any_byte_received() const { return reader_ && reader_->started(); }
  std::string summary() const { return reader_ ? reader_->summary() : std::string(); }

  /// Whether neither side of the vendor is waited for, and since when nothing moved.
  bool waits_for_caller() const { return paused_ || pulling_; }
  Clock::time_point last_moved() const { return last_moved_; }

  /// It has carried a request, or idled for one: the vendor may have given it up.
  bool was_kept() const { return exchanges_ > 0 || idled_; }
  Clock::time_point made() const { return made_; }
  Clock::time_point idle_since() const { return idle_since_; }

 private:
  void write();
  void pull();
  void pulled(std::optional<std::string> piece);
  void readable();
  void deliver();
  void resume(bool more);
  bool is_unasked() const;
  bool ends_quietly();
  void complete();
  void arm();
  void finish(ExchangeResult ending);
  void fail(std::string trouble);
  ExchangeResult ending() const;

  std::unique_ptr<TlsConnection> tls_;
  Clock::time_point made_ = Clock::now(), idle_since_ = made_;
  OnIdleClose died_;
  bool armed_ = false, idled_ = false;
  int exchanges_ = 0;

  Handler handler_;  ///< set while an exchange is under way
  std::shared_ptr<BodySource> source_;
  std::optional<std::uint64_t> source_left_;  ///< none: chunked
  std::shared_ptr<ResponseSink> sink_;
  bool kept_ = false;             ///< was_kept() when the exchange began
  bool had_source_ = false;       ///< its body cannot be sent again
  bool pulling_ = false;          ///< the source is asked
  bool head_given_ = false;       ///< to the sink
  bool delivering_ = false;       ///< the sink is being called
  bool paused_ = false;           ///< the sink is busy with a piece
  bool completed_ = false;        ///< the answer is whole, the sink has not taken it all yet
  bool request_written_ = false;  ///< to its last byte
  bool write_failed_ = false;     ///< what the vendor had said before is still read
  bool came_early_ = false;       ///< the answer began before the request's head had left
  Clock::time_point started_ = made_, last_moved_ = made_;
  std::string_view body_;
  std::string out_;
  std::size_t head_size_ = 0, written_ = 0;
  bool any_byte_sent_ = false;
  std::optional<Http1Response> reader_;
};

}  // namespace penstock::upstream
