#include "session/login_backoff.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <string>
#include <utility>

#include "base/refusal_delay.hpp"

namespace penstock::session {
namespace {

// A vendor that is down has not refused the credentials. The backoff is short, so that renewals
// resume as soon as the vendor is back.
constexpr std::int64_t min_backoff_ms = 1'000, max_backoff_ms = 15'000;

/// How often the store is checked for a renewal by another replica while the credentials are
/// refused.
constexpr std::int64_t recheck_interval_ms = 30'000;

}  // namespace

std::int64_t backoff_after_failure(int failures, std::uint8_t jitter) {
  const int doublings = std::clamp(failures - 1, 0, 10);
  const std::int64_t backoff = std::min(min_backoff_ms << doublings, max_backoff_ms);
  return backoff / 2 + backoff * jitter / (2 * 255);
}

void LoginBackoff::succeed() {
  failures_ = refusals_ = 0;
  last_error_.reset();
  permanent_ = false;
}

void LoginBackoff::fail(const RenewalFailure& failure, std::int64_t now_ms,
                        std::int64_t session_expires_ms, std::uint8_t jitter) {
  const bool transient = failure.kind == Kind::transient;
  backoff_ms_ = transient ? backoff_after_failure(++failures_, jitter)
                          : std::chrono::milliseconds(delay_after_refusal(++refusals_)).count();
  if (failure.error.retry_after)
    backoff_ms_ = std::max<std::int64_t>(backoff_ms_, failure.error.retry_after->count());
  if (transient && session_expires_ms > now_ms)
    backoff_ms_ = std::min(backoff_ms_, session_expires_ms - now_ms);
  failed_ms_ = checked_ms_ = now_ms;
  last_kind_ = failure.kind;
  if (permanent_ && transient) return;
  permanent_ = failure.kind == Kind::revoked;
  last_error_ = failure.error;
}

void LoginBackoff::pause(Error error, std::int64_t now_ms) {
  backoff_ms_ = min_backoff_ms;
  failed_ms_ = now_ms;
  last_kind_ = Kind::transient;
  last_error_ = std::move(error);
}

void LoginBackoff::refuse(Error error, std::int64_t at_ms) {
  permanent_ = true;
  last_kind_ = Kind::revoked;
  last_error_ = std::move(error);
  failed_ms_ = checked_ms_ = at_ms;
}

bool LoginBackoff::is_active(std::int64_t now_ms) const {
  return permanent_ || (last_error_ && now_ms >= failed_ms_ && now_ms < until_ms());
}

bool LoginBackoff::is_check_due(std::int64_t now_ms) const {
  return permanent_ && std::abs(now_ms - checked_ms_) >= recheck_interval_ms;
}

Error LoginBackoff::error(std::int64_t now_ms) const {
  assert(last_error_);
  Error error = *last_error_;
  if (permanent_) return error;
  error.retry_after = std::chrono::milliseconds(until_ms() - now_ms);
  error.message +=
      "; not tried again for " + std::to_string((error.retry_after->count() + 999) / 1000) + " s";
  return error;
}

}  // namespace penstock::session
