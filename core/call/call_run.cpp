#include "call/call_run.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>
#include <penstock/text.hpp>

#include "base/retry_after.hpp"
#include "call/attachments.hpp"
#include "call/dry_run.hpp"
#include "policy/forwarded_headers.hpp"
#include "runtime/loop_environment.hpp"
#include "runtime/upstream_settings.hpp"

namespace penstock::call {
namespace {

constexpr int max_session_rounds = 2;

std::string boundary_from(const std::array<std::uint8_t, 32>& entropy) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "penstock-";
  for (std::size_t i = 0; i < 16; ++i)
    out += {hex[entropy[i] >> 4U], hex[entropy[i] & 15U]};
  return out;
}

/// Tells the caller that the vendor rejected the stored credential, not the caller's API key.
std::string refused_credential_warning(const std::string& id) {
  return "what the vendor refuses is the credential that is stored for " + id +
         ", not the API key of this call; POST /v1/integrations/" + id +
         "/verify tells whether it works";
}

}  // namespace

Error prepare_error(const host::PluginFailure& why, const loader::Plugin& plugin) {
  switch (why.kind) {
  case PST_E_BAD_OPTION:
    return input_invalid("api_options: " + why.message, {{"/api_options", why.message}});
  case PST_E_BAD_REQUEST:
    return input_invalid(why.message, {{"/data", why.message}});
  case PST_E_UNSUPPORTED:
    return input_invalid(why.message);
  case PST_E_BAD_CONNECTION: {
    Error error = credentials_refused("the connection cannot be used: " + why.message);
    error.origin = Origin::engine;
    error.phase = Phase::authorize;
    return error;
  }
  default:
    return plugin_failed(plugin.label() + " could not sign the call: " + why.message,
                         Phase::authorize);
  }
}

CallRun::CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
                 runtime::Loop& loop, Call call, Completion completion)
    : context_(context), registry_(std::move(registry)), loop_(loop), call_(std::move(call)),
      completion_(std::move(completion)), started_(std::chrono::steady_clock::now()) {}

CallRun::CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
                 runtime::Loop& loop, ProxyCall call, std::shared_ptr<ProxyPeer> peer)
    : context_(context), registry_(std::move(registry)), loop_(loop), call_(std::move(call.call)),
      peer_(std::make_shared<GuardedPeer>(std::move(peer), context.trouble)),
      streams_body_(call.has_body), body_length_(call.body_length),
      takes_trailers_(call.takes_trailers), started_(std::chrono::steady_clock::now()) {}

CallRun::CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
                 runtime::Loop& loop, Call call, Engine::PreviewHandler handler)
    : context_(context), registry_(std::move(registry)), loop_(loop), call_(std::move(call)),
      preview_(std::move(handler)), started_(std::chrono::steady_clock::now()) {}

CallRun::~CallRun() {
  if (cancel_request_) cancel_request_->listen(nullptr);
  if (entered_) prepared_.integration->leave();
}

void CallRun::start() {
  loop_.calls().add(*this);
  if (loop_.closed_with()) return fail(*loop_.closed_with());
  if (is_cancelled()) return fail(call_cancelled(Phase::route, Sent::no));
  guarded([this] { begin(); });
}

/// Runs one step of the call. An exception, from a library or for lack of memory, ends this call
/// only.
template <class Step>
void CallRun::guarded(Step step) {
  if (ended_) return;
  if (runtime::run_guarded(context_.trouble, "a step of a call", step)) return;
  fail(engine_failed("the engine could not go on with the call", Phase::route,
                     sending_ && sent_state_ == Sent::no ? Sent::unknown : sent_state_));
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
                                  " is out of service: a function of it does not return",
                              in_plugin_.value_or(Phase::session));
  if (error.phase == Phase::receive) error.sent = Sent::yes;
  fail(std::move(error));
}

void CallRun::begin() {
  auto prepared = peer_ ? prepare_streamed_call(*registry_, call_)
                        : prepare_call(*registry_, call_, boundary());
  if (!prepared) return fail(std::move(prepared).error());
  prepared_ = *std::move(prepared);
  if (!enter()) return;
  if (auto error = check_backoff()) return fail(*std::move(error));
  deadline_ = started_ + time_limit(prepared_, call_, context_.config->upstream);
  snapshot_ = prepared_.integration->state(prepared_.plugin->manifest().id)->current();
  load_body();
}

