#pragma once

#include <atomic>
#include <cstdint>

namespace penstock::host {

class Instance;

/// Where one thread is inside plugin code, for a watchdog on another thread. Plugin functions are
/// pure and short; one that does not return cannot be interrupted, only given up together with its
/// thread.
///
///     outside ── enter ──► inside n ── leave ──► outside
///                             └── give_up ──► given up: leave() never returns
class InvocationWatch {
 public:
  /// Makes this the watch of the calling thread.
  void adopt_this_thread() noexcept;

  /// The number of the invocation that the thread is in; 0: outside of plugins. [any-thread]
  std::uint64_t current() const noexcept { return current_.load(std::memory_order_acquire); }

  /// Gives up the thread if it is still in `invocation`; false: it is not. A thread that was given
  /// up does nothing more: if the plugin returns after all, the thread sleeps forever. [watchdog]
  bool give_up(std::uint64_t invocation) noexcept;

  // Only for the invocation that was given up.

  const Instance* instance() const noexcept { return instance_; }
  const char* function() const noexcept { return function_; }

 private:
  friend class WatchedInvocation;

  static constexpr std::uint64_t given_up = ~std::uint64_t{0};

  std::atomic<std::uint64_t> current_{0};
  std::uint64_t count_ = 0;
  const Instance* instance_ = nullptr;
  const char* function_ = nullptr;
};

/// Marks one invocation on the current thread, if the thread is watched.
class WatchedInvocation {
 public:
  WatchedInvocation(const Instance& instance, const char* function) noexcept;
  ~WatchedInvocation();
  WatchedInvocation(const WatchedInvocation&) = delete;
  WatchedInvocation& operator=(const WatchedInvocation&) = delete;

 private:
  InvocationWatch* watch_;
};

}  // namespace penstock::host
