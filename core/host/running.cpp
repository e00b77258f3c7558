#include "host/running.hpp"

#include <atomic>

#include "host/crash_report.hpp"

namespace penstock::host {
namespace {

// Plain data: reading it in a signal handler neither locks nor allocates.
thread_local const Running* here = nullptr;

}  // namespace

const Running* running_here() noexcept { return here; }

RunningScope::RunningScope(const Running& who) noexcept : who_(who), outer_(here) {
  prepare_thread_for_crash_report();
  here = &who_;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

RunningScope::~RunningScope() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  here = outer_;
}

}  // namespace penstock::host
