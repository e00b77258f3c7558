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

// Times here are of the steady clock: a clock that is set makes no rest longer or shorter.
using SteadyTime = std::chrono::steady_clock::time_point;

/// What an answer says of the credentials that the call was signed with.
enum class CredentialsVerdict : std::uint8_t {
  accepted,
  refused,
  session_over,  ///< a refusal for the vendor, but a new session is about to be tried
  unsaid,        ///< a failure of another kind: they may be right or wrong
};

/// The refusals of each vendor host within the last ten seconds, from all connections of an engine
/// together. Some vendors shut out a whole address after too many (HiBob: 50 in 10 s, for 5
/// minutes): half of that may be spent by connections that were refused, most of it by those of
/// which nothing is known yet. Connections whose credentials were taken are never held back, nor do
/// they meet here. Hosts without a recent refusal are forgotten, and there are never more than
/// `most_hosts`. [any-thread]
class AuthFailureBudgets {
 public:
  static constexpr std::size_t max_after_refusal = 25, max_of_unknown = 40;
  static constexpr std::chrono::seconds window{10};
  static constexpr std::size_t max_hosts = 4096;

  void note(const std::string& host, SteadyTime now);
  /// How long to wait until there are fewer than `most`; 0: not at all.
  std::chrono::milliseconds wait(const std::string& host, std::size_t most, SteadyTime now) const;
  std::size_t hosts() const;

 private:
  void forget_old(SteadyTime now);

  mutable std::mutex mutex_;
  std::map<std::string, std::deque<SteadyTime>> refusals_;  ///< the latest ones, oldest first
};

/// How gently one connection treats its vendor: rests after its credentials were refused many
/// times in a row, and knows until when the vendor has asked for patience. [any-thread]
class Backoff {
 public:
  /// So many refusals in a row are the vendor's last word for a while.
  static constexpr int max_refusals = 10;

  /// Before a request is sent: why it is not; none: go on. A caller that `respects_rate_limit`
  /// stays away until the vendor's time has come; the others are its own responsibility.
  std::optional<Error> admit(const std::string& integration, const std::string& host,
                             const AuthFailureBudgets& budgets, bool respects_rate_limit,
                             SteadyTime now);

  /// Takes note of an answer: what it says of the credentials, and the pause that it asks for, 0:
  /// none. Returns what the caller should know of it; empty: nothing.
  std::string note(CredentialsVerdict verdict, std::chrono::milliseconds wait,
                   const std::string& host, AuthFailureBudgets& budgets, SteadyTime now);

  /// No answer came, as the vendor was not reached: until one comes, that is how it stands.
  void note_unreachable(std::string why, std::int64_t unix_ms);

  // What GET /v1/integrations tells.

  int refusals_in_a_row() const;
  /// From `now`; 0: nothing holds it back.
  std::chrono::milliseconds open_for(SteadyTime now) const;
  std::chrono::milliseconds rate_limited_for(SteadyTime now) const;

  struct Unreachable {
    std::string why;
    std::int64_t unix_ms = 0;
  };
  std::optional<Unreachable> unreachable() const;

 private:
  mutable std::mutex mutex_;
  int refusals_ = 0;       ///< in a row
  int rests_ = 0;          ///< taken since the last success
  bool accepted_ = false;  ///< ever: before, nothing is known of the credentials
  SteadyTime open_until_, rate_limited_until_;
  std::optional<Unreachable> unreachable_;
};

}  // namespace penstock::runtime
