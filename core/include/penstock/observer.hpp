#pragma once

#include <penstock/call.hpp>
#include <penstock/error.hpp>

namespace penstock {

/// Sees every finished call; for logs, history and metrics. [engine loop threads, concurrent; must
/// not block; an exception is caught and told to EngineOptions::on_trouble]
class Observer {
 public:
  virtual ~Observer() = default;

  /// `call` as validated; `answer` as the caller gets it. Neither holds a credential of the
  /// connection.
  virtual void on_answer(const Call& call, const Answer& answer) = 0;
  virtual void on_error(const Call& call, const Error& error) = 0;
};

}  // namespace penstock
