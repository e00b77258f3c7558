#include "call/streamed_response.hpp"

#include <string>
#include <utility>

#include <penstock/text.hpp>

#include "call/call_run.hpp"
#include "call/request_body.hpp"
#include "policy/forwarded_headers.hpp"
#include "runtime/loop.hpp"

namespace penstock::call {

Result<PreparedCall> StreamedResponse::prepare(const runtime::Registry& registry,
                                               const Call& call) {
  return prepare_streamed_call(registry, call, has_body_, body_length_);
}

/// Receives the body whole, because the plugin signs it, or because it is SOAP and has to be
/// checked.
void StreamedResponse::load_body(CallRun& run, PreparedCall prepared) {
  if (!has_body_) return run.on_body(with_body(std::move(prepared), {}));
  const std::uint64_t max = run.max_body_bytes();
  collect_body(peer_, run.loop().context(), max,
               [run = run.self(), max, held = std::make_shared<PreparedCall>(std::move(prepared))](
                   std::optional<std::string> body) {
                 run->guarded([&] {
                   if (body) return run->on_body(with_body(std::move(*held), *std::move(body)));
                   Error error = input_invalid("the body was cut off, or is larger than " +
                                               quantity(max, "byte"));
                   error.http_status = 413;
                   run->fail(std::move(error));
                 });
               });
}

void StreamedResponse::attach(CallRun& run, upstream::Request& request) {
  const PreparedCall& prepared = run.prepared();
  if (prepared.body_state == PreparedCall::Body::streamed) {
    request.source = std::make_shared<PeerBody>(peer_, run.loop().context());
    request.source_length = body_length_;
  }
  request.accepts_trailers = accepts_trailers_;
  // The run owns this outlet: a weak reference avoids a cycle.
  buffer_ = std::make_shared<ResponseBuffer>(
      peer_, run.loop().context(),
      [api = prepared.api](int status) { return inspected_bytes(*api, status); },
      [this, weak = std::weak_ptr(run.self())](upstream::Response& seen) {
        const auto held = weak.lock();
        if (!held) return false;
        auto head = held->inspect(seen);
        if (!head) return false;
        head_ = *std::move(head);
        peer_->head(head_);
        return true;
      });
  request.sink = buffer_;
  request.idle_timeout = run.time_limit();
}

void StreamedResponse::on_exchange_end(CallRun& run, Result<upstream::Response> end) {
  if (buffer_->refused()) return run.repeat(buffer_->take_seen());
  if (!end) return run.fail_exchange(std::move(end).error());
  buffer_->end([this, run = run.self(), trailers = std::move(end->trailers)]() mutable {
    if (run->ended()) return;
    if (buffer_->refused()) return run->repeat(buffer_->take_seen());
    trailers_ = policy::forwarded_trailers(std::move(trailers));
    run->finish(std::move(head_));
  });
}

void StreamedResponse::on_response(Response response) {
  peer_->finish(ProxyEnd{std::move(trailers_), response.total});
}

void StreamedResponse::on_error(Error error) { peer_->finish(failure(std::move(error))); }

}  // namespace penstock::call
