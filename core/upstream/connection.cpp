#include "upstream/connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "upstream/http1_request.hpp"

namespace penstock::upstream {
namespace {

// Bodies of up to this size are written together with the head.
constexpr std::size_t joined_body = 64U << 10U;

// The maximum size of one write, which is that of a TLS record (RFC 8446 section 5.1). If a write
// fails, the vendor has what was written before, and nothing of this record.
constexpr std::size_t max_record = 16U << 10U;

// A 408 that arrives sooner than this refers to the idle time before the request, not to the
// request.
constexpr auto min_request_timeout = std::chrono::seconds(2);

// One per loop thread: its content is consumed before the next read.
thread_local std::array<char, 64U << 10U> read_buffer;

}  // namespace

Connection::Connection(std::unique_ptr<TlsConnection> tls) : tls_(std::move(tls)) {}

void Connection::watch_idle(OnIdleClose handler) {
  on_idle_close_ = std::move(handler);
  has_been_idle_ = true;
  idle_since_ = Clock::now();
  arm();
}

void Connection::exchange(const Request& request, std::string head, Handler handler) {
  reused_ = was_reused();
  ++exchanges_;
  on_idle_close_ = nullptr;
  handler_ = std::move(handler);
  reader_.emplace(request.method, decodes(request),
                  request.sink ? Http1Response::unlimited : request.max_response_bytes);
  source_ = request.source;
  streams_body_ = source_ != nullptr;
  source_left_ = request.source_length;
  sink_ = request.sink;
  reading_source_ = head_delivered_ = paused_ = completed_ = request_written_ = any_byte_sent_ =
      false;
  early_response_ = write_failed_ = false;
  written_ = 0;
  head_size_ = head.size();
  out_ = std::move(head);
  body_ = request.has_body ? std::string_view(request.body) : std::string_view();
  if (body_.size() <= joined_body) {
    out_.append(body_);
    body_ = {};
  }
  started_ = last_progress_ = Clock::now();
  arm();  // an early response (e.g. 413) may arrive during the write
  write();
}

void Connection::close() {
  handler_ = nullptr;
  on_idle_close_ = nullptr;
  source_ = nullptr;
  sink_ = nullptr;
  if (tls_ && exchanges_ > 0 && !request_written_) tls_->end_by_reset();
  tls_ = nullptr;
}

void Connection::write() {
  const auto keep_alive = shared_from_this();
  while (handler_ && written_ < out_.size() + body_.size()) {
    const bool in_head = written_ < out_.size();
    const std::string_view rest =
        in_head ? std::string_view(out_).substr(written_) : body_.substr(written_ - out_.size());
    std::size_t count = 0;
    switch (tls_->write(rest.data(), std::min(rest.size(), max_record), count)) {
    case TlsConnection::Status::done:
      any_byte_sent_ = true;
      written_ += count;
      if (source_) last_progress_ = Clock::now();
      break;
    case TlsConnection::Status::again:
      // TLS may have accepted a part of the record already.
      any_byte_sent_ = true;
      return tls_->wait_writable([weak = weak_from_this()](bool ready) {
        const auto self = weak.lock();
        if (self && ready) self->write();
      });
    default:
      // RFC 9112 section 9.5: a vendor that rejects a body sends a response and closes. That
      // response may have arrived by now, so the read decides the result.
      write_failed_ = true;
      if (!paused_) arm();
      return;
    }
  }
  if (!handler_) return;
  head_size_ = 0;  // the head was sent; what follows are pieces of a source
  if (source_) return read_source();
  request_written_ = true;
}

void Connection::read_source() {
  reading_source_ = true;
  source_->read([weak = weak_from_this(), exchange = exchanges_](std::optional<std::string> piece) {
    // The response may have arrived, and the next exchange begun, before the caller's bytes came.
    const auto self = weak.lock();
    if (self && self->handler_ && self->exchanges_ == exchange && self->reading_source_)
      self->on_source_piece(std::move(piece));
  });
}

void Connection::on_source_piece(std::optional<std::string> piece) {
  reading_source_ = false;
  last_progress_ = Clock::now();
  const bool end = piece && piece->empty();
  if (!piece || (source_left_ && (piece->size() > *source_left_ || (end && *source_left_ > 0)))) {
    ExchangeResult result = result_so_far();
    result.client_disconnected = true;
    return finish(std::move(result));
  }
  written_ = 0;
  body_ = {};
  if (source_left_) {
    *source_left_ -= piece->size();
    out_ = *std::move(piece);
  } else {
    std::array<char, 20> size{};
    const auto hex = std::to_chars(size.data(), size.data() + size.size(), piece->size(), 16);
    out_.assign(size.data(), hex.ptr).append("\r\n").append(*piece).append("\r\n");
  }
  if (end || source_left_ == 0U) source_ = nullptr;
  write();
}

void Connection::arm() {
  if (armed_ || !tls_) return;
  armed_ = true;
  tls_->wait_readable([weak = weak_from_this()](bool ready) {
    const auto self = weak.lock();
    if (!self) return;
    self->armed_ = false;
    if (ready) self->readable();
  });
}

void Connection::readable() {
  const auto keep_alive = shared_from_this();
  while (tls_) {
    std::size_t count = 0;
    const TlsConnection::Status status = tls_->read(read_buffer.data(), read_buffer.size(), count);
    if (status == TlsConnection::Status::again) return arm();
    if (!handler_) {
      // Idle: the vendor has closed the connection or sent unsolicited bytes.
      if (const OnIdleClose handler = std::exchange(on_idle_close_, nullptr)) handler(this);
      return;
    }
    if (status == TlsConnection::Status::failed) {
      if (std::string why = tls_->tls_error(); !why.empty()) return fail(std::move(why));
      if (reader_->ends_with_stream()) {
        return fail("the connection ended without TLS's close_notify, so the response, which ends "
                    "with it, may be truncated");
      }
      return fail(reader_->started() ? "the connection was lost in the middle of the response"
                  : write_failed_    ? "the connection was lost while the request was sent"
                                     : "the connection was lost before a response");
    }
    early_response_ = early_response_ || (reused_ && !reader_->started() && written_ < head_size_);
    const Http1Response::State state = status == TlsConnection::Status::closed
                                           ? reader_->end()
                                           : reader_->feed({read_buffer.data(), count});
    if (is_unsolicited()) {
      ExchangeResult result = result_so_far();
      result.unsolicited = true;
      result.error =
          "the reused connection had an unsolicited response before the request was sent";
      return finish(std::move(result));
    }
    if (state == Http1Response::State::malformed)
      return fail("the response is invalid: " + reader_->error());
    if (state == Http1Response::State::too_large) {
      ExchangeResult result = result_so_far();
      result.too_large = true;
      return finish(std::move(result));
    }
    completed_ = state == Http1Response::State::complete;
    if (sink_) deliver();
    if (!handler_ || paused_) return;
    if (completed_) return complete();
  }
}

/// RFC 9112 section 9.5, RFC 9110 section 15.5.9: a vendor may close a kept-alive connection with a
/// 408 just as the next request is sent. The 408 itself says that the request was not accepted.
bool Connection::is_unsolicited() const {
  if (!reused_) return false;
  if (early_response_) return true;  // the head was not sent yet, so nothing of a source was read
  // A streamed body is consumed: its caller gets the 408 and may repeat the request itself.
  return !streams_body_ && reader_->head_complete() && !head_delivered_ &&
         reader_->response().status == 408 && !reader_->keeps_alive() &&
         Clock::now() - started_ < min_request_timeout;
}

/// Passes what has arrived to the sink, which may end the exchange, or pause it until resume().
void Connection::deliver() {
  for (Response& interim : reader_->take_interims()) {
    last_progress_ = Clock::now();
    sink_->interim(std::move(interim));
  }
  // Header bytes do not reset the idle timer, so a header that trickles in still times out.
  if (!reader_->head_complete()) return;
  last_progress_ = Clock::now();
  if (!head_delivered_) {
    head_delivered_ = true;
    const Response& head = reader_->response();
    Response copy;  // without the body: the reader goes on filling it
    copy.status = head.status;
    copy.reason = head.reason;
    copy.headers = head.headers;
    copy.warnings = head.warnings;
    sink_->head(std::move(copy));
  }
  std::string piece = reader_->take_body();
  if (piece.empty() || !handler_) return;
  paused_ = delivering_ = true;
  sink_->body(std::move(piece), [weak = weak_from_this(), exchange = exchanges_](bool more) {
    const auto self = weak.lock();
    if (self && self->handler_ && self->exchanges_ == exchange) self->resume(more);
  });
  delivering_ = false;
}

void Connection::resume(bool more) {
  paused_ = false;
  last_progress_ = Clock::now();
  if (!more) {
    ExchangeResult result = result_so_far();
    result.client_disconnected = true;
    return finish(std::move(result));
  }
  if (delivering_) return;  // readable() continues by itself
  if (completed_) return complete();
  readable();
}

/// Whether nothing follows the response: it would be taken for the next response.
bool Connection::ends_cleanly() {
  std::size_t count = 0;
  const TlsConnection::Status status = tls_->read(read_buffer.data(), read_buffer.size(), count);
  if (status == TlsConnection::Status::done) reader_->feed({read_buffer.data(), count});
  return status == TlsConnection::Status::again;
}

void Connection::complete() {
  ExchangeResult result = result_so_far();
  if (!request_written_) tls_->end_by_reset();
  // If the response arrived before the whole request was sent, the unsent rest prevents reuse.
  result.reusable = reader_->keeps_alive() && request_written_ && ends_cleanly();
  result.response = reader_->take();
  finish(std::move(result));
}

void Connection::fail(std::string error) {
  ExchangeResult result = result_so_far();
  result.error = std::move(error);
  finish(std::move(result));
}

Connection::ExchangeResult Connection::result_so_far() const {
  ExchangeResult out;
  out.any_byte_sent = any_byte_sent_;
  out.any_byte_received = reader_->started();
  return out;
}

void Connection::finish(ExchangeResult result) {
  if (!result.response) result.summary = reader_->summary();
  const Handler handler = std::exchange(handler_, nullptr);
  source_ = nullptr;
  sink_ = nullptr;
  handler(std::move(result));
}

}  // namespace penstock::upstream
