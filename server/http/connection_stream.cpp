// Streaming on a connection: pieces of a request body in, pieces of a response out.
#include <boost/asio/write.hpp>

#include "http/connection.hpp"
#include "http/framing_limits.hpp"

namespace penstock::server {

namespace asio = boost::asio;

void Connection::abandon_stream() {
  // Destroying a handler may destroy the objects that own the others, so all are moved out first.
  const auto pull = std::exchange(pull_, nullptr);
  const auto pieces = std::exchange(pieces_, {});
}

void Connection::begin_stream() {
  step_ = Step::stream;
  stream_fault_ = {};
  parser_->eager(true);
  exchange_->stream(shared_from_this(), client_disconnected_);
  if (step_ == Step::stream) read_ahead();
}

void Connection::pull(ReadHandler handler) {
  if (!parser_ || step_ != Step::stream || !socket_.is_open()) return handler(std::nullopt);
  pull_ = std::move(handler);
  if (!expects_continue_ || !input_.empty() || parser_->is_done()) return feed_stream();
  expects_continue_ = false;
  send(std::string(go_on), [self = shared_from_this()](bool sent) {
    if (!self->pull_) return;
    if (sent) return self->receive_for_stream();
    std::exchange(self->pull_, nullptr)(std::nullopt);
  });
}

void Connection::feed_stream() {
  const bool malformed = parse_body(*parser_, input_).failed();
  const bool wasteful = !parser_->is_done() && input_.size() > max_unused_bytes;
  // Trailers of requests are dropped here, which RFC 9110 section 6.5.1 permits.
  std::string piece = std::exchange(parser_->get().body(), {});
  if (malformed || wasteful) {
    keep_alive_ = false;
    stream_fault_ = malformed ? "the request's body is malformed"
                              : "the request's body has too many framing bytes";
    return std::exchange(pull_, nullptr)(std::nullopt);
  }
  if (piece.empty() && !parser_->is_done()) return receive_for_stream();
  const auto handler = std::exchange(pull_, nullptr);
  read_ahead();  // Reads past the body, to detect a disconnect.
  handler(std::move(piece));
}

void Connection::receive_for_stream() {
  reading_.wait(limits_);
  receive(body_read_size);
}

void Connection::send(std::string bytes, std::function<void(bool)> sent) {
  pieces_.push_back({std::move(bytes), std::move(sent)});
  if (pieces_.size() == 1) send_next();
}

void Connection::send_next() {
  writing_.wait(limits_, pieces_.front().bytes.size());
  asio::async_write(
      socket_, asio::buffer(pieces_.front().bytes),
      [hold = Hold(shared_from_this())](boost::system::error_code error, std::size_t size) mutable {
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
