#pragma once

#include <map>
#include <mutex>
#include <string>

#include "http/limits.hpp"

namespace penstock::server {

/// Records which integrations reject calls because their concurrency limit is reached. Streamed
/// calls hold their slot while their client reads, so slow ones are closed while others are
/// rejected. Thread-safe.
class SlotContention {
 public:
  /// Records that a call of that integration, which exists, was rejected for lack of a slot.
  void note(const std::string& integration_id, Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    refused_at_[integration_id] = now;
  }

  bool is_recent(const std::string& integration_id, Clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    const auto found = refused_at_.find(integration_id);
    return found != refused_at_.end() && now - found->second < recent;
  }

 private:
  static constexpr std::chrono::seconds recent{10};

  mutable std::mutex mutex_;
  std::map<std::string, Clock::time_point> refused_at_;
};

}  // namespace penstock::server
