// Input from the client: bytes, and the detection of a disconnect.
#include <sys/socket.h>

#include "http/connection.hpp"
#include "http/framing_limits.hpp"

namespace penstock::server {

namespace asio = boost::asio;

/// Starts a read unless one is pending.
void Connection::receive(std::size_t size_wanted) {
  if (receiving_) return;
  if (input_ended_) return on_end_of_input(asio::error::eof);
  receiving_ = true;
  if (incoming_.capacity() > 2 * size_wanted) incoming_ = std::string();
  incoming_.resize(size_wanted);
  socket_.async_read_some(
      asio::buffer(incoming_),
      [hold = Hold(shared_from_this())](boost::system::error_code error, std::size_t size) mutable {
        const auto self = hold.release();
        self->receiving_ = false;
        self->on_received(error, size);
      });
}

void Connection::on_received(boost::system::error_code error, std::size_t size) {
  reading_.moved(size);
  if (error) return on_end_of_input(error);
  if (step_ == Step::linger) return receive(waiting_read_size);
  incoming_.resize(size);
  if (input_.empty()) {
    input_.swap(incoming_);
  } else {
    input_ += incoming_;
  }
  switch (step_) {
  case Step::idle:
    step_ = Step::head;
    allow(limits_.head);
    return advance();
  case Step::head:
    return advance();
  case Step::body:
    body_raw_ += size;
    return feed_body();
  case Step::stream:
    if (pull_) return feed_stream();
    return read_ahead();
  default:
    return read_ahead();
  }
}

void Connection::on_end_of_input(boost::system::error_code error) {
  input_ended_ = error == asio::error::eof;
  if (step_ == Step::stream && pull_) {
    keep_alive_ = false;
    return std::exchange(pull_, nullptr)(std::nullopt);
  }
  switch (step_) {
  case Step::call:
  case Step::stream:
  case Step::write:
    if (input_ended_) return ask_half_closed_client();
    client_disconnected_->store(true);
    return;
  default:
    return close();
  }
}

/// Keeps a read pending while a request is processed.
void Connection::read_ahead() {
  if (step_ == Step::stream && parser_ && !parser_->is_done()) return;  // pull() starts the reads.
  if (input_.size() < max_read_ahead) receive(waiting_read_size);
}

/// Whether no data is on its way to the client that would reveal whether it still reads.
bool Connection::client_waits() const {
  return (step_ == Step::call || step_ == Step::stream) && !answer_begun_ && pieces_.empty();
}

/// A client that has closed its sending side may be gone, or may wait for its response: TCP reveals
/// which only when something is sent. An interim response, which any HTTP/1.1 client discards (RFC
/// 9110 section 15.2.1), makes a closed client reply with a TCP reset.
void Connection::ask_half_closed_client() {
  if (half_closed_timer_ || half_closed_asked_ || minor_version_ == 0 || !client_waits()) return;
  half_closed_timer_.emplace(socket_.get_executor(), limits_.half_closed);
  half_closed_timer_->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (cancelled) return;
    self->half_closed_timer_.reset();
    if (!self->client_waits() || !self->socket_.is_open()) return;
    self->half_closed_asked_ = true;
    self->socket_.async_wait(asio::ip::tcp::socket::wait_error,
                             [self](boost::system::error_code error) {
                               if (!error) self->client_disconnected_->store(true);
                             });
    // Nothing is queued before it, so the kernel takes all of it or nothing.
    ::send(self->socket_.native_handle(), go_on.data(), go_on.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  });
}

}  // namespace penstock::server
