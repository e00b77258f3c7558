#include "call/streaming.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "policy/forwarded_headers.hpp"

namespace penstock::call {
namespace {

/// How much of a discarded response is read; beyond it the connection is closed instead.
constexpr std::size_t max_discarded_bytes = 64U << 10U;

/// Reads piece by piece; keeps itself alive while a read is pending.
class BodyCollector : public std::enable_shared_from_this<BodyCollector> {
 public:
  BodyCollector(std::shared_ptr<ProxyPeer> peer, boost::asio::io_context& loop, std::uint64_t most,
                std::function<void(std::optional<std::string>)> handler)
      : source_(std::move(peer), loop), max_(most), handler_(std::move(handler)) {}

  void next() {
    source_.read([self = shared_from_this()](std::optional<std::string> piece) {
      if (!piece || piece->size() > self->max_ - self->body_.size())
        return self->handler_(std::nullopt);
      if (piece->empty()) return self->handler_(std::move(self->body_));
      self->body_ += *piece;
      self->next();
    });
  }

 private:
  PeerBody source_;
  std::uint64_t max_;
  std::function<void(std::optional<std::string>)> handler_;
  std::string body_;
};

}  // namespace

void PeerBody::read(Handler handler) {
  peer_->read([&loop = loop_, handler = std::move(handler)](std::optional<std::string> piece) {
    // Posted: a peer that calls back inside read() would otherwise nest each read in the last.
    boost::asio::post(loop,
                      [handler, piece = std::move(piece)]() mutable { handler(std::move(piece)); });
  });
}

void collect_body(std::shared_ptr<ProxyPeer> peer, boost::asio::io_context& loop,
                  std::uint64_t most, std::function<void(std::optional<std::string>)> handler) {
  std::make_shared<BodyCollector>(std::move(peer), loop, most, std::move(handler))->next();
}

ResponseBuffer::ResponseBuffer(std::shared_ptr<ProxyPeer> peer, boost::asio::io_context& loop,
                               BytesWanted wanted, Admit admit)
    : peer_(std::move(peer)), loop_(loop), wanted_(std::move(wanted)), admit_(std::move(admit)) {}

void ResponseBuffer::interim(upstream::Response head) {
  if (head.status == 100) return;  // ends at the engine, which sends no Expect
  policy::drop_hop_by_hop(head.headers);
  Response interim;
  interim.status = head.status;
  interim.reason = std::move(head.reason);
  interim.headers = std::move(head.headers);
  peer_->interim(std::move(interim));
}

void ResponseBuffer::head(upstream::Response head) {
  seen_ = std::move(head);
  held_bytes_ = wanted_(seen_.status);
  state_ = State::holding;
  if (held_bytes_ == 0) decide();
}

void ResponseBuffer::decide() {
  const auto admit = std::exchange(admit_, nullptr);
  state_ = admit(seen_) ? State::passing : State::refused;
}

void ResponseBuffer::body(std::string piece, std::function<void(bool)> next) {
  if (state_ == State::passing) return pass(std::move(piece), std::move(next));
  seen_.body += piece;
  if (state_ == State::holding && seen_.body.size() >= held_bytes_) decide();
  if (state_ == State::passing) return pass(std::exchange(seen_.body, {}), std::move(next));
  next(state_ == State::holding || seen_.body.size() <= max_discarded_bytes);
}

void ResponseBuffer::end(std::function<void()> done) {
  if (state_ == State::holding) decide();
  if (state_ != State::passing || seen_.body.empty()) return done();
  pass(std::exchange(seen_.body, {}), [done = std::move(done)](bool) { done(); });
}

void ResponseBuffer::pass(std::string piece, std::function<void(bool)> next) {
  peer_->write(std::move(piece), [&loop = loop_, next = std::move(next)](bool more) {
    boost::asio::dispatch(loop, [next, more] { next(more); });
  });
}

}  // namespace penstock::call
