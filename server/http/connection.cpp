#include "http/connection.hpp"

#include <array>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include "http/status.hpp"

namespace penstock::server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

/// Small where connections wait in their thousands, large where bytes come.
constexpr std::size_t waiting_read_size = 4 * 1024;
constexpr std::size_t body_read_size = 64 * 1024;
/// What chunk sizes, extensions and trailers may add to a body, and what the parser may leave lying
/// unused.
constexpr std::uint64_t most_framing_bytes = 64 * 1024;
constexpr std::size_t most_unused_bytes = 16 * 1024;
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, Door& door, const HttpLimits& limits,
                       std::weak_ptr<ConnectionOwner> owner)
    : socket_(std::move(socket)), door_(door), limits_(limits), owner_(std::move(owner)) {}

Connection::~Connection() {
  if (const auto owner = owner_.lock()) owner->on_closed(*this);
}

void Connection::start() {
  boost::system::error_code error;
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  const auto remote = socket_.remote_endpoint(error);
  if (error) return;
  std::string text = remote.address().to_string();
  const auto address = Address::parse(text.substr(0, text.find('%')));
  client_ = door_.recognise(address ? *address : Address{}, std::move(text));
  allow(limits_.head);
  read();
}

void Connection::check_deadline(Clock::time_point now) {
  if (now >= std::min({deadline_, reading_.due, writing_.due})) close();
}

void Connection::begin_draining() {
  draining_ = true;
  if (step_ == Step::idle) close();
}

void Connection::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Connection::allow_for(std::uint64_t bytes_moved) {
  deadline_ = step_began_ + limits_.grace +
              std::chrono::milliseconds(bytes_moved * 1000 / limits_.bytes_per_second);
}

void Connection::read() {
  const std::size_t size_wanted = step_ == Step::body ? body_read_size : waiting_read_size;
  const std::size_t used = input_.size();
  if (used == 0 && step_ == Step::idle) input_ = {};
  input_.resize(used + size_wanted);
  socket_.async_read_some(
      asio::buffer(input_.data() + used, size_wanted),
      [self = shared_from_this(), used](boost::system::error_code error, std::size_t size) {
        self->input_.resize(used + size);
        if (error) return self->close();
        self->on_read(size);
      });
}

void Connection::on_read(std::size_t size) {
  if (step_ == Step::linger) {
    input_.clear();
    return read();
  }
  if (step_ == Step::idle) {
    step_ = Step::head;
    allow(limits_.head);
  }
  if (step_ == Step::body) {
    body_raw_ += size;
    allow_for(body_raw_);
  }
  advance();
}

void Connection::advance() {
  try {
    if (step_ == Step::body) return feed_body();
    // RFC 9112 section 2.2: an empty line ahead of a request is let pass.
    while (input_.starts_with("\r\n"))
      input_.erase(0, 2);
    if (input_.empty()) return read();
    const std::size_t head_size = find_head_end(input_, searched_);
    if (std::min(head_size, input_.size()) > most_head_bytes) {
      return refuse(431, "the head of the request is larger than 32 KiB");
    }
    if (head_size == std::string::npos) {
      searched_ = input_.size() - std::min<std::size_t>(input_.size(), 2);
      return read();
    }
    read_head_at_front(head_size);
  } catch (const std::exception&) {
    close();  // Out of memory, most likely: there is nothing to answer with.
  }
}

void Connection::read_head_at_front(std::size_t head_size) {
  searched_ = 0;
  const std::string_view bytes(input_.data(), head_size);
  auto head = read_head(bytes);
  if (!head) return refuse(head.error().status, std::move(head.error().message));
  keep_alive_ = head->keep_alive;
  head_only_ = head->method == "HEAD";
  // Identity is taken from our own reading: Beast 1.81 would let trailers of the body add to it.
  if (auto refusal = door_.admit(*head, client_, ticket_)) {
    refusal->close = refusal->close || head->has_body();
    input_.erase(0, head_size);
    return reply(std::move(*refusal));
  }

  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(most_head_bytes) + 1024);
  if (ticket_.proxied) {
    parser_->body_limit(boost::none);
  } else {
    parser_->body_limit(door_.max_request_bytes());
  }
  boost::system::error_code error;
  parser_->put(asio::buffer(bytes.data(), bytes.size()), error);
  if (!parser_->is_header_done()) return refuse(400, "the request's head is malformed");
  head_fields_ = head->fields.size();
  expects_continue_ = head->expects_continue && head->has_body();
  input_.erase(0, head_size);  // The head's views end here.
  if (ticket_.proxied) return begin_stream();
  if (parser_->is_done()) return serve();

  step_ = Step::body;
  step_began_ = Clock::now();
  body_raw_ = input_.size();
  allow_for(body_raw_);
  parser_->eager(true);
  if (!expects_continue_ || !input_.empty()) return feed_body();
  asio::async_write(socket_, asio::buffer(go_on),
                    [self = shared_from_this()](boost::system::error_code failed, std::size_t) {
                      if (failed) return self->close();
                      self->read();
                    });
}

