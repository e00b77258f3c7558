#pragma once

#include <cstdint>

#include "http/limits.hpp"

namespace penstock::server {

/// Measures how fast a client reads or sends one body: the bytes moved, how long the server waited
/// for them, and until when it keeps waiting. Time in which the server itself was not ready does
/// not count.
class RateDeadline {
 public:
  /// Starts a wait for the client. `coming`: bytes that move as one operation, so that the deadline
  /// includes the time for all of them.
  void wait(const HttpLimits& limits, std::uint64_t coming = 0);
  /// Ends the wait: `count` bytes moved.
  void moved(std::uint64_t count);

  /// Whether the client is too slow: below the minimum rate, or past the idle timeout. Bytes handed
  /// to the kernel count as moved when the client acknowledges them, so the send queue of `socket`
  /// is checked twice per idle timeout; -1 if the wait is for input.
  bool overdue(Clock::time_point now, const HttpLimits& limits, int socket);

  /// Whether the average rate is below `bytes_per_second`, grace time excluded.
  bool slower_than(std::uint64_t bytes_per_second, Clock::time_point now,
                   const HttpLimits& limits) const;

 private:
  static constexpr Clock::time_point never = Clock::time_point::max();

  std::uint64_t bytes_ = 0;
  Clock::duration waited_{};
  Clock::time_point began_ = never;
  Clock::time_point due_ = never;
  /// Next check of the send queue: twice per idle timeout. A queue that has not changed between two
  /// checks means that the client is stalled.
  Clock::time_point next_check_ = never;
  int unsent_ = -1;
  bool looked_ = false;
};

}  // namespace penstock::server
