#pragma once

#include <map>
#include <mutex>
#include <string>

#include "http/limits.hpp"

namespace penstock::server {

/// Which integrations refuse calls because as many as they allow are in flight. Streamed calls hold
/// their place as long as their client reads, so slow ones end while others are refused.
/// Thread-safe.
class SlotContention {
 public:
  /// A call of that integration, which exists, was refused for want of a place.
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
