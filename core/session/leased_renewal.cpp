#include "session/leased_renewal.hpp"

#include <algorithm>
#include <utility>

#include <penstock/text.hpp>

#include "session/record_codec.hpp"

namespace penstock::session {
namespace {

constexpr std::chrono::milliseconds next_look{250};  ///< at a lease that somebody else holds
constexpr std::int64_t longest_wait_ms = 120'000;    ///< for somebody else
constexpr std::int64_t longest_useful_ms = 30'000;   ///< life left in a session worth adopting

constexpr std::chrono::milliseconds next_attempt_to_keep{2'000};

constexpr std::chrono::milliseconds next_look_at_use{250};
constexpr std::int64_t longest_use_ms = 300'000;

/// A short life is worth adopting for its first half.
std::int64_t useful_life(const host::State* session) {
  const std::int64_t life = session->expires_ms - session->created_ms;
  return session->created_ms == 0 ? longest_useful_ms : std::min(longest_useful_ms, life / 2);
}

struct Retired {
  std::shared_ptr<const host::Instance> plugin;
  host::Connection connection;
  host::State session;
};

void end_when_unused(std::weak_ptr<const Snapshot> user, Retired retired,
                     std::shared_ptr<World> world, std::int64_t since_ms) {
  World& clock = *world;
  clock.wait(next_look_at_use, [user = std::move(user), retired = std::move(retired),
                                world = std::move(world), since_ms]() mutable {
    if (!user.expired() && world->now_unix_ms() < since_ms + longest_use_ms)
      return end_when_unused(std::move(user), std::move(retired), std::move(world), since_ms);
    log_out(*retired.plugin, retired.connection, retired.session, world, [] {});
  });
}

bool same_values(const std::vector<SecretField>& one, const std::vector<SecretField>& other) {
  return std::ranges::equal(one, other, [](const SecretField& a, const SecretField& b) {
    return a.name == b.name && a.value.reveal() == b.value.reveal();
  });
}

void replace_credentials(StoredState& state, const std::vector<host::Item>& fresh,
                         const host::Connection& configured) {
  for (const host::Item& item : fresh) {
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

ConnectionState::Renewing::Renewing(std::shared_ptr<ConnectionState> state, Need need,
                                    std::shared_ptr<World> world)
    : state_(std::move(state)), need_(std::move(need)), world_(std::move(world)),
      began_ms_(world_->now_unix_ms()) {}

void ConnectionState::Renewing::start() { ask_for_lease(); }

void ConnectionState::Renewing::ask_for_lease() {
  world_->lease(state_->key_, [self = shared_from_this()](Result<std::optional<Lease>> lease) {
    if (!lease) return self->ask_again_later(std::move(lease).error());
    if (*lease) return self->leased(**lease);
    if (self->world_->now_unix_ms() - self->began_ms_ > longest_wait_ms) {
      Error error = engine_failed("another process has been renewing the session of " +
                                      self->state_->configured_.id + " for two minutes",
                                  Phase::session, Sent::no);
      error.retryable = true;
      return self->ask_again_later(std::move(error));
    }
    self->world_->wait(next_look, [self] { self->ask_for_lease(); });
  });
}

/// There is no lease. Only who has something to keep goes on asking for it.
void ConnectionState::Renewing::ask_again_later(Error error) {
  if (!unkept_ && !need_.asks_vendor) return state_->stay_refused(world_->now_unix_ms());
  if (!unkept_) return end(std::move(error));
  error.phase = Phase::session;
  state_->tell(error, world_->now_unix_ms());
  world_->wait(next_attempt_to_keep, [self = shared_from_this()] { self->ask_for_lease(); });
}

void ConnectionState::Renewing::leased(const Lease& lease) {
  fence_ = lease.fence;
  leased_ = true;
  if (unkept_) return keep_over(lease);
  const std::uint64_t seen = [&] {
    const std::scoped_lock lock(state_->mutex_);
    return state_->stored_version_;
  }();
  if (adopt_newer(lease)) return release();
  if (!need_.asks_vendor && (!lease.state || lease.state->version == seen)) {
    state_->stay_refused(world_->now_unix_ms());
    return release();
  }
  save_intent();
}

/// Takes over what another replica has stored since. True: that was what is wanted.
bool ConnectionState::Renewing::adopt_newer(const Lease& lease) {
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
    const host::State* const session =
        newer.snapshot->session_for(need_.format, world_->now_unix_ms());
    const bool lasts =
        session != nullptr && (session->expires_ms == 0 ||
                               session->expires_ms > world_->now_unix_ms() + useful_life(session));
    if (lasts && stored.renewal_began_ms == 0) {
      usable = newer.snapshot;
    } else {
      // What serves goes on serving until there is something better.
      newer.snapshot->session = now->session;
      newer.snapshot->session_formats = now->session_formats;
      newer.snapshot->generation = now->generation;
      newer.snapshot->renew_ahead_ms = now->renew_ahead_ms;
      state_->current_.store(newer.snapshot);
    }
  }
  if (usable) {
    state_->succeed(std::move(usable), world_->now_unix_ms());
    return true;
  }
  const bool for_good = state_->rotates_ || !stored.credentials.empty();
  if (need_.in_spite_of_refusal || !for_good || !still_refused(stored, state_->configured_))
    return false;
  state_->fail(credentials_refused(stored.refusal), RenewalFailure::Kind::revoked,
               world_->now_unix_ms(), 0);
  return true;
}

/// Before the vendor is asked: whoever starts after a crash must know that an answer may be lost.
void ConnectionState::Renewing::save_intent() {
  exchange_ = world_->begin_exchange();
  if (!exchange_) {
    Error error = engine_failed("the engine is stopping, and begins no renewal any more",
                                Phase::session, Sent::no);
    error.http_status = 503;
    error.retryable = true;
    return end(std::move(error));
  }
  StoredState state = state_->to_store();
  state.renewal_began_ms = interrupted_ms_ != 0 ? interrupted_ms_ : world_->now_unix_ms();
  world_->save(state_->key_, std::move(state), fence_,
               [self = shared_from_this()](Result<std::uint64_t> version) {
                 if (!version) return self->end(std::move(version).error());
                 {
                   const std::scoped_lock lock(self->state_->mutex_);
                   self->state_->stored_version_ = *version;
                 }
                 self->run();
               });
}

void ConnectionState::Renewing::run() {
  const SnapshotPtr now = state_->current();
  challenged_ = need_.challenge.has_value();
  RenewalStart start{need_.plugin,
                     need_.max_fetches,
                     now->connection,
                     now->session,
                     need_.challenge ? PST_EV_CHALLENGED : PST_EV_START,
                     std::exchange(need_.challenge, std::nullopt),
                     state_->spends_credential()};
  beat();
  renew(std::move(start), world_, [self = shared_from_this()](Result<Renewed, RenewalFailure> end) {
    if (!end) return self->failed(std::move(end).error());
    self->renewed(*std::move(end));
  });
}

void ConnectionState::Renewing::beat() {
  world_->wait(CredentialStore::lease_beat, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->leased_) return;
    self->world_->extend(self->state_->key_, self->fence_, [weak](Result<bool> held) {
      const auto again = weak.lock();
      if (!again || !again->leased_) return;
      if (held && !*held) again->lost_ = true;
      again->beat();
    });
  });
}

void ConnectionState::Renewing::renewed(Renewed renewed) {
  StoredState state = state_->to_store();
  std::vector<SecretField> before = state.credentials;
  replace_credentials(state, renewed.credentials, state_->configured_);
  state.session = fields_of(renewed.session.items);
  state.session_formats = need_.formats.empty() ? std::vector{need_.format} : need_.formats;
  state.session_created_ms = renewed.session.created_ms;
  state.session_expires_ms = renewed.session.expires_ms;
  auto fresh = state_->adopt(state).snapshot;
  fresh->generation = state_->current()->generation + 1;
  fresh->renew_ahead_ms = renew_ahead_time(renewed.session.created_ms, renewed.session.expires_ms,
                                           world_->entropy().front());
  unkept_ = Unkept{std::move(state), std::move(fresh), std::move(before), std::nullopt};
  keep();
}

/// Durable first: a rotated credential that is used before it is kept is lost with the process.
void ConnectionState::Renewing::keep() {
  world_->save(state_->key_, unkept_->state, fence_,
               [self = shared_from_this()](Result<std::uint64_t> version) {
                 if (version) return self->kept(*version);
                 self->ask_again_later(std::move(version).error());
               });
}

/// The store did not take it at first, or nobody knows whether it did; others may have come since.
void ConnectionState::Renewing::keep_over(const Lease& lease) {
  StoredState& mine = unkept_->state;
  if (lease.state) {
    const StoredState& stored = *lease.state;
    if (stored.session_created_ms == mine.session_created_ms &&
        same_values(stored.credentials, mine.credentials) &&
        same_values(stored.session, mine.session))
      return kept(stored.version);
    const bool finished = stored.renewal_began_ms == 0 && stored.refusal.empty();
    const bool rotated = !same_values(stored.credentials, unkept_->credentials_before);
    if (stored.version != mine.version && (finished || rotated)) {
      // Another replica's answer came after this one.
      unkept_.reset();
      if (adopt_newer(lease)) return release();
      return save_intent();
    }
    mine.version = stored.version;
  }
  keep();
}

void ConnectionState::Renewing::kept(std::uint64_t version) {
  const Unkept taken = *std::exchange(unkept_, std::nullopt);
  {
    const std::scoped_lock lock(state_->mutex_);
    state_->stored_version_ = version;
    state_->rotated_ = items_of(taken.state.credentials);
  }
  const SnapshotPtr replaced = state_->current();
  if (!taken.snapshot) {
    // What serves goes on serving, and the next renewal spends the new credential.
    auto now = std::make_shared<Snapshot>(*replaced);
    now->connection = state_->adopt(taken.state).snapshot->connection;
    state_->current_.store(std::move(now));
    return end(taken.failure->error, taken.failure->kind);
  }
  state_->succeed(taken.snapshot, world_->now_unix_ms());
  retire(replaced);
  release();
}

/// Ends the replaced session at its vendor, once the calls that use it are done: vendors count
/// them.
void ConnectionState::Renewing::retire(const SnapshotPtr& replaced) {
  if (!need_.logs_out || challenged_ || !replaced->session) return;
  end_when_unused(replaced, Retired{need_.plugin, replaced->connection, *replaced->session}, world_,
                  world_->now_unix_ms());
}

void ConnectionState::Renewing::failed(RenewalFailure failure) {
  if (!failure.credentials.empty()) return keep_credentials(std::move(failure));
  if (!state_->believes(failure)) {
    const bool revoked = failure.kind == RenewalFailure::Kind::revoked;
    return end(std::move(failure.error), revoked ? RenewalFailure::Kind::refused : failure.kind);
  }
  if (lost_) {
    // Somebody else may have used the credential in between: what is stored now decides.
    lost_ = leased_ = false;
    exchange_.reset();
    return ask_for_lease();
  }
  refused(std::move(failure));
}

/// The answer held no session that can be used, but the credential that replaces the spent one.
void ConnectionState::Renewing::keep_credentials(RenewalFailure failure) {
  StoredState state = state_->to_store();
  std::vector<SecretField> before = state.credentials;
  replace_credentials(state, std::exchange(failure.credentials, {}), state_->configured_);
  if (failure.kind == RenewalFailure::Kind::revoked) failure.kind = RenewalFailure::Kind::refused;
  unkept_ = Unkept{std::move(state), nullptr, std::move(before), std::move(failure)};
  keep();
}

/// The vendor takes these credentials no more: kept, so that no replica and no restart asks again.
void ConnectionState::Renewing::refused(RenewalFailure failure) {
  if (interrupted_ms_ != 0) failure.error = interrupted(std::move(failure.error), interrupted_ms_);
  StoredState state = state_->to_store();
  state.session.clear();
  state.refusal = failure.error.message;
  state.refused_ms = world_->now_unix_ms();
  state.refused_digest = digest_of(state_->configured_, fields_of(state_->configured_.fields));
  world_->save(state_->key_, std::move(state), fence_,
               [self = shared_from_this(),
                error = std::move(failure.error)](Result<std::uint64_t> version) mutable {
                 if (!version) return self->look_whether(std::move(error));
                 {
                   const std::scoped_lock lock(self->state_->mutex_);
                   self->state_->stored_version_ = *version;
                 }
                 self->end(std::move(error), RenewalFailure::Kind::revoked);
               });
}

/// The refusal was not kept: another replica may have renewed with the same credential.
void ConnectionState::Renewing::look_whether(Error refusal) {
  refusal.phase = Phase::session;
  {
    const std::scoped_lock lock(state_->mutex_);
    state_->refused_for_good_ = true;
    state_->last_kind_ = RenewalFailure::Kind::revoked;
    state_->failed_ms_ = world_->now_unix_ms();
    state_->last_error_ = std::move(refusal);
  }
  need_.asks_vendor = false;
  exchange_.reset();
  ask_for_lease();
}

void ConnectionState::Renewing::end(Error error, RenewalFailure::Kind kind) {
  error.phase = Phase::session;
  exchange_.reset();
  state_->fail(std::move(error), kind, world_->now_unix_ms(), world_->entropy().front());
  release();
}

void ConnectionState::Renewing::release() {
  exchange_.reset();
  if (std::exchange(leased_, false)) world_->release(state_->key_, fence_);
}

}  // namespace penstock::session
