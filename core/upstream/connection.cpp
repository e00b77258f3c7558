#include "upstream/connection.hpp"

#include <array>
#include <utility>

#include "upstream/http1_request.hpp"

namespace penstock::upstream {
namespace {

// Bodies up to this go out with the head in one write and one TLS record.
constexpr std::size_t joined_body = 64U << 10U;

// One for each loop thread: what is read is used up before the next read.
thread_local std::array<char, 64U << 10U> read_buffer;

}  // namespace

Connection::Connection(std::unique_ptr<Tunnel> tunnel) : tunnel_(std::move(tunnel)) {}

void Connection::watch_idle(Died died) {
  died_ = std::move(died);
  idle_since_ = Clock::now();
  arm();
}

void Connection::exchange(const Request& request, std::string head, Handler handler) {
  ++exchanges_;
  died_ = nullptr;
  handler_ = std::move(handler);
  reader_.emplace(request.method, decodes(request), request.max_response_bytes);
  any_byte_sent_ = false;
  written_ = 0;
  out_ = std::move(head);
  body_ = request.has_body ? std::string_view(request.body) : std::string_view();
  if (body_.size() <= joined_body) {
    out_.append(body_);
    body_ = {};
  }
  arm();  // an early answer (413, say) may come while we write
  write();
}

void Connection::abandon() {
  handler_ = nullptr;
  died_ = nullptr;
}

void Connection::write() {
  const auto keep = shared_from_this();
  while (handler_ && written_ < out_.size() + body_.size()) {
    const bool in_head = written_ < out_.size();
    const std::string_view rest =
        in_head ? std::string_view(out_).substr(written_) : body_.substr(written_ - out_.size());
    std::size_t count = 0;
    switch (tunnel_->write(rest.data(), rest.size(), count)) {
    case Tunnel::Status::done:
      any_byte_sent_ = true;
      written_ += count;
      break;
    case Tunnel::Status::again:
      // TLS may have taken a part of the record already.
      any_byte_sent_ = true;
      return tunnel_->wait_writable([self = keep](bool ready) {
        if (ready) self->write();
      });
    default:
      return fail("the connection was lost while the request was sent");
    }
  }
}

void Connection::arm() {
  if (armed_) return;
  armed_ = true;
  tunnel_->wait_readable([weak = weak_from_this()](bool ready) {
    const auto self = weak.lock();
    if (!self) return;
    self->armed_ = false;
    if (ready) self->readable();
  });
}

void Connection::readable() {
  const auto keep = shared_from_this();
  while (true) {
    std::size_t count = 0;
    const Tunnel::Status status = tunnel_->read(read_buffer.data(), read_buffer.size(), count);
    if (status == Tunnel::Status::again) return arm();
    if (!handler_) {
      // Idle: the vendor closes, or says something that nobody asked for.
      if (const Died died = std::exchange(died_, nullptr)) died(this);
      return;
    }
    if (status == Tunnel::Status::failed) {
      return fail(reader_->started() ? "the connection was lost in the middle of the answer"
                                     : "the connection was lost before an answer");
    }
    const Http1Reply::State state = status == Tunnel::Status::closed
                                        ? reader_->end()
                                        : reader_->feed({read_buffer.data(), count});
    switch (state) {
    case Http1Reply::State::more:
      continue;
    case Http1Reply::State::malformed:
      return fail("the answer cannot be used: " + reader_->trouble());
    case Http1Reply::State::too_large: {
      Ending ending;
      ending.too_large = true;
      ending.any_byte_sent = ending.any_byte_received = true;
      return finish(std::move(ending));
    }
    case Http1Reply::State::complete:
      break;
    }
    Ending ending;
    ending.any_byte_sent = ending.any_byte_received = true;
    // An answer that came before all of the request was sent leaves the rest of it in the way.
    ending.reusable = reader_->keeps_alive() && written_ == out_.size() + body_.size();
    ending.reply = reader_->take();
    return finish(std::move(ending));
  }
}

void Connection::fail(std::string trouble) {
  Ending ending;
  ending.trouble = std::move(trouble);
  ending.any_byte_sent = any_byte_sent_;
  ending.any_byte_received = reader_->started();
  finish(std::move(ending));
}

void Connection::finish(Ending ending) {
  const Handler handler = std::exchange(handler_, nullptr);
  handler(std::move(ending));
}

}  // namespace penstock::upstream
