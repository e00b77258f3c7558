#pragma once

#include <string_view>

namespace penstock::host {

/// Which function of which plugin a thread is in. The texts outlive the call.
struct Running {
  std::string_view plugin;    ///< id and version
  std::string_view api;       ///< empty: none in particular
  std::string_view function;  ///< "prepare"
};

/// Of this thread; null outside of plugins. [any-thread, also in a signal handler]
const Running* running_here() noexcept;

/// Says who runs on this thread as long as it lives. Scopes nest.
class RunningScope {
 public:
  explicit RunningScope(const Running& who) noexcept;
  ~RunningScope();
  RunningScope(const RunningScope&) = delete;
  RunningScope& operator=(const RunningScope&) = delete;

 private:
  Running who_;
  const Running* outer_;
};

}  // namespace penstock::host
