#include "meter.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <malloc.h>

namespace penstock::soak {
namespace {

double entries(const char* folder) {
  return static_cast<double>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

double microseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
}

double resident_kb() {
  std::ifstream file("/proc/self/statm");
  long size = 0, resident = 0;
  file >> size >> resident;
  return static_cast<double>(resident * (::sysconf(_SC_PAGESIZE) / 1024));
}

template <class Get>
double median(const Interval* begin, const Interval* end, Get get) {
  std::vector<double> values;
  for (const Interval* one = begin; one != end; ++one)
    values.push_back(get(*one));
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The medians of some intervals.
Interval middle_of(const Interval* begin, const Interval* end) {
  Interval out;
  for (const Interval* one = begin; one != end; ++one)
    out.calls += one->calls;
  out.cpu_per_call_us = median(begin, end, [](const auto& i) { return i.cpu_per_call_us; });
  out.end.rss_kb = median(begin, end, [](const auto& i) { return i.end.rss_kb; });
  out.end.heap_kb = median(begin, end, [](const auto& i) { return i.end.heap_kb; });
  out.end.blocks = median(begin, end, [](const auto& i) { return i.end.blocks; });
  out.end.descriptors = median(begin, end, [](const auto& i) { return i.end.descriptors; });
  out.end.threads = median(begin, end, [](const auto& i) { return i.end.threads; });
  return out;
}

bool flat(const char* what, double first, double last, double percent, double allowance) {
  const bool grown = last > first * (1 + percent / 100) + allowance;
  std::printf("%-14s %12.1f -> %12.1f  %+6.1f %%  %s\n", what, first, last,
              first > 0 ? (last / first - 1) * 100 : 0.0, grown ? "HAS GROWN" : "flat");
  return !grown;
}

}  // namespace

ParsedConfig read_meter() {
  ParsedConfig out;
  out.descriptors = entries("/proc/self/fd");
  out.threads = entries("/proc/self/task");
  out.rss_kb = resident_kb();
  out.blocks = static_cast<double>(heap_blocks());
  const struct mallinfo2 heap = ::mallinfo2();
  out.heap_kb = static_cast<double>(heap.uordblks + heap.hblkhd) / 1024;
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  out.cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
  return out;
}

bool report(const std::vector<Interval>& intervals, const Tolerance& tolerance) {
  const std::size_t parts = std::min<std::size_t>(10, intervals.size());
  std::vector<Interval> tenths;
  for (std::size_t i = 0; i < parts; ++i) {
    tenths.push_back(middle_of(intervals.data() + intervals.size() * i / parts,
                               intervals.data() + intervals.size() * (i + 1) / parts));
  }
  std::printf("%5s %10s %12s %10s %10s %10s %6s %8s\n", "tenth", "calls", "us/call", "rss kB",
              "heap kB", "blocks", "fds", "threads");
  for (std::size_t i = 0; i < parts; ++i) {
    const Interval& one = tenths[i];
    std::printf("%5zu %10llu %12.1f %10.0f %10.0f %10.0f %6.0f %8.0f\n", i + 1,
                static_cast<unsigned long long>(one.calls), one.cpu_per_call_us, one.end.rss_kb,
                one.end.heap_kb, one.end.blocks, one.end.descriptors, one.end.threads);
  }
  const Interval& first = tenths.front();
  const Interval& last = tenths.back();
  bool good = flat("us/call", first.cpu_per_call_us, last.cpu_per_call_us, tolerance.cpu, 0);
  good &= flat("rss kB", first.end.rss_kb, last.end.rss_kb, tolerance.memory, 0);
  // A vendor connection more or less is chance, not growth: two descriptors at most, and their TLS.
  constexpr double connections = 2, kb_of_one = 100, blocks_of_one = 350;
  good &= flat("heap kB", first.end.heap_kb, last.end.heap_kb, tolerance.memory,
               connections * kb_of_one);
  good &= flat("blocks", first.end.blocks, last.end.blocks, tolerance.counts,
               connections * blocks_of_one);
  good &= flat("descriptors", first.end.descriptors, last.end.descriptors, tolerance.counts,
               connections);
  good &= flat("threads", first.end.threads, last.end.threads, tolerance.counts, 0);
  std::fflush(stdout);
  return good;
}

}  // namespace penstock::soak
