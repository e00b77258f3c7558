#include "session/leased_renewal.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <utility>

#include <penstock/text.hpp>

#include "session/record_codec.hpp"
#include "session/replaced_session.hpp"

namespace penstock::session {

const LeasedRenewal::Transition& LeasedRenewal::transition(State state, Event event) {
  using S = State;
  using E = Event;
  using R = LeasedRenewal;
  static constexpr std::array transitions = {
      Transition{S::leasing, E::lease_held, S::leasing, &R::request_lease_later},
      Transition{S::leasing, E::lease_failed, S::done, &R::fail},
      Transition{S::leasing, E::unchanged, S::saving_intent, &R::save_intent},
      Transition{S::leasing, E::merged, S::saving_intent, &R::save_intent},
      Transition{S::leasing, E::settled, S::done, &R::finish},

      Transition{S::checking, E::lease_held, S::checking, &R::request_lease_later},
      Transition{S::checking, E::lease_failed, S::done, &R::stay_refused},
      Transition{S::checking, E::unchanged, S::done, &R::stay_refused},
      Transition{S::checking, E::merged, S::saving_intent, &R::save_intent},
      Transition{S::checking, E::settled, S::done, &R::finish},

      Transition{S::saving_intent, E::stopping, S::done, &R::fail},
      Transition{S::saving_intent, E::saved, S::exchanging, &R::log_in},
      Transition{S::saving_intent, E::save_failed, S::done, &R::fail},

      Transition{S::exchanging, E::responded, S::saving, &R::save_response},
      Transition{S::exchanging, E::login_failed, S::done, &R::fail},
      Transition{S::exchanging, E::refused, S::saving_refusal, &R::save_refusal},
      Transition{S::exchanging, E::refused_unleased, S::leasing, &R::request_new_lease},

      Transition{S::saving, E::saved, S::done, &R::commit},
      Transition{S::saving, E::save_failed, S::retrying_save, &R::retry_save_later},

      Transition{S::retrying_save, E::lease_held, S::retrying_save, &R::request_lease_later},
      Transition{S::retrying_save, E::lease_failed, S::retrying_save, &R::retry_save_later},
      Transition{S::retrying_save, E::response_stored, S::done, &R::commit},
      Transition{S::retrying_save, E::response_missing, S::saving, &R::save_response},
      Transition{S::retrying_save, E::unchanged, S::saving_intent, &R::save_intent},
      Transition{S::retrying_save, E::merged, S::saving_intent, &R::save_intent},
      Transition{S::retrying_save, E::settled, S::done, &R::finish},

      Transition{S::saving_refusal, E::saved, S::done, &R::reject},
      Transition{S::saving_refusal, E::save_failed, S::checking, &R::recheck},
  };
  const auto* const found = std::ranges::find_if(
      transitions, [&](const Transition& one) { return one.state == state && one.event == event; });
  assert(found != transitions.end());
  return *found;
}

void LeasedRenewal::on(Event event) {
  const Transition& next = transition(state_, event);
  state_ = next.next;
  (this->*next.action)();
}

namespace {

/// Delay between attempts to take a lease that is held elsewhere.
constexpr std::chrono::milliseconds lease_interval{250};
constexpr std::int64_t max_lease_wait_ms = 120'000;

constexpr std::chrono::milliseconds save_interval{2'000};

}  // namespace

LeasedRenewal::LeasedRenewal(std::shared_ptr<SessionSlot> slot, SessionRequest request,
                             std::shared_ptr<Environment> environment, bool check_only)
    : slot_(std::move(slot)), request_(std::move(request)), environment_(std::move(environment)),
      began_ms_(environment_->now_unix_ms()), session_ended_(request_.challenge.has_value()),
      state_(check_only ? State::checking : State::leasing) {}

// The events.

void LeasedRenewal::on_failure(Event event, Error error, RenewalFailure::Kind kind) {
  error.phase = Phase::session;
  failure_ = {std::move(error), kind, {}};
  on(event);
}

void LeasedRenewal::on_lease(Result<std::optional<Lease>> reply) {
  if (!reply) return on_failure(Event::lease_failed, std::move(reply).error());
  if (!*reply) {
    if (now_ms() - began_ms_ <= max_lease_wait_ms) return on(Event::lease_held);
    Error error = engine_failed("another process has been renewing the session of " +
                                    slot_->configured().id + " for two minutes",
                                Phase::session, Sent::no);
    error.retryable = true;
    return on_failure(Event::lease_failed, std::move(error));
  }
  const Lease& lease = **reply;
  fence_ = lease.fence;
  lease_lost_ = false;
  if (lease.state) return on_stored(*lease.state);
  on(state_ == State::retrying_save ? Event::response_missing : Event::unchanged);
}

/// The lease came with the stored state.
void LeasedRenewal::on_stored(const StoredState& stored) {
  if (state_ == State::retrying_save) {
    switch (find_response(*response_, stored)) {
    case SaveResult::stored:
      version_ = stored.version;
      return on(Event::response_stored);
    case SaveResult::missing:
      response_->record.version = stored.version;
      return on(Event::response_missing);
    case SaveResult::superseded:
      response_.reset();
    }
  }
  interrupted_ms_ = stored.renewal_began_ms;
  switch (slot_->adopt(stored, request_, now_ms())) {
  case SessionSlot::Adoption::unchanged:
    return on(Event::unchanged);
  case SessionSlot::Adoption::merged:
    return on(Event::merged);
  case SessionSlot::Adoption::settled:
    return on(Event::settled);
  }
}

void LeasedRenewal::on_login(Result<Renewed, RenewalFailure> result) {
  using Kind = RenewalFailure::Kind;
  if (result) {
    response_ =
        response_of(*std::move(result), slot_->record(), slot_->configured(),
                    request_.formats.empty() ? std::vector{request_.format} : request_.formats,
                    environment_->entropy().front());
    return on(Event::responded);
  }
  RenewalFailure failure = std::move(result).error();
  const bool revoked = failure.kind == Kind::revoked;
  if (!failure.credentials.empty()) {
    // No usable session, but the credential that replaces the spent one.
    failure.error.phase = Phase::session;
    if (revoked) failure.kind = Kind::refused;
    response_ = response_of(std::move(failure), slot_->record(), slot_->configured(),
                            environment_->entropy().front());
    return on(Event::responded);
  }
  if (!revoked) return on_failure(Event::login_failed, std::move(failure.error), failure.kind);
  if (!slot_->spends_credential())
    return on_failure(Event::login_failed, std::move(failure.error), Kind::refused);
  on_failure(lease_lost_ ? Event::refused_unleased : Event::refused, std::move(failure.error),
             Kind::revoked);
}

// The actions.

void LeasedRenewal::request_lease() {
  environment_->lease(slot_->key(),
                      [self = shared_from_this()](Result<std::optional<Lease>> reply) {
                        self->on_lease(std::move(reply));
                      });
}

void LeasedRenewal::request_lease_later() {
  environment_->wait(lease_interval, [self = shared_from_this()] { self->request_lease(); });
}

/// Another replica may have used the credential in between: the stored state decides.
void LeasedRenewal::request_new_lease() {
  fence_.reset();
  pass_.reset();
  request_lease();
}

void LeasedRenewal::retry_save_later() {
  slot_->notify(failure_.error, now_ms());
  environment_->wait(save_interval, [self = shared_from_this()] { self->request_lease(); });
}

void LeasedRenewal::save_intent() {
  pass_ = environment_->begin_exchange();
  if (!pass_) {
    Error error =
        engine_failed("the engine is stopping and starts no renewal", Phase::session, Sent::no);
    error.http_status = 503;
    error.retryable = true;
    return on_failure(Event::stopping, std::move(error));
  }
  StoredState record = slot_->record();
  record.renewal_began_ms = interrupted_ms_ != 0 ? interrupted_ms_ : now_ms();
  save(std::move(record));
}

void LeasedRenewal::log_in() {
  slot_->saved(version_);
  const SnapshotPtr now = slot_->current();
  RenewalStart start{request_.plugin,
                     request_.max_fetches,
                     slot_->session_key(),
                     now->connection,
                     now->session,
                     request_.challenge ? PST_EV_CHALLENGED : PST_EV_START,
                     std::exchange(request_.challenge, std::nullopt),
                     slot_->spends_credential()};
  extend_lease_later();
  renew(std::move(start), environment_,
        [self = shared_from_this()](Result<Renewed, RenewalFailure> result) {
          self->on_login(std::move(result));
        });
}

void LeasedRenewal::save_response() { save(response_->record); }

void LeasedRenewal::save_refusal() {
  refusal_ = std::move(failure_.error);
  if (interrupted_ms_ != 0) {
    refusal_.message += "; a renewal that began at " + rfc_3339(interrupted_ms_) +
                        " was interrupted: the vendor may have replaced the credentials";
  }
  StoredState record = slot_->record();
  record.session.clear();
  record.refusal = refusal_.message;
  record.refused_ms = now_ms();
  record.refused_digest = digest_of(slot_->configured(), fields_of(slot_->configured().fields));
  save(std::move(record));
}

/// The refusal could not be saved: another replica may have renewed with the same credential.
void LeasedRenewal::recheck() {
  slot_->refuse(std::move(refusal_), now_ms());
  pass_.reset();
  request_lease();
}

void LeasedRenewal::commit() {
  const SnapshotPtr replaced = slot_->current();
  LoginResponse response = *std::exchange(response_, std::nullopt);
  const bool renewed = response.outcome.has_value();
  slot_->commit(std::move(response), version_, now_ms());
  if (renewed && request_.supports_logout && !session_ended_ && replaced->session)
    logout_when_unused(replaced, request_.plugin, slot_->session_key(), environment_);
  finish();
}

void LeasedRenewal::reject() {
  slot_->saved(version_);
  failure_ = {std::move(refusal_), RenewalFailure::Kind::revoked, {}};
  fail();
}

void LeasedRenewal::fail() {
  slot_->reject(std::move(failure_), now_ms(), environment_->entropy().front());
  finish();
}

void LeasedRenewal::stay_refused() {
  slot_->stay_refused(now_ms());
  finish();
}

void LeasedRenewal::finish() {
  pass_.reset();
  if (fence_) environment_->release(slot_->key(), *std::exchange(fence_, std::nullopt));
}

// Parts of the actions.

void LeasedRenewal::save(StoredState record) {
  environment_->save(slot_->key(), std::move(record), *fence_,
                     [self = shared_from_this()](Result<std::uint64_t> version) {
                       if (!version) {
                         return self->on_failure(Event::save_failed, std::move(version).error());
                       }
                       self->version_ = *version;
                       self->on(Event::saved);
                     });
}

void LeasedRenewal::extend_lease_later() {
  environment_->wait(CredentialStore::lease_heartbeat, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->fence_) return;
    const std::uint64_t fence = *self->fence_;
    self->environment_->extend(self->slot_->key(), fence, [weak, fence](Result<bool> held) {
      const auto again = weak.lock();
      if (!again || !again->fence_) return;
      if (held && !*held && again->fence_ == fence) again->lease_lost_ = true;
      again->extend_lease_later();
    });
  });
}

}  // namespace penstock::session
