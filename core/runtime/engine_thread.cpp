#include "runtime/engine_thread.hpp"

#include <csignal>
#include <exception>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <cxxabi.h>
#include <pthread.h>

namespace penstock::runtime {
namespace {

thread_local const void* this_threads_engine = nullptr;

}  // namespace

SignalsBlocked::SignalsBlocked() {
  sigset_t all;
  sigfillset(&all);
  // If blocked, these would end the process before the host's own handler sees them.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT})
    sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

SignalsBlocked::~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void report_exception(const ErrorReporter& report_error, std::string_view who) {
  try {
    throw;
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (const std::exception& error) {
    report_error(std::string(who) + " threw an exception: " + error.what());
  } catch (...) {
    report_error(std::string(who) + " threw something other than a std::exception");
  }
}

std::thread start_engine_thread(const char* name, const void* engine,
                                std::function<void()> function) {
  const SignalsBlocked blocked;
  return std::thread([name, engine, function = std::move(function)] {
    pthread_setname_np(pthread_self(), name);
    mark_as_thread_of(engine);
    function();
  });
}

bool is_thread_of(const void* engine) noexcept { return this_threads_engine == engine; }

void mark_as_thread_of(const void* engine) noexcept { this_threads_engine = engine; }

void run_loop(boost::asio::io_context& context, const ErrorReporter& report_error) {
  while (!run_guarded(report_error, "a handler on an engine loop", [&] { context.run(); })) {
  }
}

}  // namespace penstock::runtime
