#pragma once

#include <cstdint>
#include <string>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

namespace penstock {

/// A line that a plugin wrote, or how many it wrote too much.
struct PluginLog {
  std::string plugin;          ///< "workday_rest 1.0.0"
  std::string integration_id;  ///< whose connection it worked for
  int level = 1;               ///< 0 debug, 1 info, 2 warning, 3 error
  std::string text;            ///< without a credential of the connection or its session
  std::uint64_t dropped = 0;   ///< lines of this plugin before this one that were too many
};

/// Sees every finished call; for logs, history and metrics. [engine loop threads, concurrent; must
/// not block; an exception is caught and told to EngineOptions::on_trouble]
class Observer {
 public:
  virtual ~Observer() = default;

  /// `call` as validated; `answer` as the caller gets it. Neither holds a credential of the
  /// connection.
  virtual void on_response(const Call& call, const Response& answer) = 0;
  virtual void on_error(const Call& call, const Error& error) = 0;

  /// What a plugin logs: at most ten lines a second of each.
  virtual void on_plugin_log(const PluginLog& /*line*/) {}
};

}  // namespace penstock
