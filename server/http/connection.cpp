#include "http/connection.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <boost/asio/dispatch.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "http/foreign_protocol.hpp"
#include "http/framing_limits.hpp"

namespace penstock::server {

namespace asio = boost::asio;
namespace http = boost::beast::http;

Connection::Connection(asio::ip::tcp::socket socket, RequestHandler& handler,
                       const HttpLimits& limits, std::weak_ptr<ConnectionOwner> owner)
    : socket_(std::move(socket)), handler_(handler), limits_(limits), owner_(std::move(owner)) {}

Connection::~Connection() {
  if (const auto owner = owner_.lock()) owner->on_closed(*this);
}

void Connection::start() {
  boost::system::error_code error;
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  const int max_unsent = max_unsent_bytes;
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &max_unsent,
               sizeof max_unsent);
  const auto remote = socket_.remote_endpoint(error);
  if (error) return;
  std::string text = remote.address().to_string();
  const auto address = IpAddress::parse(text.substr(0, text.find('%')));
  client_ = handler_.recognise(address.value_or(IpAddress{}), std::move(text));
  allow(limits_.head);
  receive(waiting_read_size);
}

void Connection::begin_draining() {
  draining_ = true;
  if (step_ == Step::idle) close();
}

void Connection::advance() {
  try {
    if (is_first_) {
      if (may_become_foreign(input_)) return receive(waiting_read_size);
      if (auto other = foreign_protocol(input_)) return refuse({400, *std::move(other)});
    }
    // RFC 9112 section 2.2: empty lines before a request are skipped.
    while (input_.starts_with("\r\n"))
      input_.erase(0, 2);
    if (input_.empty()) return receive(waiting_read_size);
    const std::size_t head_size = find_head_end(input_, searched_);
    if (std::min(head_size, input_.size()) > max_head_bytes)
      return refuse({431, "the head of the request is larger than 32 KiB"});
    if (head_size == std::string::npos) {
      searched_ = input_.size() - std::min<std::size_t>(input_.size(), 2);
      return receive(waiting_read_size);
    }
    read_head_at_front(head_size);
  } catch (const std::exception&) {
    close();  // Most likely out of memory: no response can be built.
  }
}

void Connection::read_head_at_front(std::size_t head_size) {
  searched_ = 0;
  is_first_ = false;
  keep_alive_ = head_only_ = answer_begun_ = false;
  exchange_ = nullptr;
  const std::string_view bytes(input_.data(), head_size);
  auto head = read_head(bytes);
  if (!head) return refuse(std::move(head).error());
  keep_alive_ = head->keep_alive;
  head_only_ = head->method == "HEAD";
  minor_version_ = head->minor_version;
  // Identity comes from our own parser: Beast 1.81 would let trailers of the body add to it.
  Admission admission = handler_.admit(*head, client_);
  exchange_ = std::move(admission.exchange);
  held_ = HeldBytes(exchange_->budget());
  if (auto& rejection = admission.rejection) {
    rejection->close = rejection->close || head->has_body();
    input_.erase(0, head_size);
    return response(*std::move(rejection));
  }

  parser_.emplace();
  refuse_odd_extensions(*parser_);
  parser_->header_limit(static_cast<std::uint32_t>(max_head_bytes) + 1024);
  if (exchange_->is_streamed()) {
    parser_->body_limit(boost::none);
  } else {
    parser_->body_limit(exchange_->max_body());
  }
  boost::system::error_code error;
  parser_->put(asio::buffer(bytes.data(), bytes.size()), error);
  if (!parser_->is_header_done()) return refuse({400, "the request's head is malformed"});
  head_fields_ = head->fields.size();
  expects_continue_ = head->expects_continue && head->has_body();
  input_.erase(0, head_size);  // The views in `head` end here.
  deadline_ = Clock::time_point::max();
  reading_ = writing_ = {};
  if (exchange_->is_streamed()) return begin_stream();
  if (parser_->is_done()) return serve();
  begin_body();
}

void Connection::begin_body() {
  step_ = Step::body;
  body_raw_ = input_.size();
  parser_->eager(true);
  if (!expects_continue_ || !input_.empty()) return feed_body();
  send(std::string(go_on), [self = shared_from_this()](bool sent) {
    if (sent) self->feed_body();
  });
}

/// Beast appends trailers to the fields of the head.
bool Connection::has_trailers() const {
  const auto& fields = parser_->get();
  return static_cast<std::size_t>(std::distance(fields.begin(), fields.end())) != head_fields_;
}

void Connection::feed_body() {
  const boost::system::error_code error = parse_body(*parser_, input_);
  if (error == http::error::body_limit)
    return refuse({413, "the body is larger than this server accepts"});
  if (error) return refuse({400, "the request's body is malformed"});
  held_.set(parser_->get().body().size());
  if (parser_->is_done()) {
    if (has_trailers()) return refuse({400, "trailers are not supported"});
    return serve();
  }
  if (input_.size() > max_unused_bytes || body_raw_ > exchange_->max_body() + max_framing_bytes)
    return refuse({400, "the request's body has too many framing bytes"});
  reading_.wait(limits_);
  receive(body_read_size);
}

void Connection::serve() {
  step_ = Step::call;
  std::string body = std::move(parser_->get().body());
  parser_.reset();
  // The engine may complete on its own thread: return to this connection's loop.
  exchange_->respond(std::move(body), client_disconnected_,
                     [self = shared_from_this()](HttpResponse answered) {
                       asio::dispatch(self->socket_.get_executor(),
                                      [self, answered = std::move(answered)]() mutable {
                                        self->response(std::move(answered));
                                      });
                     });
  // A response that was available at once is already being written; on_written() starts the read.
  if (step_ == Step::call) read_ahead();
}

}  // namespace penstock::server
