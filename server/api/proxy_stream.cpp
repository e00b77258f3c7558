#include "api/proxy_stream.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/asio/dispatch.hpp>
#include <penstock/text.hpp>

#include "http/status.hpp"

namespace penstock::server {
namespace {

/// Fields that a vendor must not set: those by which callers distinguish the engine's responses
/// from a vendor's, and framing fields, which this server writes for its own hop.
bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 9> names = {
      "connection",        "content-length",        "keep-alive", "trailer",          "te",
      "transfer-encoding", "concurrency-remaining", "upgrade",    "concurrency-limit"};
  const std::string lower_name = lower(name);
  return lower_name.starts_with("penstock-") || std::ranges::find(names, lower_name) != names.end();
}

void append_vendor_fields(std::string& out, const Headers& fields) {
  for (const Field& field : fields) {
    if (!is_ours(field.name))
      out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
}

/// The length that all Content-Length fields agree on; none if there are none, or they differ.
std::optional<std::uint64_t> content_length(const Headers& fields) {
  std::optional<std::uint64_t> out;
  for (const Field& field : fields) {
    if (!equal_ignoring_case(field.name, "content-length")) continue;
    std::uint64_t length = 0;
    const char* end = field.value.data() + field.value.size();
    const auto [stop, error] = std::from_chars(field.value.data(), end, length);
    if (field.value.empty() || error != std::errc() || stop != end ||
        out.value_or(length) != length)
      return std::nullopt;
    out = length;
  }
  return out;
}

std::string chunk(std::string_view piece) {
  std::array<char, 20> size{};
  const auto hex = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16);
  std::string out;
  out.reserve(piece.size() + 24);
  out.append(size.data(), hex.ptr).append("\r\n").append(piece).append("\r\n");
  return out;
}

}  // namespace

void ProxyStream::read(ReadHandler handler) {
  boost::asio::dispatch(connection_->executor(),
                        [self = shared_from_this(), handler = std::move(handler)]() mutable {
                          self->connection_->pull(std::move(handler));
                        });
}

void ProxyStream::interim(Response head) {
  // HTTP/1.0 has no interim responses (RFC 9110 section 15.2), and 101 would end HTTP on this
  // connection.
  if (connection_->is_http_1_0() || head.status == 101) return;
  std::string bytes = status_line(head.status, head.reason);
  append_vendor_fields(bytes, head.headers);
  bytes += "\r\n";
  boost::asio::dispatch(connection_->executor(),
                        [self = shared_from_this(), bytes = std::move(bytes)]() mutable {
                          self->connection_->send(std::move(bytes), nullptr);
                        });
}

void ProxyStream::head(Response head) {
  boost::asio::dispatch(connection_->executor(),
                        [self = shared_from_this(), head = std::move(head)] {
                          self->request_->record_response(head);
                          self->send_head(head);
                        });
}

void ProxyStream::send_head(const Response& head) {
  head_sent_ = true;
  connection_->begin_answer();
  // RFC 9112 section 6.3: these responses have no body.
  const bool bodiless = head_only_ || head.status == 204 || head.status == 304;
  const std::optional<std::uint64_t> length = content_length(head.headers);
  framing_ = bodiless                     ? Framing::none
             : length                     ? Framing::length
             : connection_->is_http_1_0() ? Framing::until_close
                                          : Framing::chunked;
  left_ = framing_ == Framing::length ? *length : 0;
  std::string bytes = status_line(head.status, head.reason);
  append_vendor_fields(bytes, head.headers);
  if (framing_ == Framing::chunked) bytes += "Transfer-Encoding: chunked\r\n";
  // RFC 9110 section 8.6: the length of the body that a GET would have returned is allowed, but not
  // in a 204.
  if (length && head.status != 204)
    bytes.append("Content-Length: ").append(std::to_string(*length)).append("\r\n");
  if (!head.headers.has("date")) bytes.append("Date: ").append(http_date()).append("\r\n");
  // Distinguishes a vendor's 401 from the engine's, and identifies the log line.
  bytes.append("Penstock-Answer: vendor\r\nPenstock-Request-Id: ")
      .append(request_->id())
      .append("\r\n");
  if (head.concurrency_slots.limit > 0) {
    bytes.append("Concurrency-Limit: ").append(std::to_string(head.concurrency_slots.limit));
    bytes.append("\r\nConcurrency-Remaining: ")
        .append(std::to_string(head.concurrency_slots.remaining))
        .append("\r\n");
  }
  bytes += connection_->stays_open() ? "\r\n" : "Connection: close\r\n\r\n";
  connection_->send(std::move(bytes), nullptr);
}

void ProxyStream::write(std::string piece, std::function<void(bool)> next) {
  boost::asio::dispatch(
      connection_->executor(),
      [self = shared_from_this(), piece = std::move(piece), next = std::move(next)]() mutable {
        self->send_piece(std::move(piece), std::move(next));
      });
}

/// Never sends more than the announced length: the client would read the excess as another
/// response.
void ProxyStream::send_piece(std::string piece, std::function<void(bool)> next) {
  switch (framing_) {
  case Framing::none:
    piece.clear();
    break;
  case Framing::length:
    if (piece.size() > left_) piece.resize(static_cast<std::size_t>(left_));
    left_ -= piece.size();
    break;
  case Framing::chunked:
    piece = chunk(piece);
    break;
  case Framing::until_close:
    break;
  }
  connection_->send(std::move(piece), std::move(next));
}

void ProxyStream::finish(Result<ProxyEnd> end) {
  boost::asio::dispatch(connection_->executor(),
                        [self = shared_from_this(), end = std::move(end)]() mutable {
                          if (end) return self->send_end(*end);
                          self->send_error(std::move(end).error());
                        });
}

void ProxyStream::send_error(Error error) {
  // The engine knows only that the body ended early.
  if (const std::string_view fault = connection_->stream_fault();
      !fault.empty() && error.origin == Origin::caller)
    error.message = fault;
  if (head_sent_) {
    request_->end_stream(std::move(error));
    return cut_off();
  }
  HttpResponse response = request_->refuse(std::move(error));
  // Queued behind an interim response that may still be in transit.
  connection_->send({}, [connection = connection_, response = std::move(response)](bool) {
    connection->end_stream();
    connection->response(response);
  });
}

/// Truncates the body that the caller sees: the only way to signal an error after the head.
void ProxyStream::cut_off() {
  connection_->send({}, [connection = connection_, framing = framing_](bool) {
    connection->end_stream();
    framing == Framing::until_close ? connection->reset() : connection->close();
  });
}

void ProxyStream::send_end(const ProxyEnd& end) {
  request_->end_stream(std::nullopt);
  if (left_ > 0) return cut_off();
  std::string bytes;
  if (framing_ == Framing::chunked) {
    bytes = "0\r\n";
    if (accepts_trailers_) append_vendor_fields(bytes, end.trailers);
    bytes += "\r\n";
  }
  connection_->send(std::move(bytes), [connection = connection_](bool sent) {
    connection->end_stream();
    if (sent) connection->on_written();
  });
}

}  // namespace penstock::server
