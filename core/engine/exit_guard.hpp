#pragma once

#include <functional>

namespace penstock::engine {

/// exit() destroys objects that running threads still use: those of OpenSSL and libcurl, and static
/// ones. While an ExitGuard lives, exit() runs `end` before that; `end` must halt the engine's
/// threads in bounded time.
class ExitGuard {
 public:
  /// Initialises OpenSSL and libcurl first, so that their exit handlers run after `end`.
  explicit ExitGuard(std::function<void()> end);
  /// Does not return if another thread is in exit().
  ~ExitGuard();
  ExitGuard(const ExitGuard&) = delete;
  ExitGuard& operator=(const ExitGuard&) = delete;

  /// Replaces the function that exit() runs. Does not return if another thread is in exit(): what
  /// the previous `end` halted must not continue.
  void replace(std::function<void()> end);

 private:
  std::function<void()> end_;
};

}  // namespace penstock::engine
