#pragma once

#include <chrono>
#include <csignal>

namespace penstock::cli {

/// The signals that ask for an end (SIGTERM, SIGINT, SIGQUIT) and SIGHUP, taken by the main thread
/// in its own time instead of by a handler: none of them ends the process while a credential that a
/// vendor has just replaced is not kept yet.
class StopSignals {
 public:
  /// Blocks them. Before any thread is started: threads inherit it.
  StopSignals();

  /// Lets the signals end the process at once, and takes them again: round what may wait for a
  /// person and needs no orderly end. Of the calling thread.
  void let_through() const;
  void hold() const;

  /// The same without SIGHUP, which a supervisor may send at any time: while nothing runs yet.
  void let_ends_through() const;

  /// The next of them, or SIGUSR1 where it was sent by wake().
  int wait() const;

  /// The next one that comes within `time`; 0: none did.
  int wait_for(std::chrono::milliseconds time) const;

  /// Lets wait() return, from any thread.
  static void wake();

 private:
  sigset_t set_{};
};

}  // namespace penstock::cli
