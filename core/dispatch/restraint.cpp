#include "dispatch/restraint.hpp"

#include <algorithm>
#include <array>

namespace penstock::dispatch {
namespace {

constexpr std::array<std::int64_t, 3> rests_ms = {5'000, 30'000, 300'000};

std::string seconds(std::int64_t ms) { return std::to_string((ms + 999) / 1000) + " s"; }

}  // namespace

void RefusalBudget::note(std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  if (now_ms >= began_ms_ + window_ms || now_ms < began_ms_) {
    began_ms_ = now_ms;
    spent_ = 0;
  }
  ++spent_;
}

std::int64_t RefusalBudget::wait_ms(std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  if (spent_ < most || now_ms >= began_ms_ + window_ms || now_ms < began_ms_) return 0;
  return began_ms_ + window_ms - now_ms;
}

std::shared_ptr<RefusalBudget> RefusalBudget::of_host(const std::string& host) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<RefusalBudget>> all;
  const std::scoped_lock lock(mutex);
  std::shared_ptr<RefusalBudget> found = all[host].lock();
  if (!found) all[host] = found = std::make_shared<RefusalBudget>();
  return found;
}

std::optional<Error> Restraint::hold_back(const std::string& integration, RefusalBudget& budget,
                                          bool respects_rate_limit, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto refused = [&](const std::string& why, std::int64_t wait_ms) {
    Error error = credentials_refused(why + "; not tried again for " + seconds(wait_ms));
    error.phase = Phase::authorize;
    error.retryable = true;
    error.retry_after = std::chrono::milliseconds(wait_ms);
    return error;
  };
  if (refusals_ >= most_refusals && now_ms < rest_until_ms_) {
    return refused("the vendor has refused the credentials of " + integration + " " +
                       std::to_string(refusals_) + " times in a row",
                   rest_until_ms_ - now_ms);
  }
  if (refusals_ >= most_refusals) {
    // One call goes ahead to see; the others wait for what becomes of it.
    rest_until_ms_ = now_ms + rests_ms.front();
  }
  const std::int64_t wait = refusals_ > 0 ? budget.wait_ms(now_ms) : 0;
  if (wait > 0) {
    return refused("the vendor has refused many calls just now, those of " + integration +
                       " among them, and shuts out who goes on",
                   wait);
  }
  if (respects_rate_limit && now_ms < patience_until_ms_) {
    Error error = rate_limited("the vendor asked for patience, and so did the caller (Prefer: "
                               "respect-rate-limit); the time comes in " +
                                   seconds(patience_until_ms_ - now_ms),
                               std::chrono::milliseconds(patience_until_ms_ - now_ms));
    error.origin = Origin::vendor;
    return error;
  }
  return std::nullopt;
}

std::string Restraint::note(int status, std::int64_t wait_ms, bool ends_session,
                            RefusalBudget& budget, std::int64_t now_ms) {
  if (status == 401) budget.note(now_ms);
  const std::scoped_lock lock(mutex_);
  if (status == 401) {
    if (!ends_session && ++refusals_ >= most_refusals) {
      const auto step =
          std::min<std::size_t>(static_cast<std::size_t>(rests_++), rests_ms.size() - 1);
      rest_until_ms_ = now_ms + rests_ms[step];
    }
  } else {
    refusals_ = rests_ = 0;
  }
  if (wait_ms == 0) return {};
  patience_until_ms_ = now_ms + wait_ms;
  return "the vendor asks to wait " + seconds(wait_ms) + " before the next call";
}

int Restraint::refusals_in_a_row() const {
  const std::scoped_lock lock(mutex_);
  return refusals_;
}

std::int64_t Restraint::rests_until_ms(std::int64_t now_ms) const {
  const std::scoped_lock lock(mutex_);
  return refusals_ >= most_refusals && now_ms < rest_until_ms_ ? rest_until_ms_ : 0;
}

std::int64_t Restraint::patience_until_ms(std::int64_t now_ms) const {
  const std::scoped_lock lock(mutex_);
  return now_ms < patience_until_ms_ ? patience_until_ms_ : 0;
}

}  // namespace penstock::dispatch
