#include "session/session_slot.hpp"

#include <cassert>
#include <utility>

#include "session/leased_renewal.hpp"
#include "session/record_codec.hpp"

namespace penstock::session {

SessionSlot::SessionSlot(std::string key, host::Connection configured,
                         const std::optional<StoredState>& stored, bool rotates,
                         host::SessionKey session_key)
    : key_(std::move(key)), configured_(std::move(configured)),
      session_key_(std::move(session_key)), rotates_(rotates) {
  const StoredState none;
  RestoredState restored = restore(stored ? *stored : none, configured_);
  if (restored.snapshot->session) restored.snapshot->generation = 1;
  current_.store(std::move(restored.snapshot));
  rotated_ = std::move(restored.rotated);
  if (!stored) return;
  stored_version_ = stored->version;
  renewed_ms_ = stored->session_created_ms;
  if (spends_credential() && still_refused(*stored, configured_))
    backoff_.refuse(credentials_refused(stored->refusal), stored->refused_ms);
}

std::shared_ptr<SessionSlot> SessionSlot::for_key(host::SessionKey session_key) const {
  return std::make_shared<SessionSlot>(key_ + "?" + session_key.text(), configured_, std::nullopt,
                                       false, std::move(session_key));
}

/// Makes one change of the state, and answers the calls that no longer wait.
template <class Change>
void SessionSlot::transition(const Change& change) {
  Answer answer;
  {
    const std::scoped_lock lock(mutex_);
    answer = change();
    check_invariants();
  }
  for (const Handler& handler : answer.handlers)
    handler(answer.result);
}

void SessionSlot::check_invariants() const {
  assert(renewing_ || handlers_.empty());
  assert(!backoff_.is_permanent() || backoff_.last_error());
  assert(!current()->session || current()->generation > 0);
}

void SessionSlot::obtain(SessionRequest request, const std::shared_ptr<Environment>& environment,
                         Handler handler) {
  std::unique_lock lock(mutex_);
  SnapshotPtr now = current();
  if (now->session && now->generation > request.used_generation) {
    lock.unlock();
    return handler(std::move(now));
  }
  const std::int64_t now_ms = environment->now_unix_ms();
  const bool check_only = !renewing_ && !request.ignore_backoff && backoff_.is_active(now_ms);
  if (check_only && !backoff_.is_check_due(now_ms)) {
    Error error = backoff_.error(now_ms);
    lock.unlock();
    return handler(failure(std::move(error)));
  }
  handlers_.push_back(std::move(handler));
  if (std::exchange(renewing_, true)) return;
  lock.unlock();
  begin(std::move(request), environment, check_only);
}

void SessionSlot::refresh_early(SessionRequest request,
                                const std::shared_ptr<Environment>& environment) {
  const std::int64_t now_ms = environment->now_unix_ms();
  {
    const std::scoped_lock lock(mutex_);
    const SnapshotPtr now = current();
    if (renewing_ || backoff_.is_active(now_ms) || !now->session || now->refresh_early_ms == 0 ||
        now_ms < now->refresh_early_ms)
      return;
    renewing_ = true;
  }
  begin(std::move(request), environment, false);
}

void SessionSlot::begin(SessionRequest request, const std::shared_ptr<Environment>& environment,
                        bool check_only) {
  std::make_shared<LeasedRenewal>(shared_from_this(), std::move(request), environment, check_only)
      ->start();
}

void SessionSlot::drop(std::uint64_t generation) {
  transition([&] {
    if (!renewing_ && current()->generation == generation) drop_session();
    return Answer();
  });
}

void SessionSlot::drop_session() {
  auto without = std::make_shared<Snapshot>(*current());
  without->session.reset();
  current_.store(std::move(without));
}

void SessionSlot::logout(std::shared_ptr<const host::Instance> plugin,
                         const std::shared_ptr<Environment>& environment,
                         std::function<void()> done) {
  std::unique_lock lock(mutex_);
  const SnapshotPtr ended = current();
  if (renewing_ || !ended->session) {
    lock.unlock();
    return done();
  }
  renewing_ = true;  // blocks renewals of a session that is ending
  drop_session();
  StoredState without_session = locked_record();
  lock.unlock();
  // Delete it from the store first: a crash in between leaves an open session at the vendor, not a
  // dead one for the next process.
  environment->save(
      key_, std::move(without_session), 0,
      [self = shared_from_this(), plugin = std::move(plugin), environment, ended,
       done = std::move(done)](Result<std::uint64_t> version) {
        if (version) self->saved(*version);
        session::logout(
            *plugin, self->session_key_, ended->connection, *ended->session, environment,
            [self, done] {
              Error stopping = engine_failed("the engine is stopping", Phase::session, Sent::no);
              self->reject({std::move(stopping), RenewalFailure::Kind::transient, {}}, 0, 0);
              done();
            });
      });
}

StoredState SessionSlot::record() const {
  const std::scoped_lock lock(mutex_);
  return locked_record();
}

StoredState SessionSlot::locked_record() const {
  StoredState out;
  const SnapshotPtr now = current();
  out.version = stored_version_;
  out.credentials = fields_of(rotated_);
  out.connection_digest = digest_of(configured_, out.credentials);
  if (!now->session) return out;
  out.session = fields_of(now->session->items);
  out.session_formats = now->session_formats;
  out.session_created_ms = now->session->created_ms;
  out.session_expires_ms = now->session->expires_ms;
  return out;
}

bool SessionSlot::spends_credential() const {
  const std::scoped_lock lock(mutex_);
  return rotates_ || !rotated_.empty();
}

SessionSlot::Adoption SessionSlot::adopt(const StoredState& stored, const SessionRequest& request,
                                         std::int64_t now_ms) {
  Adoption adoption = Adoption::unchanged;
  transition([&]() -> Answer {
    assert(renewing_);
    if (stored.version == stored_version_) return {};
    RestoredState restored = restore(stored, configured_);
    stored_version_ = stored.version;
    rotated_ = std::move(restored.rotated);
    adoption = Adoption::settled;
    if (stored.renewal_began_ms == 0 &&
        restored.snapshot->is_worth_adopting(request.format, now_ms))
      return publish(std::move(restored.snapshot), now_ms);
    // The current session stays until there is a better one.
    auto merged = std::make_shared<Snapshot>(*current());
    merged->connection = std::move(restored.snapshot->connection);
    current_.store(std::move(merged));
    const bool spends = rotates_ || !rotated_.empty();
    if (!request.ignore_backoff && spends && still_refused(stored, configured_)) {
      return fail({credentials_refused(stored.refusal), RenewalFailure::Kind::revoked, {}}, now_ms,
                  0);
    }
    adoption = Adoption::merged;
    return {};
  });
  return adoption;
}

void SessionSlot::saved(std::uint64_t version) {
  transition([&] {
    assert(renewing_);
    stored_version_ = version;
    return Answer();
  });
}

void SessionSlot::commit(LoginResponse response, std::uint64_t version, std::int64_t now_ms) {
  transition([&] {
    assert(renewing_);
    stored_version_ = version;
    rotated_ = items_of(response.record.credentials);
    if (response.outcome) return publish(*std::move(response.outcome), now_ms);
    // The current session stays in use; the next renewal spends the new credential.
    auto now = std::make_shared<Snapshot>(*current());
    now->connection = with_credentials(configured_, rotated_);
    current_.store(std::move(now));
    return fail(response.outcome.error(), now_ms, response.jitter);
  });
}

void SessionSlot::reject(RenewalFailure failure, std::int64_t now_ms, std::uint8_t jitter) {
  transition([&] { return fail(failure, now_ms, jitter); });
}

void SessionSlot::notify(Error error, std::int64_t now_ms) {
  transition([&]() -> Answer {
    assert(renewing_);
    backoff_.pause(error, now_ms);
    return {std::exchange(handlers_, {}), failure(std::move(error))};
  });
}

void SessionSlot::refuse(Error error, std::int64_t now_ms) {
  transition([&] {
    assert(renewing_);
    backoff_.refuse(std::move(error), now_ms);
    return Answer();
  });
}

void SessionSlot::stay_refused(std::int64_t now_ms) {
  transition([&]() -> Answer {
    assert(backoff_.last_error());
    backoff_.note_check(now_ms);
    return {end_renewal(), failure(Error(*backoff_.last_error()))};
  });
}

SessionSlot::Answer SessionSlot::publish(std::shared_ptr<Snapshot> fresh, std::int64_t now_ms) {
  fresh->generation = current()->generation + 1;
  SnapshotPtr published = std::move(fresh);
  current_.store(published);
  backoff_.succeed();
  renewed_ms_ = now_ms;
  return {end_renewal(), std::move(published)};
}

SessionSlot::Answer SessionSlot::fail(const RenewalFailure& failed, std::int64_t now_ms,
                                      std::uint8_t jitter) {
  const SnapshotPtr now = current();
  backoff_.fail(failed, now_ms, now->session ? now->session->expires_ms : 0, jitter);
  return {end_renewal(), failure(Error(failed.error))};
}

std::vector<SessionSlot::Handler> SessionSlot::end_renewal() {
  assert(renewing_);
  renewing_ = false;
  return std::exchange(handlers_, {});
}

SessionStatus SessionSlot::status(std::int64_t now_ms) const {
  const std::scoped_lock lock(mutex_);
  const SnapshotPtr now = current();
  SessionStatus out;
  out.renewed_ms = renewed_ms_;
  out.failed_ms = backoff_.failed_ms();
  if (now->session) out.expires_ms = now->session->expires_ms;
  if (backoff_.last_error()) out.error = backoff_.last_error()->message;
  const bool lives = now->session && (out.expires_ms == 0 || out.expires_ms > now_ms);
  if (backoff_.is_permanent()) {
    out.health = SessionStatus::Health::needs_credentials;
  } else if (backoff_.is_active(now_ms) && !lives) {
    out.not_before_ms = backoff_.until_ms();
    out.health =
        backoff_.last_kind() != RenewalFailure::Kind::transient ? SessionStatus::Health::refused
        : backoff_.last_error()->origin == Origin::network      ? SessionStatus::Health::unreachable
                                                           : SessionStatus::Health::cooling_down;
  } else if (now->session && now->refresh_early_ms != 0 && now_ms >= now->refresh_early_ms) {
    out.health = SessionStatus::Health::expiring;
  }
  return out;
}

}  // namespace penstock::session
