#include "call/call_run.hpp"

#include <utility>
#include <variant>

#include <boost/asio/post.hpp>
#include <penstock/text.hpp>

#include "call/dry_run.hpp"
#include "runtime/loop_environment.hpp"
#include "runtime/upstream_settings.hpp"

namespace penstock::call {

CallRun::CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
                 runtime::Loop& loop, Call call, std::unique_ptr<CallOutlet> outlet)
    : context_(context), registry_(std::move(registry)), loop_(loop), call_(std::move(call)),
      outlet_(std::move(outlet)), started_(std::chrono::steady_clock::now()) {}

CallRun::~CallRun() {
  if (cancel_request_) cancel_request_->listen(nullptr);
  if (has_slot_) prepared_.integration->release_slot();
}

void CallRun::start() {
  loop_.calls().add(*this);
  if (loop_.closed_with()) return fail(*loop_.closed_with());
  if (is_cancelled()) return fail(call_cancelled(Phase::route, Sent::no));
  guarded([this] { begin(); });
}

void CallRun::begin() {
  auto prepared = outlet_->prepare(*registry_, call_);
  if (!prepared) return fail(std::move(prepared).error());
  prepared_ = *std::move(prepared);
  if (!acquire_slot()) return;
  if (auto error = check_backoff()) return fail(*std::move(error));
  deadline_ = started_ + call::time_limit(prepared_, call_, context_.config->upstream);
  snapshot_ = prepared_.slot->current();
  if (prepared_.body_state == PreparedCall::Body::pending)
    return outlet_->load_body(*this, prepared_);
  sign();
}

bool CallRun::acquire_slot() {
  has_slot_ = prepared_.integration->acquire_slot();
  if (has_slot_) return true;
  const IntegrationConfig& config = prepared_.integration->config();
  Error error = concurrency_exceeded(
      "integration " + config.id + " has its " +
          quantity(static_cast<std::uint64_t>(config.max_in_flight), "call") + " in flight",
      std::chrono::seconds(1));
  error.concurrency_slots = {config.max_in_flight, 0};
  fail(std::move(error));
  return false;
}

std::optional<Error> CallRun::check_backoff() const {
  if (call_.ignore_backoff) return std::nullopt;
  return prepared_.integration->backoff().admit(
      prepared_.integration->config().id, prepared_.url.host, *registry_->auth_failures,
      call_.respect_rate_limit, std::chrono::steady_clock::now());
}

std::chrono::milliseconds CallRun::time_limit() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - started_);
}

void CallRun::on_body(Result<PreparedCall> prepared) {
  if (!prepared) return fail(std::move(prepared).error());
  prepared_ = *std::move(prepared);
  sign();
}

void CallRun::sign() {
  if (should_renew_expiring()) return request_session(std::nullopt);
  used_session_ = session_in_use(prepared_, *snapshot_, runtime::wall_clock_ms());
  ++sign_count_;
  session_seq_ = used_session_ != nullptr ? snapshot_->uses->fetch_add(1) + 1 : 0;
  in_plugin_ = Phase::authorize;
  Signing signing = call::sign(prepared_, call_, *snapshot_, env());
  in_plugin_.reset();
  collect_notes(signing.notes, signing.logs);
  if (auto* error = std::get_if<Error>(&signing.result)) return fail(std::move(*error));
  auto* request = std::get_if<SignedRequest>(&signing.result);
  if (request == nullptr) return on_session_needed();
  refresh_early();
  send(std::move(*request));
}

void CallRun::send(SignedRequest signed_request) {
  if (is_cancelled()) return on_cancel();
  // The client may have disconnected while a session was obtained.
  if (call_.client_disconnected && *call_.client_disconnected)
    return fail(input_invalid("the client disconnected before the call was sent"));
  if (outlet_->is_dry_run()) return show(std::move(signed_request));
  call_url_ = std::move(signed_request.call_url);
  base_host_ = std::move(signed_request.base_host);
  shown_url_ = signed_request.url.text();
  if (signed_request.url_may_hold_secrets)
    shown_url_ = redactor_for(*snapshot_).redact(std::move(shown_url_));

  const UpstreamConfig& settings = prepared_.integration->upstream();
  upstream::Request request;
  request.to = runtime::destination(signed_request.url, *prepared_.integration);
  request.method = std::move(signed_request.method);
  request.target = signed_request.url.target();
  request.headers = std::move(signed_request.headers);
  request.has_body = signed_request.body.has_value();
  request.body = std::move(signed_request.body).value_or("");
  request.connect_timeout = runtime::connect_time_limit(settings);
  request.deadline = deadline_;
  request.client_disconnected = call_.client_disconnected;
  request.cancel = cancel_;
  request.max_response_bytes = runtime::response_limit(settings);
  request.limits = runtime::connection_limits(settings);
  outlet_->attach(*this, request);
  sending_ = true;
  loop_.client().send(std::move(request), [self = self()](Result<upstream::Response> end) {
    self->guarded([&] { self->on_sent(std::move(end)); });
  });
}