std::optional<Error> CallRun::check_backoff() const {
  if (call_.ignore_backoff) return std::nullopt;
  return prepared_.integration->backoff().admit(
      prepared_.integration->config().id, prepared_.url.host, *registry_->auth_failures,
      call_.respect_rate_limit, std::chrono::steady_clock::now());
}

bool CallRun::enter() {
  entered_ = prepared_.integration->enter();
  if (entered_) return true;
  const IntegrationConfig& config = prepared_.integration->config();
  Error error = concurrency_exceeded(
      "integration " + config.id + " has its " +
          counted(static_cast<std::uint64_t>(config.max_in_flight), "call") + " in flight",
      std::chrono::seconds(1));
  error.places = {config.max_in_flight, 0};
  fail(std::move(error));
  return false;
}

/// Obtains what is needed before signing: attachments to fetch, and the body of a streamed call if
/// needs_whole_body().
void CallRun::load_body() {
  if (preview_) return prepare();
  const std::uint64_t most = context_.config->server.max_request_bytes;
  if (!call_.form.empty() && !prepared_.body) {
    return fetch_attachments(loop_.client(), prepared_.integration, std::exchange(call_.form, {}),
                             deadline_, most, [self = self()](Result<std::vector<FormPart>> form) {
                               self->guarded([&] {
                                 if (!form) return self->fail(std::move(form).error());
                                 add_form(self->prepared_, *form,
                                          boundary_from(runtime::fresh_entropy()));
                                 self->prepare();
                               });
                             });
  }
  if (!peer_ || !needs_whole_body(*prepared_.api)) return prepare();
  const auto use = [this](std::string body) {
    auto added = add_body(prepared_, std::move(body));
    if (!added) return fail(std::move(added).error());
    prepare();
  };
  if (!std::exchange(streams_body_, false)) return use({});
  collect_body(
      peer_, loop_.context(), most, [self = self(), use, most](std::optional<std::string> body) {
        if (body) return self->guarded([&] { use(*std::move(body)); });
        Error error =
            input_invalid("the body broke off, or is larger than " + counted(most, "byte"));
        error.http_status = 413;
        self->fail(std::move(error));
      });
}

std::string CallRun::boundary() const {
  if (preview_) return std::string(preview_boundary);
  return call_.form.empty() ? std::string() : boundary_from(runtime::fresh_entropy());
}

/// Whether to obtain a new session first because the current one may expire before the request
/// arrives. True once per call: if the renewal fails, the current session is used while it is
/// valid.
bool CallRun::should_renew_expiring() {
  if (renewed_expiring_ || session_in_use() == nullptr ||
      !snapshot_->is_due(runtime::wall_clock_ms()))
    return false;
  renewed_expiring_ = true;
  return true;
}

void CallRun::prepare() {
  if (should_renew_expiring()) return request_session(std::nullopt);
  if (prepared_.api->base_url.of_session()) {
    auto found = resolve_url(prepared_, call_, *snapshot_);
    if (!found) return fail(std::move(found).error());
  }
  host::Outcome outcome = call_prepare();
  switch (outcome.verdict) {
  case host::Verdict::ok:
    refresh_early();
    return send(std::move(outcome));
  case host::Verdict::need_session:
    if (!prepared_.api->session) {
      return fail(plugin_failed(prepared_.plugin->label() +
                                    " wants a session that its manifest does not declare",
                                Phase::session));
    }
    if (++session_rounds_ > max_session_rounds) {
      return fail(
          plugin_failed(prepared_.plugin->label() + " refuses the session that it has just made",
                        Phase::session));
    }
    return request_session(std::nullopt);
  default:
    return fail(prepare_error(outcome.failure, *prepared_.plugin));
  }
}

host::Outcome CallRun::call_prepare() {
  used_session_ = session_in_use();
  call_url_ = prepared_.url.origin() + prepared_.url.path;
  ++prepare_count_;
  session_seq_ = used_session_ != nullptr ? snapshot_->uses->fetch_add(1) + 1 : 0;
  in_plugin_ = Phase::authorize;
  host::Outcome outcome = prepared_.plugin->instance().prepare(env(), snapshot_->connection,
                                                               used_session_, plugin_input());
  in_plugin_.reset();
  collect_notes(outcome);
  return outcome;
}

/// The result points into this object.
host::CallInput CallRun::plugin_input() const {
  host::CallInput input = call_input(prepared_, call_);
  input.url = call_url_;
  if (streams_body_) input.body_length = body_length_.value_or(UINT64_MAX);
  return input;
}

