#include "host/invocation_watch.hpp"

#include <unistd.h>

namespace penstock::host {
namespace {

thread_local InvocationWatch* this_threads_watch = nullptr;

}  // namespace

void InvocationWatch::adopt_this_thread() noexcept { this_threads_watch = this; }

bool InvocationWatch::give_up(std::uint64_t invocation) noexcept {
  return invocation != 0 && current_.compare_exchange_strong(invocation, given_up);
}

WatchedInvocation::WatchedInvocation(const Instance& instance, const char* function) noexcept
    : watch_(this_threads_watch) {
  if (watch_ == nullptr) return;
  watch_->instance_ = &instance;
  watch_->function_ = function;
  watch_->current_.store(++watch_->count_, std::memory_order_release);
}

WatchedInvocation::~WatchedInvocation() {
  if (watch_ == nullptr) return;
  std::uint64_t own = watch_->count_;
  if (watch_->current_.compare_exchange_strong(own, 0)) return;
  // The thread was given up: another one has taken over its work.
  for (;;)
    ::pause();
}

}  // namespace penstock::host
