// The steps of a streamed call that differ from those of a buffered one.
#include <utility>

#include "call/call_run.hpp"
#include "policy/forwarded_headers.hpp"

namespace penstock::call {

/// Adds the body source and the response buffer to a request. Fails the call and returns false if
/// the plugin wrote a body while the caller's body is streamed.
bool CallRun::open_buffer(upstream::Request& request) {
  if (streams_body_ && request.has_body) {
    fail(plugin_failed(
        prepared_.plugin->label() +
            " writes a body, and its manifest does not say that it needs the caller's",
        Phase::authorize));
    return false;
  }
  if (streams_body_) {
    request.source = std::make_shared<PeerBody>(peer_, loop_.context());
    request.source_length = body_length_;
  }
  request.takes_trailers = takes_trailers_;
  // The run owns the buffer: a weak reference avoids a cycle.
  buffer_ = std::make_shared<ResponseBuffer>(
      peer_, loop_.context(),
      [api = prepared_.api](int status) { return inspected_bytes(*api, status); },
      [weak = weak_from_this()](const upstream::Response& seen) {
        const auto run = std::static_pointer_cast<CallRun>(weak.lock());
        return run && run->admit(seen);
      });
  request.sink = buffer_;
  request.silence = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - started_);
  return true;
}

bool CallRun::admit(const upstream::Response& seen) {
  if (ended_) return false;
  const Classification classification = classify(seen);
  record_outcome(seen, classification);
  if (should_retry(classification)) return false;
  invalidate_rejected_session(classification);
  upstream::Response head;
  head.status = seen.status;
  head.reason = seen.reason;
  head.headers = seen.headers;
  head.warnings = seen.warnings;
  head_ = make_response(std::move(head), classification);
  peer_->head(head_);
  return true;
}

void CallRun::streamed(Result<upstream::Response> end) {
  if (buffer_->refused()) return repeat(buffer_->take_seen());
  if (!end) {
    note_unreachable(end.error());
    return fail(std::move(end).error());
  }
  vendor_time_ += end->waited;
  buffer_->end([self = self(), trailers = std::move(end->trailers)]() mutable {
    if (self->ended_) return;
    if (self->buffer_->refused()) return self->repeat(self->buffer_->take_seen());
    self->trailers_ = policy::forwarded_trailers(std::move(trailers));
    self->finish(std::move(self->head_));
  });
}

}  // namespace penstock::call