/// Collects the notes and log lines of the plugin.
void CallRun::collect_notes(const host::Outcome& outcome) {
  if (outcome.notes.empty() && outcome.logs.empty()) return;
  const Redactor redactor = redactor_for(*snapshot_);
  for (const Field& note : outcome.notes) {
    std::string warning = redactor.redact(note.name + ": " + note.value);
    // A repeated call produces the same notes again.
    if (std::ranges::find(prepared_.warnings, warning) == prepared_.warnings.end())
      prepared_.warnings.push_back(std::move(warning));
  }
  for (const host::LogText& line : outcome.logs)
    runtime::log_of_plugin(context_.trouble, context_.observers, prepared_.plugin->instance(),
                           prepared_.integration->config().id,
                           {line.level, redactor.redact(line.text)});
}

void CallRun::request_session(std::optional<session::FetchResponse> challenge) {
  session_pending_ = true;
  session_timer_.emplace(loop_.context(), session_deadline());
  session_timer_->async_wait([self = self()](boost::system::error_code error) {
    if (error || !self->session_pending_ || self->ended_) return;
    // The renewal continues: it belongs to the connection, and the next call needs its result.
    self->session_pending_ = false;
    if (self->may_use_expiring_session()) return self->prepare();
    self->fail(vendor_timed_out("the time of the call ran out while a session was made",
                                Phase::session, Sent::no));
  });

  session::SessionRequest wanted = session_request();
  wanted.challenge = std::move(challenge);
  prepared_.integration->state(prepared_.plugin->manifest().id)
      ->obtain(std::move(wanted), session_environment(),
               [self = self()](Result<session::SnapshotPtr> session) {
                 // The renewal may have run on another loop.
                 boost::asio::post(self->loop_.context(),
                                   [self, session = std::move(session)]() mutable {
                                     if (!self->session_pending_) return;
                                     self->session_pending_ = false;
                                     self->session_timer_->cancel();
                                     self->guarded([&] { self->on_session(std::move(session)); });
                                   });
               });
}

/// Whether the renewal is only an early one and the current session is still valid. Then a renewal
/// that fails or is slow does not hold up the call.
bool CallRun::may_use_expiring_session() const {
  return renewed_expiring_ && !renewed_after_rejection_ && session_rounds_ == 0 &&
         session_in_use() != nullptr;
}

std::chrono::steady_clock::time_point CallRun::session_deadline() const {
  if (!may_use_expiring_session()) return deadline_;
  const std::chrono::milliseconds left(snapshot_->session->expires_ms - runtime::wall_clock_ms());
  return std::min(deadline_, std::chrono::steady_clock::now() + left / 2);
}

session::SessionRequest CallRun::session_request() const {
  session::SessionRequest out;
  // The instance is owned by the plugin's generation; the aliasing pointer keeps that alive during
  // the renewal.
  out.plugin =
      std::shared_ptr<const host::Instance>(prepared_.plugin, &prepared_.plugin->instance());
  out.max_fetches = prepared_.api->session->max_fetches;
  out.format = prepared_.api->session->format;
  for (const catalog::Api& api : prepared_.plugin->manifest().apis) {
    if (api.session) out.formats.push_back(api.session->format);
  }
  out.supports_logout = prepared_.api->session->logout;
  out.used_generation = snapshot_->generation;
  out.ignore_backoff = call_.ignore_backoff;
  return out;
}

std::shared_ptr<session::Environment> CallRun::session_environment() const {
  return std::make_shared<runtime::LoopEnvironment>(loop_, prepared_.integration, context_.store,
                                                    *context_.blocking, context_.observers,
                                                    context_.renewals, context_.hold());
}

/// Starts an early refresh of a session that is still valid for this call, so that later calls need
/// not wait.
void CallRun::refresh_early() const {
  if (snapshot_->refresh_early_ms == 0 || runtime::wall_clock_ms() < snapshot_->refresh_early_ms ||
      !prepared_.api->session)
    return;
  prepared_.integration->state(prepared_.plugin->manifest().id)
      ->refresh_early(session_request(), session_environment());
}

void CallRun::on_session(Result<session::SnapshotPtr> session) {
  if (session) {
    snapshot_ = *std::move(session);
    return prepare();
  }
  if (may_use_expiring_session()) return prepare();
  note_unreachable(session.error());
  fail(std::move(session).error());
}

