#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::server {

using Clock = std::chrono::steady_clock;

/// Timeouts and minimum rates of clients, so that a slow client blocks only itself.
struct HttpLimits {
  /// From the first byte of a request to the end of its head.
  std::chrono::milliseconds head{10'000};
  /// Time for sending a body, or for reading a response, on top of what the rate allows.
  std::chrono::milliseconds grace{10'000};
  /// Minimum average rate of sending a body or reading a response.
  std::uint64_t bytes_per_second = 1024;
  /// Idle timeout: the maximum time without any byte moved while it is the client's turn.
  std::chrono::milliseconds idle_timeout{60'000};
  /// Minimum rate while others wait for what a slow client holds: memory of its key's budget, or a
  /// concurrency slot of an integration.
  std::uint64_t contended_bytes_per_second = std::uint64_t{64} * 1024;
  /// Keep-alive timeout, between two requests.
  std::chrono::milliseconds keep_alive{75'000};
  /// Time for a client to stop sending after the last response.
  std::chrono::milliseconds linger{2'000};
  /// Delay before a client that has closed its sending side is probed for whether it still reads.
  std::chrono::milliseconds half_closed{100};
  /// Maximum number of connections; further ones wait to be accepted.
  std::size_t connections = 10'000;
};

}  // namespace penstock::server
