#include "dispatch/call_run.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "dispatch/header_policy.hpp"

namespace penstock::dispatch {
namespace {

constexpr int most_session_rounds = 2;

std::string boundary_from(const std::array<std::uint8_t, 32>& entropy) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "penstock-";
  for (std::size_t i = 0; i < 16; ++i)
    out += {hex[entropy[i] >> 4U], hex[entropy[i] & 15U]};
  return out;
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

CallRun::CallRun(CallContext context, Loop& loop, Call call, Engine::CallHandler handler)
    : context_(std::move(context)), loop_(loop), call_(std::move(call)),
      handler_(std::move(handler)), started_(std::chrono::steady_clock::now()) {}

CallRun::~CallRun() {
  if (entered_) draft_.integration->leave();
}

void CallRun::start() {
  auto draft = make_draft(*context_.world, call_,
                          call_.form.empty() ? std::string() : boundary_from(fresh_entropy()));
  if (!draft) return fail(std::move(draft).error());
  draft_ = *std::move(draft);
  entered_ = draft_.integration->enter();
  if (!entered_) {
    const IntegrationConfig& config = draft_.integration->config();
    return fail(concurrency_exceeded("integration " + config.id + " has its " +
                                         std::to_string(config.max_in_flight) + " calls in flight",
                                     std::chrono::seconds(1)));
  }
  deadline_ = started_ + time_limit(draft_, call_, context_.config->upstream);
  snapshot_ = draft_.integration->state(draft_.plugin->manifest().id)->current();
  prepare();
}

void CallRun::prepare() {
  host::Outcome outcome =
      draft_.plugin->instance().prepare(env(), snapshot_->connection, session_in_use(), [&] {
        host::CallInput input = call_input(draft_, call_);
        sent_url_ = draft_.url.origin() + draft_.url.path;
        input.url = sent_url_;
        return input;
      }());
  switch (outcome.verdict) {
  case host::Verdict::ok:
    return send(std::move(outcome));
  case host::Verdict::need_session:
    if (!draft_.api->session) {
      return fail(plugin_failed(draft_.plugin->label() +
                                    " wants a session that its manifest does not declare",
                                Phase::session));
    }
    if (++session_rounds_ > most_session_rounds) {
      return fail(plugin_failed(
          draft_.plugin->label() + " refuses the session that it has just made", Phase::session));
    }
    return get_session(std::nullopt);
  default:
    return fail(prepare_error(outcome.failure, *draft_.plugin));
  }
}

void CallRun::get_session(std::optional<session::FetchReply> challenge) {
  session_pending_ = true;
  session_timer_.emplace(loop_.context(), deadline_);
  session_timer_->async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error || !self->session_pending_) return;
    // The renewal goes on: it belongs to the connection, and the next call will want it.
    self->session_pending_ = false;
    self->fail(vendor_timed_out("the time of the call ran out while a session was made",
                                Phase::session, Sent::no));
  });

  session::Need need;
  // The instance lives in the plugin's generation: the alias keeps that alive as long as the run.
  need.plugin = std::shared_ptr<const host::Instance>(draft_.plugin, &draft_.plugin->instance());
  need.max_fetches = draft_.api->session->max_fetches;
  need.format = draft_.api->session->format;
  need.used_generation = snapshot_->generation;
  need.challenge = std::move(challenge);
  const auto world =
      std::make_shared<LoopWorld>(loop_, draft_.integration, context_.store, *context_.blocking);
  draft_.integration->state(draft_.plugin->manifest().id)
      ->obtain(std::move(need), world,
               [self = shared_from_this()](Result<session::SnapshotPtr> session) {
                 // The renewal may have run on another loop.
                 boost::asio::post(self->loop_.context(),
                                   [self, session = std::move(session)]() mutable {
                                     if (!self->session_pending_) return;
                                     self->session_pending_ = false;
                                     self->session_timer_->cancel();
                                     self->got_session(std::move(session));
                                   });
               });
}

