#pragma once

#include <csignal>
#include <functional>
#include <string_view>
#include <thread>
#include <utility>

namespace boost::asio {
class io_context;
}

namespace penstock::runtime {

/// Blocks all signals of the current thread during its lifetime. Threads that are started meanwhile
/// inherit this: they never take a signal that the host means for itself, and SIGPIPE, which
/// OpenSSL's writes raise, does not end the process. Signals raised by a fault of the thread itself
/// stay unblocked.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// Receives a sentence for the embedder that belongs to no call's result. [any-thread]
using ErrorReporter = std::function<void(std::string_view)>;

/// For a catch-all handler: reports the current exception, with `who` as the subject. The unwinding
/// of a cancelled thread continues.
void report_exception(const ErrorReporter& report_error, std::string_view who);

/// Runs `function`. If it throws, reports the exception and returns false.
template <class Function>
bool run_guarded(const ErrorReporter& report_error, std::string_view who, Function&& function) {
  try {
    std::forward<Function>(function)();
    return true;
  } catch (...) {
    report_exception(report_error, who);
    return false;
  }
}

/// Starts a thread of the engine, named for ps(1), with all signals blocked. `engine` is the tag
/// that is_thread_of() compares.
std::thread start_engine_thread(const char* name, const void* engine,
                                std::function<void()> function);

/// Whether the calling thread was started, or marked, as a thread of that engine.
bool is_thread_of(const void* engine) noexcept;
void mark_as_thread_of(const void* engine) noexcept;

/// Runs the loop to its end. Exceptions thrown by handlers are reported and do not stop it.
void run_loop(boost::asio::io_context& context, const ErrorReporter& report_error);

}  // namespace penstock::runtime
