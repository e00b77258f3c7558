#include "session/leased_renewal.hpp"

#include <algorithm>
#include <utility>

#include <penstock/text.hpp>

#include "session/record_codec.hpp"

namespace penstock::session {
namespace {

/// Delay between attempts to take a lease that is held elsewhere.
constexpr std::chrono::milliseconds next_look{250};
constexpr std::int64_t max_wait_ms = 120'000;   ///< for a lease that is held elsewhere
constexpr std::int64_t max_useful_ms = 30'000;  ///< upper limit of useful_life()

constexpr std::chrono::milliseconds next_attempt_to_keep{2'000};

constexpr std::chrono::milliseconds next_look_at_use{250};
constexpr std::int64_t max_use_ms = 300'000;

/// The remaining lifetime, in ms, from which another replica's session is worth adopting: half of a
/// short lifetime, max_useful_ms of a long one.
std::int64_t useful_life(const host::SessionState* session) {
  const std::int64_t life = session->expires_ms - session->created_ms;
  return session->created_ms == 0 ? max_useful_ms : std::min(max_useful_ms, life / 2);
}

struct Retired {
  std::shared_ptr<const host::Instance> plugin;
  host::Connection connection;
  host::SessionState session;
};

void end_when_unused(std::weak_ptr<const Snapshot> user, Retired retired,
                     std::shared_ptr<Environment> environment, std::int64_t since_ms) {
  Environment& clock = *environment;
  clock.wait(next_look_at_use, [user = std::move(user), retired = std::move(retired),
                                environment = std::move(environment), since_ms]() mutable {
    if (!user.expired() && environment->now_unix_ms() < since_ms + max_use_ms)
      return end_when_unused(std::move(user), std::move(retired), std::move(environment), since_ms);
    logout(*retired.plugin, retired.connection, retired.session, environment, [] {});
  });
}

bool same_values(const std::vector<SecretField>& one, const std::vector<SecretField>& other) {
  return std::ranges::equal(one, other, [](const SecretField& a, const SecretField& b) {
    return a.name == b.name && a.value.reveal() == b.value.reveal();
  });
}

void replace_credentials(StoredState& state, const std::vector<host::NamedValue>& fresh,
                         const host::Connection& configured) {
  for (const host::NamedValue& item : fresh) {
    std::erase_if(state.credentials, [&](const SecretField& old) { return old.name == item.name; });
    state.credentials.push_back({item.name, item.value, item.secret});
  }
  state.connection_digest = digest_of(configured, state.credentials);
}

Error interrupted(Error error, std::int64_t began_ms) {
  error.message += "; a renewal that began at " + rfc_3339(began_ms) +
                   " was cut off: the vendor may have replaced the credentials then";
  return error;
}

}  // namespace

SessionSlot::LeasedRenewal::LeasedRenewal(std::shared_ptr<SessionSlot> state, SessionRequest need,
                                          std::shared_ptr<Environment> environment)
    : state_(std::move(state)), need_(std::move(need)), environment_(std::move(environment)),
      began_ms_(environment_->now_unix_ms()) {}

void SessionSlot::LeasedRenewal::start() { ask_for_lease(); }

void SessionSlot::LeasedRenewal::ask_for_lease() {
  environment_->lease(
      state_->key_, [self = shared_from_this()](Result<std::optional<Lease>> lease) {
        if (!lease) return self->ask_again_later(std::move(lease).error());
        if (*lease) return self->leased(**lease);
        if (self->environment_->now_unix_ms() - self->began_ms_ > max_wait_ms) {
          Error error = engine_failed("another process has been renewing the session of " +
                                          self->state_->configured_.id + " for two minutes",
                                      Phase::session, Sent::no);
          error.retryable = true;
          return self->ask_again_later(std::move(error));
        }
        self->environment_->wait(next_look, [self] { self->ask_for_lease(); });
      });
}

/// The lease or the save failed. Only a renewal with an unsaved response tries again.
void SessionSlot::LeasedRenewal::ask_again_later(Error error) {
  if (!unsaved_ && !need_.contact_vendor)
    return state_->remain_rejected(environment_->now_unix_ms());
  if (!unsaved_) return end(std::move(error));
  error.phase = Phase::session;
  state_->tell(error, environment_->now_unix_ms());
  environment_->wait(next_attempt_to_keep, [self = shared_from_this()] { self->ask_for_lease(); });
}

void SessionSlot::LeasedRenewal::leased(const Lease& lease) {
  fence_ = lease.fence;
  leased_ = true;
  if (unsaved_) return reconcile(lease);
  const std::uint64_t seen = [&] {
    const std::scoped_lock lock(state_->mutex_);
    return state_->stored_version_;
  }();
  if (adopt_newer(lease)) return release();
  if (!need_.contact_vendor && (!lease.state || lease.state->version == seen)) {
    state_->remain_rejected(environment_->now_unix_ms());
    return release();
  }
  save_intent();
}

/// Adopts what another replica has stored since. True: this renewal has nothing left to do.
bool SessionSlot::LeasedRenewal::adopt_newer(const Lease& lease) {
  if (!lease.state) return false;
  const StoredState& stored = *lease.state;
  Adopted newer = state_->adopt(stored);
  std::shared_ptr<Snapshot> usable;
  {
    const std::scoped_lock lock(state_->mutex_);
    interrupted_ms_ = stored.renewal_began_ms;
    if (stored.version == state_->stored_version_) return false;
    state_->stored_version_ = stored.version;
    state_->rotated_ = std::move(newer.rotated);
    const SnapshotPtr now = state_->current();
    newer.snapshot->generation = now->generation + 1;
    const host::SessionState* const session =
        newer.snapshot->session_for(need_.format, environment_->now_unix_ms());
    const bool lasts = session != nullptr &&
                       (session->expires_ms == 0 ||
                        session->expires_ms > environment_->now_unix_ms() + useful_life(session));
    if (lasts && stored.renewal_began_ms == 0) {
      usable = newer.snapshot;
    } else {
      // Keep the current session until there is a better one.
      newer.snapshot->session = now->session;
      newer.snapshot->session_formats = now->session_formats;
      newer.snapshot->generation = now->generation;
      newer.snapshot->refresh_early_ms = now->refresh_early_ms;
      state_->current_.store(newer.snapshot);
    }
  }
  if (usable) {
    state_->succeed(std::move(usable), environment_->now_unix_ms());
    return true;
  }
  const bool for_good = state_->rotates_ || !stored.credentials.empty();
  if (need_.ignore_backoff || !for_good || !still_refused(stored, state_->configured_))
    return false;
  state_->fail(credentials_refused(stored.refusal), RenewalFailure::Kind::revoked,
               environment_->now_unix_ms(), 0);
  return true;
}

/// Saved before a request goes to the vendor: after a crash, the next process must know that a
/// response may be lost.
void SessionSlot::LeasedRenewal::save_intent() {
  exchange_ = environment_->begin_exchange();
  if (!exchange_) {
    Error error = engine_failed("the engine is stopping, and begins no renewal any more",
                                Phase::session, Sent::no);
    error.http_status = 503;
    error.retryable = true;
    return end(std::move(error));
  }
  StoredState state = state_->to_store();
  state.renewal_began_ms = interrupted_ms_ != 0 ? interrupted_ms_ : environment_->now_unix_ms();
  environment_->save(state_->key_, std::move(state), fence_,
                     [self = shared_from_this()](Result<std::uint64_t> version) {
                       if (!version) return self->end(std::move(version).error());
                       {
                         const std::scoped_lock lock(self->state_->mutex_);
                         self->state_->stored_version_ = *version;
                       }
                       self->run();
                     });
}

void SessionSlot::LeasedRenewal::run() {
  const SnapshotPtr now = state_->current();
  challenged_ = need_.challenge.has_value();
  RenewalStart start{need_.plugin,
                     need_.max_fetches,
                     now->connection,
                     now->session,
                     need_.challenge ? PST_EV_CHALLENGED : PST_EV_START,
                     std::exchange(need_.challenge, std::nullopt),
                     state_->spends_credential()};
  heartbeat();
  renew(std::move(start), environment_,
        [self = shared_from_this()](Result<Renewed, RenewalFailure> end) {
          if (!end) return self->failed(std::move(end).error());
          self->renewed(*std::move(end));
        });
}

void SessionSlot::LeasedRenewal::heartbeat() {
  environment_->wait(CredentialStore::lease_heartbeat, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->leased_) return;
    self->environment_->extend(self->state_->key_, self->fence_, [weak](Result<bool> held) {
      const auto again = weak.lock();
      if (!again || !again->leased_) return;
      if (held && !*held) again->lost_ = true;
      again->heartbeat();
    });
  });
}

