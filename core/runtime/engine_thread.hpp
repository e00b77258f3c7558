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

/// Blocks all signals of this thread for as long as it lives, so that threads which are started
/// meanwhile never take a signal that the host means for itself, and SIGPIPE, which OpenSSL's
/// writes raise, ends nobody. Those that a fault of the thread itself raises stay open.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// A sentence for the embedder that no call's result can hold. [any-thread]
using Trouble = std::function<void(std::string_view)>;

/// For a catch-all handler: tells what was thrown, with `who` as the subject. The unwinding of a
/// cancelled thread goes on.
void tell_exception(const Trouble& trouble, std::string_view who);

/// Runs `function`; where it throws, that is told, and false is returned.
template <class Function>
bool run_guarded(const Trouble& trouble, std::string_view who, Function&& function) {
  try {
    std::forward<Function>(function)();
    return true;
  } catch (...) {
    tell_exception(trouble, who);
    return false;
  }
}

/// Starts a thread of the engine's: named for ps(1), all signals blocked. `engine` is what
/// is_thread_of() compares.
std::thread start_engine_thread(const char* name, const void* engine,
                                std::function<void()> function);

/// Whether the calling thread was started, or marked, as one of that engine.
bool is_thread_of(const void* engine) noexcept;
void mark_as_thread_of(const void* engine) noexcept;

/// Runs the loop to its end, whatever a handler throws.
void run_loop(boost::asio::io_context& context, const Trouble& trouble);

}  // namespace penstock::runtime