void CallRun::send(host::Outcome outcome) {
  if (is_cancelled()) return on_cancel();
  // The client may have disconnected while a session was obtained.
  if (!preview_ && call_.client_disconnected && *call_.client_disconnected)
    return fail(input_invalid("the caller went away before the call was sent"));
  const bool url_may_hold_secrets = !outcome.query.empty() || !outcome.url.empty();
  auto signed_request = build_request(prepared_, call_, std::move(outcome), *snapshot_);
  if (!signed_request) return fail(std::move(signed_request).error());
  auto permitted = check_egress(prepared_, signed_request->url);
  if (!permitted) return fail(std::move(permitted).error());
  if (preview_) return show(*std::move(signed_request));
  sent_url_ = signed_request->url.text();
  if (url_may_hold_secrets) sent_url_ = redactor_for(*snapshot_).redact(std::move(sent_url_));

  upstream::Request request;
  request.to = runtime::destination(signed_request->url, *prepared_.integration);
  request.method = std::move(signed_request->method);
  request.target = signed_request->url.path +
                   (signed_request->url.has_query ? "?" + signed_request->url.query : "");
  request.headers = std::move(signed_request->headers);
  request.has_body = signed_request->body.has_value();
  request.body = std::move(signed_request->body).value_or("");
  request.connect_timeout = runtime::connect_time_limit(prepared_.integration->upstream());
  request.deadline = deadline_;
  request.client_disconnected = call_.client_disconnected;
  request.cancel = cancel_;
  request.max_response_bytes = runtime::response_limit(prepared_.integration->upstream());
  request.limits = runtime::connection_limits(prepared_.integration->upstream());
  if (peer_ && !open_buffer(request)) return;
  sending_ = true;
  loop_.client().send(std::move(request), [self = self()](Result<upstream::Response> response) {
    self->guarded([&] {
      self->sending_ = false;
      if (!response && self->is_cancelled())
        return self->fail(call_cancelled(Phase::send, response.error().sent));
      self->buffer_ ? self->streamed(std::move(response)) : self->receive(std::move(response));
    });
  });
}

void CallRun::show(SignedRequest request) {
  Preview out = preview_of(prepared_, *snapshot_, std::move(request));
  out.session = prepared_.api->session ? Preview::Session::had : Preview::Session::not_needed;
  if (snapshot_->session) out.session_expires_ms = snapshot_->session->expires_ms;
  end([&] { deliver_preview(std::move(out)); });
}

void CallRun::receive(Result<upstream::Response> response) {
  if (!response) {
    note_unreachable(response.error());
    return fail(std::move(response).error());
  }
  vendor_time_ += response->waited;
  const Classification classification = classify(*response);
  record_outcome(*response, classification);
  if (should_retry(classification)) return repeat(*std::move(response));
  invalidate_rejected_session(classification);
  finish(make_response(*std::move(response), classification));
}

Classification CallRun::classify(const upstream::Response& response) {
  in_plugin_ = Phase::receive;
  Classification classification = classify_response(
      *prepared_.api,
      [this](const host::ResponseInput& seen) {
        host::Outcome outcome = prepared_.plugin->instance().inspect(
            env(), snapshot_->connection, used_session_, plugin_input(), seen);
        collect_notes(outcome);
        return outcome;
      },
      response);
  in_plugin_.reset();
  classification.retry_after_ms =
      std::max(classification.retry_after_ms,
               retry_after_ms(response.status, response.headers, prepared_.api->retry_after_header,
                              runtime::wall_clock_ms(), prepared_.api->retry_after_form));
  return classification;
}

/// Whether the call is repeated: with a new session, or with the same one because the plugin
/// classified the response as transient. No transient retry if the vendor asks for a pause.
bool CallRun::should_retry(const Classification& classification) {
  if (should_renew_session(classification)) return true;
  const bool now = classification.transient && !retried_ && classification.retry_after_ms == 0 &&
                   !streams_body_ && may_repeat(call_.method, classification);
  if (now) retried_ = next_is_plain_retry_ = true;
  return now;
}

/// A streamed body has been consumed and cannot be sent again.
bool CallRun::should_renew_session(const Classification& classification) const {
  return ends_session(classification) && !streams_body_ && may_repeat(call_.method, classification);
}

/// A fresh session that is rejected is not merely expired.
bool CallRun::ends_session(const Classification& classification) const {
  return classification.kind == catalog::ResponseKind::session_expired && prepared_.api->session &&
         snapshot_->session && !renewed_after_rejection_;
}

/// Drops a rejected session where this call is not repeated, so that the next call does not get the
/// same rejection.
void CallRun::invalidate_rejected_session(const Classification& classification) {
  if (!ends_session(classification)) return;
  prepared_.integration->state(prepared_.plugin->manifest().id)->drop(snapshot_->generation);
}

