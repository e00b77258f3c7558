#pragma once

#include <atomic>
#include <cstdint>

namespace penstock::host {

class Instance;

/// Where one thread is inside plugin code, for a watchdog on another thread. A plugin's functions
/// are pure and short; one that does not return cannot be interrupted, only given up together with
/// its thread.
///
///     outside ── enter ──► inside n ── leave ──► outside
///                             └── give_up ──► given up: leave() never returns
class InvocationWatch {
 public:
  /// What the thread is in, as the watchdog sees it.
  struct Sight {
    std::uint64_t number = 0;  ///< of the invocation; 0: outside
  };

  /// Makes this the watch of the calling thread.
  void adopt_this_thread() noexcept;

  Sight look() const noexcept { return {inside_.load(std::memory_order_acquire)}; }

  /// Gives up the thread if it still is in the invocation that was seen. From then on nothing that
  /// it was doing goes on: when the plugin does return, the thread sleeps for ever. [watchdog]
  bool give_up(Sight seen) noexcept;

  // Of the invocation that was given up.

  const Instance* instance() const noexcept { return instance_; }
  const char* function() const noexcept { return function_; }

 private:
  friend class WatchedInvocation;

  static constexpr std::uint64_t given_up = ~std::uint64_t{0};

  std::atomic<std::uint64_t> inside_{0};
  std::uint64_t count_ = 0;
  const Instance* instance_ = nullptr;
  const char* function_ = nullptr;
};

/// One invocation on a thread that may be watched.
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
