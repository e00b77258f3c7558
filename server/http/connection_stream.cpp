// The part of a connection that streams: pieces of a body in, pieces of an answer out.
#include "http/connection.hpp"

#include <boost/asio/write.hpp>

#include "http/proxy_stream.hpp"

namespace penstock::server {
namespace {

namespace asio = boost::asio;

constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t most_unused_bytes = 16 * 1024;
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

/// What a pending operation of a stream holds. A loop that ends drops its operations unanswered;
/// the handlers that wait in the connection hold it in turn, by way of the engine's call, and go
/// with the operation.
class Connection::StreamHold {
 public:
  explicit StreamHold(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}
  StreamHold(StreamHold&&) = default;
  ~StreamHold() {
    if (connection_) connection_->abandon_stream();
  }

  std::shared_ptr<Connection> release() { return std::move(connection_); }

 private:
  std::shared_ptr<Connection> connection_;
};

void Connection::abandon_stream() {
  // Each may end what the next belongs to.
  const auto pull = std::exchange(pull_, nullptr);
  const auto pieces = std::exchange(pieces_, {});
}

void Connection::Pace::wait(const HttpLimits& limits, std::uint64_t coming) {
  began = Clock::now();
  const std::uint64_t fair = (bytes + coming) * 1000 / limits.bytes_per_second;
  due = began + limits.grace + std::chrono::milliseconds(fair) - waited;
}

void Connection::Pace::moved(std::uint64_t count) {
  waited += Clock::now() - began;
  bytes += count;
  due = Clock::time_point::max();
}

void Connection::begin_stream() {
  step_ = Step::stream;
  deadline_ = Clock::time_point::max();
  reading_ = writing_ = {};
  parser_->eager(true);
  if (parser_->is_done()) ticket_.proxied->call.abandoned = watch_caller();
  const auto stream = std::make_shared<ProxyStream>(shared_from_this(), std::move(ticket_));
  ticket_ = {};
  stream->start(door_);
}

void Connection::pull(ProxyPeer::ReadHandler handler) {
  if (!parser_ || step_ != Step::stream || !socket_.is_open()) return handler(std::nullopt);
  pull_ = std::move(handler);
  if (!expects_continue_ || !input_.empty() || parser_->is_done()) return feed_stream();
  expects_continue_ = false;
  send(std::string(go_on), [self = shared_from_this()](bool sent) {
    if (!self->pull_) return;
    if (sent) return self->read_for_stream();
    std::exchange(self->pull_, nullptr)(std::nullopt);
  });
}

void Connection::feed_stream() {
  const bool malformed = parse_body().failed();
  const bool wasteful = !parser_->is_done() && input_.size() > most_unused_bytes;
  // Trailers of requests end here (RFC 9110 section 6.5.1 leaves that open).
  std::string piece = std::exchange(parser_->get().body(), {});
  if (malformed || wasteful) {
    keep_alive_ = false;
    return std::exchange(pull_, nullptr)(std::nullopt);
  }
  if (!piece.empty() || parser_->is_done()) return std::exchange(pull_, nullptr)(std::move(piece));
  read_for_stream();
}

void Connection::read_for_stream() {
  reading_.wait(limits_);
  stream_read_pending_ = true;
  const std::size_t used = input_.size();
  input_.resize(used + piece_size);
  socket_.async_read_some(asio::buffer(input_.data() + used, piece_size),
                          [hold = StreamHold(shared_from_this()),
                           used](boost::system::error_code error, std::size_t size) mutable {
                            const auto self = hold.release();
                            self->input_.resize(used + size);
                            self->reading_.moved(size);
                            self->stream_read_pending_ = false;
                            if (!self->pull_) {  // The answer was quicker than the body.
                              if (self->step_ == Step::linger && !error) self->linger();
                              return;
                            }
                            if (!error) return self->feed_stream();
                            self->keep_alive_ = false;
                            std::exchange(self->pull_, nullptr)(std::nullopt);
                          });
}

void Connection::send(std::string bytes, std::function<void(bool)> sent) {
  pieces_.push_back({std::move(bytes), std::move(sent)});
  if (pieces_.size() == 1) send_next();
}

void Connection::send_next() {
  writing_.wait(limits_, pieces_.front().bytes.size());
  asio::async_write(socket_, asio::buffer(pieces_.front().bytes),
                    [hold = StreamHold(shared_from_this())](boost::system::error_code error,
                                                            std::size_t size) mutable {
                      const auto self = hold.release();
                      self->writing_.moved(size);
                      const Piece done = std::move(self->pieces_.front());
                      self->pieces_.pop_front();
                      if (error) self->close();
                      if (!self->pieces_.empty()) self->send_next();
                      if (done.sent) done.sent(!error);
                    });
}

void Connection::end_stream() {
  pull_ = nullptr;
  if (!parser_->is_done()) keep_alive_ = false;
  parser_.reset();
}

}  // namespace penstock::server
