#include "runtime/backoff.hpp"

#include <algorithm>
#include <utility>

#include "base/refusal_delay.hpp"

namespace penstock::runtime {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds max_open{300};

std::string seconds(milliseconds time) {
  return std::to_string((time.count() + 999) / 1000) + " s";
}

milliseconds left(SteadyTime until, SteadyTime now) {
  return now < until ? std::chrono::ceil<milliseconds>(until - now) : milliseconds(0);
}

}  // namespace

void AuthFailureBudgets::record(const std::string& host, SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  if (refusals_.size() >= max_hosts && !refusals_.contains(host)) forget_old(now);
  std::deque<SteadyTime>& times = refusals_[host];
  times.push_back(now);
  if (times.size() > max_when_unknown) times.pop_front();
}

/// Removes all hosts whose latest refusal is out of the window; if there are none, the host with
/// the oldest latest refusal.
void AuthFailureBudgets::forget_old(SteadyTime now) {
  std::erase_if(refusals_, [&](const auto& one) { return now >= one.second.back() + window; });
  if (refusals_.size() < max_hosts) return;
  refusals_.erase(
      std::ranges::min_element(refusals_, {}, [](const auto& one) { return one.second.back(); }));
}

milliseconds AuthFailureBudgets::wait(const std::string& host, std::size_t max_refusals,
                                      SteadyTime now) const {
  const std::scoped_lock lock(mutex_);
  const auto found = refusals_.find(host);
  if (found == refusals_.end() || found->second.size() < max_refusals) return milliseconds(0);
  const std::deque<SteadyTime>& times = found->second;
  return left(times[times.size() - max_refusals] + window, now);
}

std::size_t AuthFailureBudgets::hosts() const {
  const std::scoped_lock lock(mutex_);
  return refusals_.size();
}

std::optional<Error> Backoff::admit(const std::string& integration, const std::string& host,
                                    const AuthFailureBudgets& budgets, bool respects_rate_limit,
                                    SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  const auto refused = [&](const std::string& why, milliseconds wait) {
    Error error = credentials_refused(why + "; not tried again for " + seconds(wait));
    error.phase = Phase::authorize;
    error.retryable = true;
    error.retry_after = wait;
    return error;
  };
  const bool refused_often = refusals_ >= max_refusals;
  if (refused_often && now < open_until_) {
    return refused("the vendor has refused the credentials of " + integration + " " +
                       std::to_string(refusals_) + " times in a row",
                   left(open_until_, now));
  }
  const bool was_refused = refusals_ > 0;
  if (was_refused || !accepted_) {
    const milliseconds wait = budgets.wait(host,
                                           was_refused ? AuthFailureBudgets::max_when_refused
                                                       : AuthFailureBudgets::max_when_unknown,
                                           now);
    if (wait.count() > 0) {
      return refused(
          "the vendor's host has refused the credentials of many calls in the last seconds" +
              (was_refused ? ", those of " + integration + " among them" : std::string()) +
              ", and may lock out this address",
          wait);
    }
  }
  if (respects_rate_limit && now < rate_limited_until_) {
    const milliseconds wait = left(rate_limited_until_, now);
    Error error = rate_limited("the vendor demanded a pause, which the caller respects (Prefer: "
                               "respect-rate-limit); try again in " +
                                   seconds(wait),
                               wait);
    error.origin = Origin::vendor;
    return error;
  }
  // Last, so that no other check rejects the call: one call goes through as a probe, the others
  // wait for its outcome.
  if (refused_often) open_until_ = now + delay_after_refusal(1);
  return std::nullopt;
}

std::string Backoff::record(CredentialsVerdict verdict, milliseconds wait, const std::string& host,
                            AuthFailureBudgets& budgets, SteadyTime now) {
  const bool refused = verdict == CredentialsVerdict::refused;
  if (refused || verdict == CredentialsVerdict::session_over) budgets.record(host, now);
  const std::scoped_lock lock(mutex_);
  unreachable_.reset();
  if (refused && ++refusals_ >= max_refusals) {
    const int times_opened = refusals_ - max_refusals + 1;
    open_until_ = now + std::min(delay_after_refusal(times_opened), max_open);
  } else if (verdict == CredentialsVerdict::accepted) {
    refusals_ = 0;
    accepted_ = true;
  }
  if (wait.count() == 0) return {};
  rate_limited_until_ = now + wait;
  return "the vendor demands a pause of " + seconds(wait) + " before the next call";
}

void Backoff::record_unreachable(std::string why, std::int64_t unix_ms) {
  const std::scoped_lock lock(mutex_);
  unreachable_ = Unreachable{std::move(why), unix_ms};
}

int Backoff::refusals_in_a_row() const {
  const std::scoped_lock lock(mutex_);
  return refusals_;
}

milliseconds Backoff::open_for(SteadyTime now) const {
  const std::scoped_lock lock(mutex_);
  return refusals_ >= max_refusals ? left(open_until_, now) : milliseconds(0);
}

milliseconds Backoff::rate_limited_for(SteadyTime now) const {
  const std::scoped_lock lock(mutex_);
  return left(rate_limited_until_, now);
}

std::optional<Backoff::Unreachable> Backoff::unreachable() const {
  const std::scoped_lock lock(mutex_);
  return unreachable_;
}

}  // namespace penstock::runtime
