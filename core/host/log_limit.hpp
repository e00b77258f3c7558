#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace penstock::host {

/// Limits one plugin to ten log lines per second; the rest is counted. [any-thread]
class LogLimit {
 public:
  static constexpr std::uint64_t lines_per_second = 10;

  /// None: the line must be dropped. Else it may be written, and the value is how many were dropped
  /// since the last one. Threads that race at the turn of a second may let a few more lines
  /// through.
  std::optional<std::uint64_t> admit(std::int64_t now_ms) noexcept {
    const std::int64_t second = now_ms / 1000;
    if (second_.exchange(second) != second) lines_ = 0;
    if (++lines_ <= lines_per_second) return dropped_.exchange(0);
    ++dropped_;
    return std::nullopt;
  }

 private:
  std::atomic<std::int64_t> second_{0};
  std::atomic<std::uint64_t> lines_{0}, dropped_{0};
};

}  // namespace penstock::host
