#include "http/proxy_stream.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/asio/dispatch.hpp>

#include "http/status.hpp"

namespace penstock::server {
namespace {

void append_fields(std::string& out, const std::vector<Field>& fields) {
  for (const Field& field : fields)
    out.append(field.name).append(": ").append(field.value).append("\r\n");
}

bool has(const std::vector<Field>& fields, std::string_view lower_name) {
  return std::ranges::find(fields, lower_name, &Field::name) != fields.end();
}

/// What callers go by to tell our words from a vendor's: no vendor can say it.
bool is_ours(std::string_view lower_name) {
  return lower_name == "penstock-answer" || lower_name == "penstock-request-id";
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

void ProxyStream::start(Door& door) {
  ProxyCall call = *std::move(ticket_.proxied);
  ticket_.proxied.reset();
  head_only_ = call.call.method == "HEAD";
  takes_trailers_ = call.takes_trailers;
  door.proxy(std::move(call), shared_from_this());
}

void ProxyStream::read(ReadHandler handler) {
  boost::asio::dispatch(connection_->executor(),
                        [self = shared_from_this(), handler = std::move(handler)]() mutable {
                          self->connection_->pull(std::move(handler));
                        });
}

void ProxyStream::interim(int status, std::vector<Field> headers) {
  std::string bytes = status_line(status);
  append_fields(bytes, headers);
  bytes += "\r\n";
  boost::asio::dispatch(connection_->executor(),
                        [self = shared_from_this(), bytes = std::move(bytes)]() mutable {
                          self->connection_->send(std::move(bytes), nullptr);
                        });
}

void ProxyStream::head(Answer head) {
  boost::asio::dispatch(connection_->executor(),
                        [self = shared_from_this(), head = std::move(head)] {
                          Door::note_answer(self->ticket_, head);
                          self->send_head(head);
                        });
}

void ProxyStream::send_head(const Answer& head) {
  head_sent_ = true;
  // RFC 9112 section 6.3: these end with their head.
  const bool bodiless = head_only_ || head.status == 204 || head.status == 304;
  chunked_ = !bodiless && !has(head.headers, "content-length");
  std::string bytes = status_line(head.status);
  for (const Field& field : head.headers) {
    if (!is_ours(field.name)) append_fields(bytes, {field});
  }
  if (chunked_) bytes += "Transfer-Encoding: chunked\r\n";
  if (!has(head.headers, "date")) bytes.append("Date: ").append(http_date()).append("\r\n");
  // Tells a vendor's 401 from one of ours, and leads to the line in the log.
  bytes.append("Penstock-Answer: vendor\r\nPenstock-Request-Id: ")
      .append(ticket_.record.request_id)
      .append("\r\n");
  if (head.places.limit > 0) {
    bytes.append("Concurrency-Limit: ").append(std::to_string(head.places.limit));
    bytes.append("\r\nConcurrency-Remaining: ")
        .append(std::to_string(head.places.remaining))
        .append("\r\n");
  }
  bytes += connection_->stays_open() ? "\r\n" : "Connection: close\r\n\r\n";
  connection_->send(std::move(bytes), nullptr);
}

void ProxyStream::write(std::string piece, std::function<void(bool)> next) {
  boost::asio::dispatch(
      connection_->executor(),
      [self = shared_from_this(), piece = std::move(piece), next = std::move(next)]() mutable {
        self->connection_->send(self->chunked_ ? chunk(piece) : std::move(piece), std::move(next));
      });
}

void ProxyStream::finish(Result<ProxyEnd> end) {
  boost::asio::dispatch(connection_->executor(),
                        [self = shared_from_this(), end = std::move(end)]() mutable {
                          if (end) return self->send_end(*end);
                          self->send_error(std::move(end).error());
                        });
}

void ProxyStream::send_error(Error error) {
  Door& door = connection_->door();
  if (head_sent_) {
    // The caller sees a body that is cut off: there is no other way to take an answer back.
    door.end_proxied(ticket_, std::move(error));
    return connection_->send({}, [connection = connection_](bool) {
      connection->end_stream();
      connection->close();
    });
  }
  connection_->end_stream();
  connection_->reply(door.fail_proxied(ticket_, std::move(error)));
}

void ProxyStream::send_end(const ProxyEnd& end) {
  std::string bytes;
  if (chunked_) {
    bytes = "0\r\n";
    if (takes_trailers_) append_fields(bytes, end.trailers);
    bytes += "\r\n";
  }
  connection_->door().end_proxied(ticket_, std::nullopt);
  connection_->send(std::move(bytes), [connection = connection_](bool sent) {
    connection->end_stream();
    if (sent) connection->on_written();
  });
}

}  // namespace penstock::server
