#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "runtime/loop.hpp"

namespace penstock::runtime {

/// Looks every now and then whether a loop's thread has come out of a plugin since the last look.
/// Counts looks, not time: a process that was stopped or starved as a whole loses no plugin. Lives
/// on a context of its own.
class Watchdog {
 public:
  /// Told of a thread that was given up in a function of that plugin instance. The loop stands
  /// still until Loop::replace_thread().
  using Lost = std::function<void(Loop& loop, const host::InvocationWatch& watch)>;

  Watchdog(boost::asio::io_context& context, const std::vector<std::unique_ptr<Loop>>& loops,
           std::chrono::milliseconds limit, Lost lost);

  void start();
  /// On the context.
  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

 private:
  struct Watched {
    Loop* loop = nullptr;
    host::InvocationWatch::Sight last;
    int looks = 0;  ///< at the very same invocation
  };

  void look();

  boost::asio::steady_timer timer_;
  std::vector<Watched> watched_;
  std::chrono::milliseconds interval_;
  int max_looks_;
  bool stopped_ = false;
  Lost lost_;
};

}  // namespace penstock::runtime