void CallRun::repeat(upstream::Response refused) {
  sent_state_ = Sent::yes;
  if (std::exchange(next_is_plain_retry_, false)) return prepare();
  renewed_after_rejection_ = true;
  request_session(
      session::FetchResponse{refused.status, std::move(refused.headers), std::move(refused.body)});
}

Response CallRun::make_response(upstream::Response response, const Classification& classification) {
  Response out;
  out.url = std::move(sent_url_);
  out.status = response.status;
  out.reason = std::move(response.reason);
  out.headers = std::move(response.headers);
  policy::drop_hop_by_hop(out.headers);
  out.body = std::move(response.body);
  out.warnings = std::move(prepared_.warnings);
  std::ranges::move(response.warnings, std::back_inserter(out.warnings));
  out.meaning = meaning_of(classification);
  if (!classification.message.empty()) {
    out.vendor_message = redactor_for(*snapshot_).redact(classification.message);
    out.warnings.push_back("the vendor reports: " + out.vendor_message);
  }
  if (out.meaning == Meaning::credentials_refused ||
      (out.meaning == Meaning::nothing_special && out.status == 401))
    out.warnings.push_back(refused_credential_warning(prepared_.integration->config().id));
  out.vendor = vendor_time_;
  out.plugin = prepared_.plugin->label();
  out.places = prepared_.integration->places();
  return out;
}

void CallRun::note_unreachable(const Error& error) {
  if (error.origin != Origin::network && error.phase != Phase::connect) return;
  prepared_.integration->backoff().note_unreachable(
      redactor_for(*snapshot_).redact(std::string(error.message)), runtime::wall_clock_ms());
}

/// Records the response for the backoff, which may hold back later calls.
void CallRun::record_outcome(const upstream::Response& response,
                             const Classification& classification) {
  std::string told = prepared_.integration->backoff().note(
      credentials_verdict(classification, response.status, ends_session(classification)),
      std::chrono::milliseconds(classification.retry_after_ms), prepared_.url.host,
      *registry_->auth_failures, std::chrono::steady_clock::now());
  if (!told.empty()) prepared_.warnings.push_back(std::move(told));
}

void CallRun::fail(Error error) {
  if (entered_) error.places = prepared_.integration->places();
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
  finish(failure(std::move(error)));
}

void CallRun::finish(Result<Response> result) {
  end([&] {
    if (preview_) return deliver_preview(failure(std::move(result).error()));
    if (result) {
      result->total = std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - started_);
    }
    observe(result);
    deliver(std::move(result));
  });
}

/// The only exit: delivers the result once. The call stays counted until the result is delivered.
template <class Deliver>
void CallRun::end(Deliver deliver_result) {
  if (std::exchange(ended_, true)) return;
  runtime::LiveCalls::remove(*this);
  if (cancel_request_) cancel_request_->listen(nullptr);
  if (entered_) prepared_.integration->leave();
  entered_ = false;
  deliver_result();
  context_.calls.leave();
}

/// An observer that throws does not keep the others, or the caller, from being notified.
void CallRun::observe(const Result<Response>& result) const {
  for (const auto& observer : context_.observers) {
    runtime::run_guarded(context_.trouble, "an observer", [&] {
      result ? observer->on_response(call_, *result) : observer->on_error(call_, result.error());
    });
  }
}

void CallRun::deliver(Result<Response> result) {
  const auto peer = std::exchange(peer_, nullptr);
  if (!peer) {
    runtime::run_guarded(context_.trouble, "the handler of a call",
                         [&] { completion_.release()->complete(std::move(result)); });
  } else if (result) {
    peer->finish(ProxyEnd{std::move(trailers_), result->total});
  } else {
    peer->finish(failure(std::move(result).error()));
  }
}

void CallRun::deliver_preview(Result<Preview> preview) {
  const auto handler = std::exchange(preview_, nullptr);
  runtime::run_guarded(context_.trouble, "the handler of a preview",
                       [&] { handler(std::move(preview)); });
}

/// The environment of the last prepare(); the inspect() that follows it gets the same attempt and
/// session_seq.
host::Env CallRun::env() const {
  return {prepare_count_ - 1, runtime::wall_clock_ms(), session_seq_, runtime::fresh_entropy()};
}

const host::SessionState* CallRun::session_in_use() const {
  return prepared_.api->session
             ? snapshot_->session_for(prepared_.api->session->format, runtime::wall_clock_ms())
             : nullptr;
}

}  // namespace penstock::call
