#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <penstock/credential_store.hpp>
#include <penstock/error.hpp>

#include "session/environment.hpp"
#include "session/login_exchange.hpp"
#include "session/login_response.hpp"
#include "session/session_slot.hpp"

namespace penstock::session {

/// One renewal of a SessionSlot's session, from taking the lease to its release: a state machine,
/// whose table is in leased_renewal.cpp and docs/state.md. It is durable before it is used: an
/// intent is saved before the login, and the vendor's response before anyone gets the session. If
/// the response cannot be saved, it stays in memory and the save is repeated until it succeeds.
///
/// A pending operation keeps it alive. Runs on the thread of its environment.
class LeasedRenewal : public std::enable_shared_from_this<LeasedRenewal> {
 public:
  /// `check_only`: adopt what another replica has stored, but log in only with credentials that it
  /// has replaced.
  LeasedRenewal(std::shared_ptr<SessionSlot> slot, SessionRequest request,
                std::shared_ptr<Environment> environment, bool check_only);

  void start() { request_lease(); }

 private:
  enum class State : std::uint8_t {
    leasing,         ///< requests the lease, then logs in
    checking,        ///< requests the lease, then logs in only with credentials that are new
    saving_intent,   ///< saves that a login begins: after a crash, a response may have been lost
    exchanging,      ///< the plugin's login exchange runs
    saving,          ///< saves the vendor's response
    retrying_save,   ///< requests the lease again: the response may not be saved
    saving_refusal,  ///< saves the permanent refusal, so that no replica and no restart logs in
                     ///< again
    done,
  };
  enum class Event : std::uint8_t {
    lease_held,        ///< by another process
    lease_failed,      ///< the store fails, or another process has held the lease for too long
    unchanged,         ///< leased; the stored state is the known one
    merged,            ///< leased; the stored state is newer, and a login is needed
    settled,           ///< leased; another process stored what the waiting calls have now got
    response_stored,   ///< leased; the save took effect
    response_missing,  ///< leased; the save did not take effect
    stopping,          ///< the engine admits no more logins
    saved,
    save_failed,  ///< or its outcome is unknown
    responded,    ///< a session, or a failure with rotated credentials
    login_failed,
    refused,           ///< permanently
    refused_unleased,  ///< permanently, but the lease was lost meanwhile
  };
  struct Transition {
    State state;
    Event event;
    State next;
    void (LeasedRenewal::*action)();
  };
  static const Transition& transition(State state, Event event);
  void on(Event event);
  void on_failure(Event event, Error error,
                  RenewalFailure::Kind kind = RenewalFailure::Kind::transient);
  void on_lease(Result<std::optional<Lease>> reply);
  void on_stored(const StoredState& stored);
  void on_login(Result<Renewed, RenewalFailure> result);

  void request_lease();
  void request_lease_later();
  void request_new_lease();
  void retry_save_later();
  void save_intent();
  void log_in();
  void save_response();
  void save_refusal();
  void recheck();
  void commit();
  void reject();
  void fail();
  void stay_refused();
  void finish();

  void save(StoredState record);
  void extend_lease_later();
  std::int64_t now_ms() const { return environment_->now_unix_ms(); }

  const std::shared_ptr<SessionSlot> slot_;
  SessionRequest request_;
  const std::shared_ptr<Environment> environment_;
  const std::int64_t began_ms_;
  const bool session_ended_;  ///< by the vendor: the request has its challenge

  State state_;
  std::optional<std::uint64_t> fence_;  ///< of the lease that is held
  bool lease_lost_ = false;
  std::shared_ptr<void> pass_;  ///< of the RenewalGate, from the intent to the end of the saves
  std::int64_t interrupted_ms_ = 0;  ///< start of an earlier renewal of unknown outcome; 0: none
  std::optional<LoginResponse> response_;  ///< while saving or retrying_save
  std::uint64_t version_ = 0;              ///< of the last save
  RenewalFailure failure_;                 ///< the last one
  Error refusal_;                          ///< while saving_refusal
};

}  // namespace penstock::session