void CallRun::got_session(Result<session::SnapshotPtr> session) {
  if (!session) return fail(std::move(session).error());
  snapshot_ = *std::move(session);
  prepare();
}

void CallRun::send(host::Outcome outcome) {
  const bool url_may_hold_secrets = !outcome.query.empty() || !outcome.url.empty();
  auto signed_request = compose(draft_, call_, std::move(outcome));
  if (!signed_request) return fail(std::move(signed_request).error());
  sent_url_ = signed_request->url.text();
  if (url_may_hold_secrets) sent_url_ = masker_for(*snapshot_).mask(std::move(sent_url_));

  upstream::Request request;
  request.to = destination(signed_request->url, *draft_.integration);
  request.method = std::move(signed_request->method);
  request.target = signed_request->url.path +
                   (signed_request->url.has_query ? "?" + signed_request->url.query : "");
  request.headers = std::move(signed_request->headers);
  request.has_body = signed_request->body.has_value();
  request.body = std::move(signed_request->body).value_or("");
  request.connect_timeout = connect_time_limit(draft_.integration->upstream());
  request.deadline = deadline_;
  request.max_response_bytes = response_limit(draft_.integration->upstream());
  loop_.client().send(std::move(request),
                      [self = shared_from_this()](Result<upstream::Reply> reply) {
                        self->receive(std::move(reply));
                      });
}

void CallRun::receive(Result<upstream::Reply> reply) {
  if (!reply) return fail(std::move(reply).error());
  vendor_time_ += reply->waited;
  const Judgement judgement = judge(
      *draft_.api,
      [this](const host::ReplyInput& seen) {
        return draft_.plugin->instance().inspect(env(), snapshot_->connection, session_in_use(),
                                                 call_input(draft_, call_), seen);
      },
      *reply);
  const bool expired = judgement.kind == catalog::AnswerKind::session_expired &&
                       snapshot_->session && draft_.api->session;
  if (expired && !renewed_after_answer_ && may_repeat(call_.method, judgement)) {
    renewed_after_answer_ = true;
    ++attempt_;
    return get_session(
        session::FetchReply{reply->status, std::move(reply->headers), std::move(reply->body)});
  }
  answer(*std::move(reply), judgement);
}

void CallRun::answer(upstream::Reply reply, const Judgement& judgement) {
  Answer out;
  out.url = std::move(sent_url_);
  out.status = reply.status;
  out.headers = std::move(reply.headers);
  std::erase_if(out.headers, [](const Field& field) { return is_hop_by_hop(field.name); });
  out.body = std::move(reply.body);
  out.warnings = std::move(draft_.warnings);
  if (!judgement.message.empty())
    out.warnings.push_back("the vendor reports: " + judgement.message);
  out.vendor = vendor_time_;
  out.plugin = draft_.plugin->label();
  finish(std::move(out));
}

void CallRun::fail(Error error) {
  if (snapshot_) {
    const Masker masker = masker_for(*snapshot_);
    error.message = masker.mask(std::move(error.message));
    for (Problem& problem : error.details)
      problem.message = masker.mask(std::move(problem.message));
  }
  finish(failure(std::move(error)));
}

void CallRun::finish(Result<Answer> result) {
  if (entered_) draft_.integration->leave();
  entered_ = false;
  if (result) {
    result->total = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - started_);
  }
  for (const auto& observer : *context_.observers) {
    if (result) {
      observer->on_answer(call_, *result);
    } else {
      observer->on_error(call_, result.error());
    }
  }
  const Engine::CallHandler handler = std::move(handler_);
  handler(std::move(result));
}

host::Env CallRun::env() const { return {attempt_, wall_clock_ms(), 0, fresh_entropy()}; }

const host::State* CallRun::session_in_use() const {
  return snapshot_->session ? &*snapshot_->session : nullptr;
}

}  // namespace penstock::dispatch