void SessionSlot::LeasedRenewal::renewed(Renewed renewed) {
  StoredState state = state_->to_store();
  std::vector<SecretField> before = state.credentials;
  replace_credentials(state, renewed.credentials, state_->configured_);
  state.session = fields_of(renewed.session.items);
  state.session_formats = need_.formats.empty() ? std::vector{need_.format} : need_.formats;
  state.session_created_ms = renewed.session.created_ms;
  state.session_expires_ms = renewed.session.expires_ms;
  auto fresh = state_->adopt(state).snapshot;
  fresh->generation = state_->current()->generation + 1;
  fresh->refresh_early_ms = refresh_early_time(
      renewed.session.created_ms, renewed.session.expires_ms, environment_->entropy().front());
  unsaved_ = Unsaved{std::move(state), std::move(fresh), std::move(before), std::nullopt};
  keep();
}

/// Save before use: a rotated credential that is used before it is saved is lost if the process
/// dies.
void SessionSlot::LeasedRenewal::keep() {
  environment_->save(state_->key_, unsaved_->state, fence_,
                     [self = shared_from_this()](Result<std::uint64_t> version) {
                       if (version) return self->kept(*version);
                       self->ask_again_later(std::move(version).error());
                     });
}

/// The save failed or its outcome is unknown, and other replicas may have written since.
void SessionSlot::LeasedRenewal::reconcile(const Lease& lease) {
  StoredState& mine = unsaved_->state;
  if (lease.state) {
    const StoredState& stored = *lease.state;
    if (stored.session_created_ms == mine.session_created_ms &&
        same_values(stored.credentials, mine.credentials) &&
        same_values(stored.session, mine.session))
      return kept(stored.version);
    const bool finished = stored.renewal_began_ms == 0 && stored.refusal.empty();
    const bool rotated = !same_values(stored.credentials, unsaved_->credentials_before);
    if (stored.version != mine.version && (finished || rotated)) {
      // Another replica received a later response.
      unsaved_.reset();
      if (adopt_newer(lease)) return release();
      return save_intent();
    }
    mine.version = stored.version;
  }
  keep();
}

