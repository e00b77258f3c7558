// Whole responses, and the end of a connection.
#include <array>

#include <sys/socket.h>

#include "http/connection.hpp"
#include "http/framing_limits.hpp"
#include "http/status.hpp"

namespace penstock::server {

namespace asio = boost::asio;

void Connection::check_deadline(Clock::time_point now) {
  if (!socket_.is_open()) return;
  const bool too_slow = now >= deadline_ || is_stalled(now);
  if (!too_slow && !is_unfair(now)) return;
  log_slow_client(!too_slow);
  close();
}

bool Connection::is_stalled(Clock::time_point now) {
  return reading_.overdue(now, limits_, -1) ||
         writing_.overdue(now, limits_, socket_.native_handle());
}

/// Logs one line for each request or response that is given up. A connection without a request gets
/// none, and a streamed call reports it in its own line.
void Connection::log_slow_client(bool unfair) {
  std::string message;
  switch (step_) {
  case Step::head:
    message = "the head of the request did not arrive in time";
    break;
  case Step::body:
    message = "the body of the request arrived too slowly";
    break;
  case Step::write:
    message = "the client read its response too slowly";
    break;
  default:
    return;
  }
  if (unfair) message += ", and other calls needed the memory that it used";
  exchange_ ? exchange_->on_slow_client(message) : handler_.on_slow_client(client_, message);
}

/// Whether the client is slower than the contended rate while others wait for what it holds.
bool Connection::is_unfair(Clock::time_point now) {
  const std::uint64_t fair = limits_.contended_bytes_per_second;
  if (!reading_.slower_than(fair, now, limits_) && !writing_.slower_than(fair, now, limits_))
    return false;
  return held_.is_contended() || (step_ == Step::stream && exchange_->holds_up_others(now));
}

void Connection::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Connection::reset() {
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void Connection::refuse(HeadError refusal) { response(handler_.refuse(refusal, client_)); }

void Connection::response(HttpResponse response) {
  if (response.close || draining_) keep_alive_ = false;
  head_out_ = status_line(response.status);
  head_out_ += "Content-Type: application/json\r\n";
  for (const Field& field : response.headers) {
    head_out_ += field.name;
    head_out_ += ": ";
    head_out_ += field.value;
    head_out_ += "\r\n";
  }
  head_out_ += "Date: ";
  head_out_ += http_date();
  head_out_ += "\r\nContent-Length: ";
  head_out_ += std::to_string(response.body.size());
  head_out_ += keep_alive_ ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  body_out_ = head_only_ ? std::string() : std::move(response.body);
  held_.set(body_out_.size());
  written_ = 0;
  answer_begun_ = true;
  step_ = Step::write;
  reading_ = writing_ = {};
  deadline_ = Clock::time_point::max();
  write();
}

void Connection::write() {
  writing_.wait(limits_);
  const std::size_t from_head = std::min(written_, head_out_.size());
  const std::size_t from_body = written_ - from_head;
  const std::array<asio::const_buffer, 2> rest{
      asio::buffer(head_out_.data() + from_head, head_out_.size() - from_head),
      asio::buffer(body_out_.data() + from_body, body_out_.size() - from_body)};
  socket_.async_write_some(
      rest, [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
        self->writing_.moved(size);
        if (error) return self->close();
        self->written_ += size;
        if (self->written_ < self->head_out_.size() + self->body_out_.size()) return self->write();
        self->on_written();
      });
}

void Connection::on_written() {
  body_out_ = std::string();  // `= {}` would keep the memory.
  head_out_.clear();
  held_.set(0);
  exchange_ = nullptr;
  reading_ = writing_ = {};
  if (!keep_alive_ || draining_) return linger();
  if (input_.empty()) {
    input_ = std::string();
    step_ = Step::idle;
    allow(limits_.keep_alive);
    return receive(waiting_read_size);
  }
  step_ = Step::head;
  allow(limits_.head);
  advance();
}

void Connection::linger() {
  // Closing with unread input would make the kernel reset the connection and discard the response
  // in transit.
  boost::system::error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  step_ = Step::linger;
  allow(limits_.linger);
  input_.clear();
  receive(waiting_read_size);
}

}  // namespace penstock::server
