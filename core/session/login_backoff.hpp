#pragma once

#include <cstdint>
#include <optional>

#include <penstock/error.hpp>

#include "session/login_exchange.hpp"

namespace penstock::session {

/// The backoff of one connection's logins, after failures and refusals. Times are Unix ms: they are
/// shown to users, and a permanent refusal comes back from the store after a restart. Not
/// synchronised: its SessionSlot is.
class LoginBackoff {
 public:
  using Kind = RenewalFailure::Kind;

  void succeed();

  /// A transient failure does not hold back logins past `session_expires_ms` (0: no session), when
  /// calls need a new session; nor does it end a permanent refusal. `jitter` as in
  /// backoff_after_failure().
  void fail(const RenewalFailure& failure, std::int64_t now_ms, std::int64_t session_expires_ms,
            std::uint8_t jitter);

  /// A renewal is stuck because the store fails: new calls get `error` for a moment.
  void pause(Error error, std::int64_t now_ms);

  /// The vendor has refused the credentials permanently.
  void refuse(Error error, std::int64_t at_ms);

  /// The store has been checked for another replica's success.
  void note_check(std::int64_t now_ms) { checked_ms_ = now_ms; }

  /// Whether no login is to be made now. A clock that was set back does not lengthen it.
  bool is_active(std::int64_t now_ms) const;
  bool is_permanent() const { return permanent_; }
  /// Whether, in spite of a permanent refusal, the store should be checked.
  bool is_check_due(std::int64_t now_ms) const;

  /// The error of a call that is made while is_active().
  Error error(std::int64_t now_ms) const;
  /// Of the last login, if that failed.
  const std::optional<Error>& last_error() const { return last_error_; }
  Kind last_kind() const { return last_kind_; }
  std::int64_t failed_ms() const { return failed_ms_; }
  std::int64_t until_ms() const { return failed_ms_ + backoff_ms_; }

 private:
  int refusals_ = 0;  ///< consecutive
  int failures_ = 0;  ///< consecutive, refusals excluded
  Kind last_kind_ = Kind::transient;
  std::optional<Error> last_error_;
  bool permanent_ = false;
  std::int64_t failed_ms_ = 0;
  std::int64_t backoff_ms_ = 0;  ///< counted from failed_ms_
  std::int64_t checked_ms_ = 0;
};

/// Backoff in ms after a failure that says nothing about the credentials. `failures` is the number
/// of consecutive failures, from 1. The backoff is a matter of seconds, so that the vendor's
/// recovery is noticed; `jitter` (0 to 255) is random.
std::int64_t backoff_after_failure(int failures, std::uint8_t jitter);

}  // namespace penstock::session
