#pragma once

#include <functional>

namespace penstock::engine {

/// exit() destroys what threads that still run make use of: OpenSSL's tables, curl's, static
/// objects. As long as this object lives, exit() runs `end` before that; it has to bring the
/// engine's threads to a halt, in bounded time.
class ExitGuard {
 public:
  /// After the libraries have been initialised whose own exit handlers are to come later.
  explicit ExitGuard(std::function<void()> end);
  /// During exit(), on any other thread than the one that exits, it does not return.
  ~ExitGuard();
  ExitGuard(const ExitGuard&) = delete;
  ExitGuard& operator=(const ExitGuard&) = delete;

  /// From now on exit() runs this one. During exit(), on any other thread than the one that exits,
  /// it does not return: what the former `end` brought to a halt must not go on.
  void replace(std::function<void()> end);

 private:
  std::function<void()> end_;
};

}  // namespace penstock::engine
