#pragma once

#include <cstdint>

#include "http/limits.hpp"

namespace penstock::server {

/// How fast a client takes, or sends, one body: what moved, how long the server waited for it, and
/// until when it goes on waiting. Time in which the server itself was not ready does not count.
class RateDeadline {
 public:
  /// The server begins to wait for the client. `coming`: bytes that move as one, so that the time
  /// for all of them is given at once.
  void wait(const HttpLimits& limits, std::uint64_t coming = 0);
  /// `count` bytes moved: the wait is over.
  void moved(std::uint64_t count);

  /// Whether the client is too slow: below the lowest rate, or silent for too long. Bytes that were
  /// handed to the kernel count as moved when the client acknowledges them, so the send queue of
  /// `socket` is looked at, twice in one silence; -1 where the wait is for input.
  bool overdue(Clock::time_point now, const HttpLimits& limits, int socket);

  /// Whether, the grace aside, fewer than `bytes_per_second` moved on average.
  bool slower_than(std::uint64_t bytes_per_second, Clock::time_point now,
                   const HttpLimits& limits) const;

 private:
  static constexpr Clock::time_point never = Clock::time_point::max();

  std::uint64_t bytes_ = 0;
  Clock::duration waited_{};
  Clock::time_point began_ = never;
  Clock::time_point due_ = never;
  /// When the queue is looked at next: twice in one silence, and one without a change ends it.
  Clock::time_point look_at_ = never;
  int unsent_ = -1;
  bool looked_ = false;
};

}  // namespace penstock::server