void SessionSlot::LeasedRenewal::kept(std::uint64_t version) {
  const Unsaved taken = *std::exchange(unsaved_, std::nullopt);
  {
    const std::scoped_lock lock(state_->mutex_);
    state_->stored_version_ = version;
    state_->rotated_ = items_of(taken.state.credentials);
  }
  const SnapshotPtr replaced = state_->current();
  if (!taken.snapshot) {
    // The current session stays in use; the next renewal spends the new credential.
    auto now = std::make_shared<Snapshot>(*replaced);
    now->connection = state_->adopt(taken.state).snapshot->connection;
    state_->current_.store(std::move(now));
    return end(taken.failure->error, taken.failure->kind);
  }
  state_->succeed(taken.snapshot, environment_->now_unix_ms());
  revoke_when_unused(replaced);
  release();
}

/// Ends the replaced session at the vendor once the calls that use it are done: vendors count open
/// sessions.
void SessionSlot::LeasedRenewal::revoke_when_unused(const SnapshotPtr& replaced) {
  if (!need_.supports_logout || challenged_ || !replaced->session) return;
  end_when_unused(replaced, Retired{need_.plugin, replaced->connection, *replaced->session},
                  environment_, environment_->now_unix_ms());
}

void SessionSlot::LeasedRenewal::failed(RenewalFailure failure) {
  if (!failure.credentials.empty()) return save_credentials(std::move(failure));
  if (!state_->believes(failure)) {
    const bool revoked = failure.kind == RenewalFailure::Kind::revoked;
    return end(std::move(failure.error), revoked ? RenewalFailure::Kind::refused : failure.kind);
  }
  if (lost_) {
    // Another replica may have used the credential in between: the stored state decides.
    lost_ = leased_ = false;
    exchange_.reset();
    return ask_for_lease();
  }
  refused(std::move(failure));
}

/// The response held no usable session, but it did hold the credential that replaces the spent one.
void SessionSlot::LeasedRenewal::save_credentials(RenewalFailure failure) {
  StoredState state = state_->to_store();
  std::vector<SecretField> before = state.credentials;
  replace_credentials(state, std::exchange(failure.credentials, {}), state_->configured_);
  if (failure.kind == RenewalFailure::Kind::revoked) failure.kind = RenewalFailure::Kind::refused;
  unsaved_ = Unsaved{std::move(state), nullptr, std::move(before), std::move(failure)};
  keep();
}

/// The vendor no longer accepts these credentials. The refusal is saved, so that no replica and no
/// restart tries them again.
void SessionSlot::LeasedRenewal::refused(RenewalFailure failure) {
  if (interrupted_ms_ != 0) failure.error = interrupted(std::move(failure.error), interrupted_ms_);
  StoredState state = state_->to_store();
  state.session.clear();
  state.refusal = failure.error.message;
  state.refused_ms = environment_->now_unix_ms();
  state.refused_digest = digest_of(state_->configured_, fields_of(state_->configured_.fields));
  environment_->save(state_->key_, std::move(state), fence_,
                     [self = shared_from_this(),
                      error = std::move(failure.error)](Result<std::uint64_t> version) mutable {
                       if (!version) return self->recheck_store(std::move(error));
                       {
                         const std::scoped_lock lock(self->state_->mutex_);
                         self->state_->stored_version_ = *version;
                       }
                       self->end(std::move(error), RenewalFailure::Kind::revoked);
                     });
}

/// The refusal could not be saved: another replica may have renewed with the same credential.
void SessionSlot::LeasedRenewal::recheck_store(Error refusal) {
  refusal.phase = Phase::session;
  {
    const std::scoped_lock lock(state_->mutex_);
    state_->permanently_refused_ = true;
    state_->last_kind_ = RenewalFailure::Kind::revoked;
    state_->failed_ms_ = environment_->now_unix_ms();
    state_->last_error_ = std::move(refusal);
  }
  need_.contact_vendor = false;
  exchange_.reset();
  ask_for_lease();
}

void SessionSlot::LeasedRenewal::end(Error error, RenewalFailure::Kind kind) {
  error.phase = Phase::session;
  exchange_.reset();
  state_->fail(std::move(error), kind, environment_->now_unix_ms(),
               environment_->entropy().front());
  release();
}

void SessionSlot::LeasedRenewal::release() {
  exchange_.reset();
  if (std::exchange(leased_, false)) environment_->release(state_->key_, fence_);
}

}  // namespace penstock::session