boost::system::error_code Connection::parse_body() {
  boost::system::error_code error;
  std::size_t used = 0;
  while (used < input_.size() && !parser_->is_done()) {
    const std::size_t taken =
        parser_->put(asio::buffer(input_.data() + used, input_.size() - used), error);
    used += taken;
    if (error == http::error::need_more) {
      error.clear();
      break;
    }
    if (error) break;
  }
  input_.erase(0, used);
  return error;
}

/// Beast adds them to the fields of the head.
bool Connection::has_trailers() const {
  const auto& fields = parser_->get();
  return static_cast<std::size_t>(std::distance(fields.begin(), fields.end())) != head_fields_;
}

void Connection::feed_body() {
  const boost::system::error_code error = parse_body();
  if (error == http::error::body_limit)
    return refuse(413, "the body is larger than this server takes");
  if (error) return refuse(400, "the request's body is malformed");
  if (parser_->is_done()) {
    if (has_trailers()) return refuse(400, "trailers are not taken");
    return serve();
  }
  if (input_.size() > most_unused_bytes ||
      body_raw_ > door_.max_request_bytes() + most_framing_bytes) {
    return refuse(400, "the request's body is framed in a wasteful way");
  }
  read();
}

/// True once the caller has gone. Nothing is read for it: what is pipelined waits in the socket.
std::shared_ptr<const std::atomic<bool>> Connection::watch_caller() {
  auto gone = std::make_shared<std::atomic<bool>>(false);
  watch_caller(gone);
  return gone;
}

void Connection::watch_caller(std::shared_ptr<std::atomic<bool>> gone) {
  socket_.async_wait(
      asio::ip::tcp::socket::wait_read,
      [self = shared_from_this(), gone = std::move(gone)](boost::system::error_code error) {
        char next = 0;
        const ssize_t size =
            error ? 1 : ::recv(self->socket_.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
        if (size > 0) return;
        if (size < 0 && errno == EAGAIN) return self->watch_caller(gone);
        *gone = true;
      });
}

void Connection::serve() {
  step_ = Step::call;
  ticket_.abandoned = watch_caller();
  deadline_ = Clock::time_point::max();
  std::string body = std::move(parser_->get().body());
  parser_.reset();
  // The engine may answer on a thread of its own: the way back leads over this connection's loop.
  door_.serve(std::move(ticket_), std::move(body), [self = shared_from_this()](Reply answered) {
    asio::dispatch(self->socket_.get_executor(), [self, answered = std::move(answered)]() mutable {
      self->reply(std::move(answered));
    });
  });
}

void Connection::refuse(int status, std::string message) {
  reply(door_.refuse(HeadRefusal{status, std::move(message)}, client_));
}

void Connection::reply(Reply reply) {
  if (reply.close || draining_) keep_alive_ = false;
  head_out_ = status_line(reply.status);
  head_out_ += "Content-Type: application/json\r\n";
  for (const Field& field : reply.headers) {
    head_out_ += field.name;
    head_out_ += ": ";
    head_out_ += field.value;
    head_out_ += "\r\n";
  }
  head_out_ += "Date: ";
  head_out_ += http_date();
  head_out_ += "\r\nContent-Length: ";
  head_out_ += std::to_string(reply.body.size());
  head_out_ += keep_alive_ ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  body_out_ = head_only_ ? std::string() : std::move(reply.body);
  written_ = 0;
  step_ = Step::write;
  step_began_ = Clock::now();
  write();
}

void Connection::write() {
  allow_for(written_);
  const std::size_t from_head = std::min(written_, head_out_.size());
  const std::size_t from_body = written_ - from_head;
  const std::array<asio::const_buffer, 2> rest{
      asio::buffer(head_out_.data() + from_head, head_out_.size() - from_head),
      asio::buffer(body_out_.data() + from_body, body_out_.size() - from_body)};
  socket_.async_write_some(
      rest, [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
        if (error) return self->close();
        self->written_ += size;
        if (self->written_ < self->head_out_.size() + self->body_out_.size()) return self->write();
        self->on_written();
      });
}

void Connection::on_written() {
  body_out_ = {};
  if (!keep_alive_ || draining_) return linger();
  step_ = Step::idle;
  allow(limits_.idle);
  if (input_.empty()) return read();
  step_ = Step::head;
  allow(limits_.head);
  advance();
}

void Connection::linger() {
  // Closing with unread input would make the kernel reset the connection and destroy the answer on
  // its way.
  boost::system::error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  step_ = Step::linger;
  allow(limits_.linger);
  if (stream_read_pending_) return;  // It goes on from there.
  input_.clear();
  read();
}

}  // namespace penstock::server
