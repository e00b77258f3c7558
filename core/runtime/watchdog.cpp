#include "runtime/watchdog.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/io_context.hpp>

namespace penstock::runtime {
namespace {

constexpr std::chrono::milliseconds min_interval{10}, max_interval{500};

}  // namespace

Watchdog::Watchdog(boost::asio::io_context& context,
                   const std::vector<std::unique_ptr<Loop>>& loops, std::chrono::milliseconds limit,
                   Lost lost)
    : timer_(context), interval_(std::clamp(limit / 10, min_interval, max_interval)),
      max_checks_(std::max(2, static_cast<int>(limit / interval_))), lost_(std::move(lost)) {
  for (const auto& loop : loops)
    watched_.push_back({loop.get()});
}

void Watchdog::start() {
  timer_.expires_after(interval_);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || stopped_) return;
    check();
    start();
  });
}

void Watchdog::check() {
  for (Watched& one : watched_) {
    const auto watch = one.loop->watch();
    const std::uint64_t invocation = watch->current();
    one.checks = invocation != 0 && invocation == one.invocation ? one.checks + 1 : 0;
    one.invocation = invocation;
    if (one.checks < max_checks_ || !watch->give_up(invocation)) continue;
    one.checks = 0;
    lost_(*one.loop, *watch);
  }
}

}  // namespace penstock::runtime
