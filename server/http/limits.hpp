#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::server {

using Clock = std::chrono::steady_clock;

/// How long a client may take for what, so that a slow one holds nothing but itself.
struct HttpLimits {
  /// From the first byte of a request to the end of its head.
  std::chrono::milliseconds head{10'000};
  /// For a body, and for the taking of an answer, beyond what the rate gives.
  std::chrono::milliseconds grace{10'000};
  /// The slowest body or taking of an answer, on average.
  std::uint64_t bytes_per_second = 1024;
  /// The longest time in which not one byte moves while it is the client's turn.
  std::chrono::milliseconds silence{60'000};
  /// The slowest rate while others wait for what a slow client holds: the memory of its key, or a
  /// place among an integration's calls.
  std::uint64_t contended_bytes_per_second = std::uint64_t{64} * 1024;
  /// Between two requests.
  std::chrono::milliseconds idle{75'000};
  /// For a refused client to stop sending.
  std::chrono::milliseconds linger{2'000};
  /// Until a client that has closed its sending side is asked whether it still reads.
  std::chrono::milliseconds half_closed{100};
  /// Connections in all; further ones wait to be accepted.
  std::size_t connections = 10'000;
};

}  // namespace penstock::server