void CallRun::show(SignedRequest request) {
  Preview out = preview_of(prepared_, *snapshot_, std::move(request));
  out.warnings.insert(out.warnings.begin(), warnings_.begin(), warnings_.end());
  out.session = prepared_.api->session ? Preview::Session::had : Preview::Session::not_needed;
  if (snapshot_->session) out.session_expires_ms = snapshot_->session->expires_ms;
  end([&] { outlet_->on_preview(std::move(out)); });
}

void CallRun::on_sent(Result<upstream::Response> end) {
  sending_ = false;
  if (!end && is_cancelled()) return fail(call_cancelled(Phase::send, end.error().sent));
  if (end) vendor_time_ += end->waited;
  outlet_->on_exchange_end(*this, std::move(end));
}

void CallRun::listen_to(std::shared_ptr<detail::CancelRequest> request) {
  cancel_ = std::make_shared<std::atomic<upstream::Cancel>>(upstream::Cancel::no);
  cancel_request_ = std::move(request);
  // The reference to the loop stays valid: the call unsubscribes when it ends, and loops outlive
  // their calls.
  cancel_request_->listen([weak = weak_from_this(), &loop = loop_,
                           flag = cancel_](boost::asio::cancellation_type_t types) {
    using Type = boost::asio::cancellation_type;
    *flag = (types & (Type::terminal | Type::partial)) != Type::none
                ? upstream::Cancel::now
                : upstream::Cancel::if_harmless;
    boost::asio::post(loop.context(), [weak] {
      if (const auto call = std::static_pointer_cast<CallRun>(weak.lock())) call->on_cancel();
    });
  });
}

/// A request that the upstream client has is cancelled by the client, which knows how much was
/// sent.
void CallRun::on_cancel() {
  if (ended_ || sending_ || in_plugin_) return;
  fail(call_cancelled(session_pending_ ? Phase::session : Phase::authorize, sent_state_));
}

void CallRun::abort(Error error) {
  if (ended_) return;
  if (sending_) error.sent = Sent::unknown;
  fail(std::move(error));
}

void CallRun::on_plugin_lost(const host::Instance& instance) {
  if (ended_ || !prepared_.plugin || &prepared_.plugin->instance() != &instance) return;
  if (!in_plugin_ && !session_pending_) return;
  session_pending_ = false;
  Error error = plugin_failed(prepared_.plugin->label() +
                                  " is out of service: one of its functions does not return",
                              in_plugin_.value_or(Phase::session));
  if (error.phase == Phase::receive) error.sent = Sent::yes;
  fail(std::move(error));
}

void CallRun::finish(Response response) {
  end([&] {
    response.total = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - started_);
    observe([&](Observer& observer) { observer.on_response(call_, response); });
    outlet_->on_response(std::move(response));
  });
}

void CallRun::fail(Error error) {
  if (has_slot_) error.concurrency_slots = prepared_.integration->slots();
  if (sent_state_ == Sent::yes) {  // an earlier request got a response, whatever failed since
    error.sent = Sent::yes;
    error.retryable = false;
  }
  if (snapshot_) {
    const Redactor redactor = redactor_for(*snapshot_);
    error.message = redactor.redact(std::move(error.message));
    for (Problem& problem : error.details)
      problem.message = redactor.redact(std::move(problem.message));
  }
  end([&] {
    observe([&](Observer& observer) { observer.on_error(call_, error); });
    outlet_->on_error(std::move(error));
  });
}

void CallRun::fail_step() {
  fail(engine_failed("the engine could not continue the call", Phase::route,
                     sending_ && sent_state_ == Sent::no ? Sent::unknown : sent_state_));
}

/// The only exit: delivers the result once. The call stays counted until the result is delivered.
template <class Deliver>
void CallRun::end(Deliver deliver_result) {
  if (std::exchange(ended_, true)) return;
  runtime::LiveCalls::remove(*this);
  if (cancel_request_) cancel_request_->listen(nullptr);
  if (has_slot_) prepared_.integration->release_slot();
  has_slot_ = false;
  runtime::run_guarded(context_.report_error, "the handler of a call", deliver_result);
  context_.calls.leave();
}

/// An observer that throws does not keep the others, or the caller, from being notified.
template <class Notify>
void CallRun::observe(Notify notify) const {
  if (outlet_->is_dry_run()) return;
  for (const auto& observer : context_.observers)
    runtime::run_guarded(context_.report_error, "an observer", [&] { notify(*observer); });
}

}  // namespace penstock::call
