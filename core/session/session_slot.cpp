#include "session/session_slot.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "session/leased_renewal.hpp"
#include "session/record_codec.hpp"

namespace penstock::session {
namespace {

// HR vendors lock an integration user after a few bad passwords, so each failed login lengthens the
// backoff.
constexpr std::array<std::int64_t, 4> delays_after_refusal_ms = {5'000, 30'000, 300'000, 1'800'000};

// A vendor that is down has not refused the credentials. The backoff is short, so that renewals
// resume as soon as the vendor is back.
constexpr std::int64_t min_backoff_ms = 1'000, max_backoff_ms = 15'000;

constexpr std::int64_t max_margin_ms = 10'000;

/// How often the store is checked for a renewal by another replica while the credentials are
/// refused.
constexpr std::int64_t recheck_interval_ms = 30'000;

host::Connection with_credentials(host::Connection connection,
                                  const std::vector<host::NamedValue>& rotated) {
  for (const host::NamedValue& item : rotated) {
    const auto found = std::ranges::find(connection.fields, item.name, &host::NamedValue::name);
    if (found != connection.fields.end()) found->value = item.value;
  }
  return connection;
}

}  // namespace

std::int64_t refresh_early_time(std::int64_t created_ms, std::int64_t expires_ms,
                                std::uint8_t jitter) {
  const std::int64_t life = expires_ms - created_ms;
  if (expires_ms == 0 || life < 60'000) return 0;
  return created_ms + life * 7 / 10 + life * jitter / (5 * 255);
}

std::int64_t backoff_after_failure(int failures, std::uint8_t jitter) {
  const int doublings = std::clamp(failures - 1, 0, 10);
  const std::int64_t rest = std::min(min_backoff_ms << doublings, max_backoff_ms);
  return rest / 2 + rest * jitter / (2 * 255);
}

std::int64_t expiry_margin(std::int64_t created_ms, std::int64_t expires_ms) {
  const std::int64_t life = expires_ms - created_ms;
  return created_ms == 0 ? 0 : std::clamp<std::int64_t>(life / 10, 0, max_margin_ms);
}

const host::SessionState* Snapshot::session_for(int format, std::int64_t now_ms) const noexcept {
  if (!session || std::ranges::find(session_formats, format) == session_formats.end())
    return nullptr;
  return session->expires_ms == 0 || now_ms < session->expires_ms ? &*session : nullptr;
}

bool Snapshot::is_due(std::int64_t now_ms) const noexcept {
  return session && session->expires_ms != 0 &&
         now_ms >= session->expires_ms - expiry_margin(session->created_ms, session->expires_ms);
}

SessionSlot::SessionSlot(std::string key, host::Connection configured,
                         std::optional<StoredState> stored, bool rotates)
    : key_(std::move(key)), configured_(std::move(configured)), rotates_(rotates) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->connection = configured_;
  if (stored) {
    stored_version_ = stored->version;
    Adopted adopted = adopt(*stored);
    snapshot = std::move(adopted.snapshot);
    rotated_ = std::move(adopted.rotated);
    if (snapshot->session) snapshot->generation = 1;
    renewed_ms_ = stored->session_created_ms;
    if ((rotates_ || !rotated_.empty()) && still_refused(*stored, configured_)) {
      permanently_refused_ = true;
      last_kind_ = RenewalFailure::Kind::revoked;
      last_error_ = credentials_refused(stored->refusal);
      failed_ms_ = checked_ms_ = stored->refused_ms;
    }
  }
  current_.store(std::move(snapshot));
}

/// The parts of a stored state that are valid for the current configuration.
SessionSlot::Adopted SessionSlot::adopt(const StoredState& stored) const {
  Adopted out{std::make_shared<Snapshot>(), {}};
  out.snapshot->connection = configured_;
  if (stored.connection_digest != digest_of(configured_, stored.credentials)) return out;
  out.rotated = items_of(stored.credentials);
  out.snapshot->connection = with_credentials(configured_, out.rotated);
  if (stored.session.empty()) return out;
  out.snapshot->session_formats = stored.session_formats;
  out.snapshot->session = host::SessionState{items_of(stored.session), stored.session_created_ms,
                                             stored.session_expires_ms};
  out.snapshot->refresh_early_ms =
      refresh_early_time(stored.session_created_ms, stored.session_expires_ms, 128);
  return out;
}

StoredState SessionSlot::to_store() const {
  StoredState out;
  const SnapshotPtr now = current();
  const std::scoped_lock lock(mutex_);
  out.version = stored_version_;
  out.credentials = fields_of(rotated_);
  out.connection_digest = digest_of(configured_, out.credentials);
  if (now->session) {
    out.session = fields_of(now->session->items);
    out.session_formats = now->session_formats;
    out.session_created_ms = now->session->created_ms;
    out.session_expires_ms = now->session->expires_ms;
  }
  return out;
}

void SessionSlot::obtain(SessionRequest need, const std::shared_ptr<Environment>& environment,
                         Handler handler) {
  std::unique_lock lock(mutex_);
  SnapshotPtr now = current();
  if (now->session && now->generation > need.used_generation) {
    lock.unlock();
    return handler(std::move(now));
  }
  const std::int64_t now_ms = environment->now_unix_ms();
  if (!running_ && rests(now_ms) && !need.ignore_backoff) {
    need.contact_vendor = false;
    if (!permanently_refused_ || std::abs(now_ms - checked_ms_) < recheck_interval_ms) {
      Error error = backoff_error(now_ms);
      lock.unlock();
      return handler(failure(std::move(error)));
    }
  }
  handlers_.push_back(std::move(handler));
  if (running_) return;
  running_ = true;
  lock.unlock();
  begin(std::move(need), environment);
}

void SessionSlot::refresh_early(SessionRequest need,
                                const std::shared_ptr<Environment>& environment) {
  const std::int64_t now = environment->now_unix_ms();
  {
    const std::scoped_lock lock(mutex_);
    const SnapshotPtr snapshot = current();
    if (running_ || rests(now) || !snapshot->session || snapshot->refresh_early_ms == 0 ||
        now < snapshot->refresh_early_ms)
      return;
    running_ = true;
  }
  begin(std::move(need), environment);
}

void SessionSlot::begin(SessionRequest need, const std::shared_ptr<Environment>& environment) {
  std::make_shared<LeasedRenewal>(shared_from_this(), std::move(need), environment)->start();
}

void SessionSlot::drop(std::uint64_t generation) {
  const std::scoped_lock lock(mutex_);
  const SnapshotPtr now = current();
  if (running_ || now->generation != generation) return;
  auto without = std::make_shared<Snapshot>(*now);
  without->session.reset();
  current_.store(std::move(without));
}

void SessionSlot::logout(SessionRequest need, const std::shared_ptr<Environment>& environment,
                         std::function<void()> done) {
  SnapshotPtr ended;
  {
    const std::scoped_lock lock(mutex_);
    ended = current();
    if (running_ || !ended->session) return done();
    running_ = true;  // blocks renewals of a session that is ending
    auto without = std::make_shared<Snapshot>(*ended);
    without->session.reset();
    current_.store(std::move(without));
  }
  // Delete it from the store first: a crash in between leaves an open session at the vendor, not a
  // dead one for the next process.
  environment->save(key_, to_store(), 0,
                    [self = shared_from_this(), need = std::move(need), environment, ended,
                     done = std::move(done)](Result<std::uint64_t> version) {
                      {
                        const std::scoped_lock lock(self->mutex_);
                        if (version) self->stored_version_ = *version;
                      }
                      session::logout(*need.plugin, ended->connection, *ended->session, environment,
                                      [self, done] {
                                        self->fail(engine_failed("the engine is stopping",
                                                                 Phase::session, Sent::no),
                                                   RenewalFailure::Kind::transient, 0, 0);
                                        done();
                                      });
                    });
}

/// A clock that was set back does not lengthen the backoff.
bool SessionSlot::rests(std::int64_t now_ms) const {
  return permanently_refused_ ||
         (last_error_ && now_ms >= failed_ms_ && now_ms < failed_ms_ + backoff_ms_);
}

Error SessionSlot::backoff_error(std::int64_t now_ms) const {
  Error error = *last_error_;
  if (permanently_refused_) return error;
  error.retry_after = std::chrono::milliseconds(failed_ms_ + backoff_ms_ - now_ms);
  error.message +=
      "; not tried again for " + std::to_string((error.retry_after->count() + 999) / 1000) + " s";
  return error;
}

void SessionSlot::succeed(std::shared_ptr<Snapshot> fresh, std::int64_t now_ms) {
  const SnapshotPtr published = std::move(fresh);
  std::vector<Handler> waiting;
  {
    const std::scoped_lock lock(mutex_);
    current_.store(published);
    failures_ = refusals_ = 0;
    last_error_.reset();
    permanently_refused_ = false;
    renewed_ms_ = now_ms;
    waiting = take_handlers();
  }
  for (const Handler& handler : waiting)
    handler(published);
}

/// Whether a grant that was reported revoked is permanently revoked. Only a credential that is
/// spent by its use can never be accepted again.
bool SessionSlot::believes(const RenewalFailure& failure) const {
  return failure.kind == RenewalFailure::Kind::revoked && spends_credential();
}

bool SessionSlot::spends_credential() const {
  const std::scoped_lock lock(mutex_);
  return rotates_ || !rotated_.empty();
}

void SessionSlot::fail(Error error, RenewalFailure::Kind kind, std::int64_t now_ms,
                       std::uint8_t jitter) {
  std::vector<Handler> waiting;
  {
    const std::scoped_lock lock(mutex_);
    // A permanent refusal stays in place if an attempt to verify it fails for another reason.
    const bool stays = permanently_refused_ && kind == RenewalFailure::Kind::transient;
    permanently_refused_ = stays || kind == RenewalFailure::Kind::revoked;
    last_kind_ = kind;
    if (kind == RenewalFailure::Kind::transient) {
      backoff_ms_ = backoff_after_failure(++failures_, jitter);
    } else {
      const auto step = std::min<std::size_t>(static_cast<std::size_t>(refusals_++),
                                              delays_after_refusal_ms.size() - 1);
      backoff_ms_ = delays_after_refusal_ms[step];
    }
    if (error.retry_after)
      backoff_ms_ = std::max<std::int64_t>(backoff_ms_, error.retry_after->count());
    if (kind == RenewalFailure::Kind::transient) {
      // Calls need a new session when this one expires, even if a longer retry-after was given.
      const SnapshotPtr now = current();
      const std::int64_t end = now->session ? now->session->expires_ms : 0;
      if (end > now_ms) backoff_ms_ = std::min(backoff_ms_, end - now_ms);
    }
    failed_ms_ = checked_ms_ = now_ms;
    if (!stays) last_error_ = error;
    waiting = take_handlers();
  }
  for (const Handler& handler : waiting)
    handler(failure(error));
}

/// Fails the waiting calls while the renewal goes on.
void SessionSlot::tell(const Error& error, std::int64_t now_ms) {
  std::vector<Handler> waiting;
  {
    const std::scoped_lock lock(mutex_);
    backoff_ms_ = min_backoff_ms;
    failed_ms_ = now_ms;
    last_error_ = error;
    last_kind_ = RenewalFailure::Kind::transient;
    waiting = std::exchange(handlers_, {});
  }
  for (const Handler& handler : waiting)
    handler(failure(error));
}

/// Ends a check of the store that found nothing new.
void SessionSlot::remain_rejected(std::int64_t now_ms) {
  std::vector<Handler> waiting;
  std::optional<Error> error;
  {
    const std::scoped_lock lock(mutex_);
    checked_ms_ = now_ms;
    error = last_error_;
    waiting = take_handlers();
  }
  for (const Handler& handler : waiting)
    handler(failure(*error));
}

std::vector<SessionSlot::Handler> SessionSlot::take_handlers() {
  running_ = false;
  return std::exchange(handlers_, {});
}

SessionStatus SessionSlot::status(std::int64_t now_ms) const {
  const std::scoped_lock lock(mutex_);
  const SnapshotPtr now = current();
  SessionStatus out;
  out.renewed_ms = renewed_ms_;
  out.failed_ms = failed_ms_;
  if (now->session) out.expires_ms = now->session->expires_ms;
  if (last_error_) out.error = last_error_->message;
  const bool lives = now->session && (out.expires_ms == 0 || out.expires_ms > now_ms);
  if (permanently_refused_) {
    out.health = SessionStatus::Health::needs_credentials;
  } else if (rests(now_ms) && !lives) {
    out.not_before_ms = failed_ms_ + backoff_ms_;
    out.health = last_kind_ != RenewalFailure::Kind::transient ? SessionStatus::Health::refused
                 : last_error_->origin == Origin::network      ? SessionStatus::Health::unreachable
                                                          : SessionStatus::Health::cooling_down;
  } else if (now->session && now->refresh_early_ms != 0 && now_ms >= now->refresh_early_ms) {
    out.health = SessionStatus::Health::expiring;
  }
  return out;
}

}  // namespace penstock::session
