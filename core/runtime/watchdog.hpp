#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "runtime/loop.hpp"

namespace penstock::runtime {

/// Checks periodically whether the thread of each loop has returned from a plugin since the last
/// check. Counts checks, not time: if the whole process was stopped or starved, no plugin is lost
/// for it. Lives on a context of its own.
class Watchdog {
 public:
  /// Called when a thread was abandoned in a function of the watched plugin instance. The loop
  /// stands still until Loop::replace_thread().
  using Lost = std::function<void(Loop& loop, const host::InvocationWatch& watch)>;

  Watchdog(boost::asio::io_context& context, const std::vector<std::unique_ptr<Loop>>& loops,
           std::chrono::milliseconds limit, Lost lost);

  void start();
  /// Call it on the context.
  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

 private:
  struct Watched {
    Loop* loop = nullptr;
    std::uint64_t invocation = 0;  ///< at the last check; 0: outside of plugins
    int checks = 0;                ///< consecutive ones that saw the same invocation
  };

  void check();

  boost::asio::steady_timer timer_;
  std::vector<Watched> watched_;
  std::chrono::milliseconds interval_;
  int max_checks_;
  bool stopped_ = false;
  Lost lost_;
};

}  // namespace penstock::runtime
