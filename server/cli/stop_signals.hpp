#pragma once

#include <chrono>
#include <csignal>

namespace penstock::cli {

/// The signals that request shutdown (SIGTERM, SIGINT, SIGQUIT) and SIGHUP, received by the main
/// thread when it is ready instead of by a handler: none of them ends the process while a
/// credential that a vendor has just replaced is not persisted yet.
class StopSignals {
 public:
  /// Blocks the signals. Must run before any thread starts, since threads inherit the signal mask.
  StopSignals();

  /// Lets the signals end the process at once, or blocks them again: around code that may wait for
  /// a person and needs no orderly shutdown. Affects the calling thread.
  void let_through() const;
  void hold() const;

  /// The same without SIGHUP, which a supervisor may send at any time. For use while nothing runs
  /// yet.
  void let_ends_through() const;

  /// Waits for the next signal and returns it; SIGUSR1 if wake() sent it.
  int wait() const;

  /// The next signal that arrives within `time`; 0 if none does.
  int wait_for(std::chrono::milliseconds time) const;

  /// Makes wait() return. [any-thread]
  static void wake();

 private:
  sigset_t set_{};
};

}  // namespace penstock::cli
