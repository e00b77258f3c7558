#include "host/running_function.hpp"

#include <atomic>

#include "host/crash_report.hpp"

namespace penstock::host {
namespace {

// Plain data: reading it in a signal handler neither locks nor allocates.
thread_local const RunningFunction* running = nullptr;

}  // namespace

const RunningFunction* running_function() noexcept { return running; }

RunningFunctionScope::RunningFunctionScope(const RunningFunction& function) noexcept
    : function_(function), outer_(running) {
  prepare_thread_for_crash_report();
  running = &function_;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

RunningFunctionScope::~RunningFunctionScope() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  running = outer_;
}

}  // namespace penstock::host
