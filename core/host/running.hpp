#pragma once

#include <string_view>

namespace penstock::host {

/// The plugin function that a thread is running. The texts must outlive the call.
struct Running {
  std::string_view plugin;    ///< id and version
  std::string_view api;       ///< empty: none in particular
  std::string_view function;  ///< "prepare"
};

/// What this thread is running; null outside of plugins. [any-thread, async-signal-safe]
const Running* running_here() noexcept;

/// Sets what this thread is running, as long as the object lives. Scopes nest.
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
