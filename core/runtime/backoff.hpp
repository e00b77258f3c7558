#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <penstock/error.hpp>

namespace penstock::runtime {

// Times are of the steady clock, so that setting the system clock does not change a backoff.
using SteadyTime = std::chrono::steady_clock::time_point;

/// What a response says about the credentials that the call was signed with.
enum class CredentialsVerdict : std::uint8_t {
  accepted,
  refused,
  session_over,  ///< the vendor counts a refusal, but a new session is tried next
  unknown,       ///< another kind of failure: they may be right or wrong
};

/// The refusals by each vendor host in the last ten seconds, over all connections of an engine.
/// Some vendors block a whole address after too many (HiBob: 50 in 10 s, for 5 minutes). Half of
/// that may be used up by connections whose credentials were refused, most of it by those whose
/// credentials are still unknown. Connections whose credentials were accepted are never held back,
/// and do not contend for this lock. Hosts without a recent refusal are forgotten; at most
/// `max_hosts` are kept. [any-thread]
class AuthFailureBudgets {
 public:
  static constexpr std::size_t max_when_refused = 25, max_when_unknown = 40;
  static constexpr std::chrono::seconds window{10};
  static constexpr std::size_t max_hosts = 4096;

  void record(const std::string& host, SteadyTime now);
  /// How long to wait until the window holds fewer than `most` refusals; 0: no wait.
  std::chrono::milliseconds wait(const std::string& host, std::size_t max_refusals,
                                 SteadyTime now) const;
  std::size_t hosts() const;

 private:
  void forget_old(SteadyTime now);

  mutable std::mutex mutex_;
  std::map<std::string, std::deque<SteadyTime>> refusals_;  ///< the latest ones, oldest first
};

/// The backoff of one connection towards its vendor: a circuit breaker that opens after many
/// consecutive refusals of the credentials, and the end of the vendor's rate limit. [any-thread]
class Backoff {
 public:
  /// Consecutive refusals that open the circuit breaker.
  static constexpr int max_refusals = 10;

  /// Called before a request is sent. Returns the error that prevents it; none: send it. A caller
  /// that `respects_rate_limit` is rejected until the vendor's retry-after has passed; the others
  /// are let through at their own risk.
  std::optional<Error> admit(const std::string& integration, const std::string& host,
                             const AuthFailureBudgets& budgets, bool respects_rate_limit,
                             SteadyTime now);

  /// Records a response: its verdict on the credentials, and the retry-after in `wait` (0: none).
  /// Returns a warning for the caller; empty: none.
  std::string record(CredentialsVerdict verdict, std::chrono::milliseconds wait,
                     const std::string& host, AuthFailureBudgets& budgets, SteadyTime now);

  /// Records that the vendor was not reached. Holds until the next response.
  void record_unreachable(std::string why, std::int64_t unix_ms);

  // The following are for GET /v1/integrations.

  int refusals_in_a_row() const;
  /// Remaining time from `now`; 0: not held back.
  std::chrono::milliseconds open_for(SteadyTime now) const;
  std::chrono::milliseconds rate_limited_for(SteadyTime now) const;

  struct Unreachable {
    std::string why;
    std::int64_t unix_ms = 0;
  };
  std::optional<Unreachable> unreachable() const;

 private:
  mutable std::mutex mutex_;
  int refusals_ = 0;       ///< consecutive
  bool accepted_ = false;  ///< ever; before that, nothing is known of the credentials
  SteadyTime open_until_, rate_limited_until_;
  std::optional<Unreachable> unreachable_;
};

}  // namespace penstock::runtime
