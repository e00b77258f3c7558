#pragma once

#include <string_view>

namespace penstock::host {

/// The plugin function that a thread is running. The texts must outlive the call.
struct RunningFunction {
  std::string_view plugin;    ///< id and version
  std::string_view api;       ///< empty: none in particular
  std::string_view function;  ///< "prepare"
};

/// What this thread is running; null outside of plugins. [any-thread, async-signal-safe]
const RunningFunction* running_function() noexcept;

/// Sets what this thread is running, as long as the object lives. Scopes nest.
class RunningFunctionScope {
 public:
  explicit RunningFunctionScope(const RunningFunction& function) noexcept;
  ~RunningFunctionScope();
  RunningFunctionScope(const RunningFunctionScope&) = delete;
  RunningFunctionScope& operator=(const RunningFunctionScope&) = delete;

 private:
  RunningFunction function_;
  const RunningFunction* outer_;
};

}  // namespace penstock::host
