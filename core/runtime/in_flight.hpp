#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace penstock::runtime {

/// Counts operations in flight, and lets a thread wait until there are none. [any-thread]
class InFlight {
 public:
  void enter() noexcept { count_.fetch_add(1); }

  void leave() noexcept {
    if (count_.fetch_sub(1) != 1 || !awaited_) return;
    const std::scoped_lock lock(mutex_);
    none_.notify_all();
  }

  /// False: some are still in flight at `end`.
  bool wait_until(std::chrono::steady_clock::time_point end) {
    std::unique_lock lock(mutex_);
    awaited_ = true;
    return none_.wait_until(lock, end, [this] { return count_ == 0; });
  }

  void wait() {
    std::unique_lock lock(mutex_);
    awaited_ = true;
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::atomic<std::size_t> count_{0};
  std::atomic<bool> awaited_{false};  ///< set by the first wait
  std::mutex mutex_;
  std::condition_variable none_;
};

}  // namespace penstock::runtime
