// The steps of a call that obtain a session.
#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "call/call_run.hpp"
#include "runtime/loop_environment.hpp"

namespace penstock::call {
namespace {

constexpr int max_session_rounds = 2;

}  // namespace

/// Whether to obtain a new session first because the current one may expire before the request
/// arrives. True once per call: if the renewal fails, the current session is used while it is
/// valid.
bool CallRun::should_renew_expiring() {
  if (renewed_expiring_ ||
      session_in_use(prepared_, *snapshot_, runtime::wall_clock_ms()) == nullptr ||
      !snapshot_->is_due(runtime::wall_clock_ms()))
    return false;
  renewed_expiring_ = true;
  return true;
}

/// The plugin cannot sign without a session. A vendor whose new session it refuses again would
/// otherwise be asked for sessions without end.
void CallRun::on_session_needed() {
  if (!prepared_.api->session) {
    return fail(plugin_failed(prepared_.plugin->label() +
                                  " requests a session that its manifest does not declare",
                              Phase::session));
  }
  if (++session_rounds_ > max_session_rounds) {
    return fail(
        plugin_failed(prepared_.plugin->label() + " rejects the session that it has just created",
                      Phase::session));
  }
  request_session(std::nullopt);
}

void CallRun::request_session(std::optional<session::FetchResponse> challenge) {
  session_pending_ = true;
  session_timer_.emplace(loop_.context(), session_deadline());
  session_timer_->async_wait([self = self()](boost::system::error_code error) {
    if (error || !self->session_pending_ || self->ended_) return;
    // The renewal continues: it belongs to the connection, and the next call needs its result.
    self->session_pending_ = false;
    if (self->may_use_expiring_session()) return self->guarded([&] { self->sign(); });
    self->fail(vendor_timed_out("the call timed out while its session was created", Phase::session,
                                Sent::no));
  });

  session::SessionRequest wanted = session_request();
  wanted.challenge = std::move(challenge);
  prepared_.slot->obtain(
      std::move(wanted), session_environment(),
      [self = self()](Result<session::SnapshotPtr> session) {
        // The renewal may have run on another loop.
        boost::asio::post(self->loop_.context(), [self, session = std::move(session)]() mutable {
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
         session_in_use(prepared_, *snapshot_, runtime::wall_clock_ms()) != nullptr;
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
                                                    context_.renewals, context_.keep_alive());
}

/// Starts an early refresh of a session that is still valid for this call, so that later calls need
/// not wait.
void CallRun::refresh_early() const {
  if (snapshot_->refresh_early_ms == 0 || runtime::wall_clock_ms() < snapshot_->refresh_early_ms ||
      !prepared_.api->session)
    return;
  prepared_.slot->refresh_early(session_request(), session_environment());
}

void CallRun::on_session(Result<session::SnapshotPtr> session) {
  if (session) {
    snapshot_ = *std::move(session);
    return sign();
  }
  if (may_use_expiring_session()) return sign();
  fail_exchange(std::move(session).error());
}

}  // namespace penstock::call
