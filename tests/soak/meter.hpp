#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace penstock::soak {

/// Blocks of the heap in use; 0 where a sanitizer has its own heap.
long heap_blocks() noexcept;

/// What this process has and has used.
struct ParsedConfig {
  double cpu_us = 0;  ///< user and system time since the start
  double rss_kb = 0, heap_kb = 0;
  double blocks = 0, descriptors = 0, threads = 0;
};

ParsedConfig read_meter();

/// A stretch of calls, with nothing in flight at its end.
struct Interval {
  std::uint64_t calls = 0;
  double cpu_per_call_us = 0;
  ParsedConfig end;
};

/// How much more than in the first tenth the last one may show, in percent.
struct Tolerance {
  double cpu = 5, memory = 5, counts = 5;
};

/// Prints a line per tenth, of medians; says what has grown. True: nothing has.
bool report(const std::vector<Interval>& intervals, const Tolerance& tolerance);

}  // namespace penstock::soak
