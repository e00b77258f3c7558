#pragma once

#include <cstdint>
#include <string>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

namespace penstock {

/// A log line written by a plugin.
struct PluginLog {
  std::string plugin;          ///< "workday_rest 1.0.0"
  std::string integration_id;  ///< the integration that the plugin worked for
  int level = 1;               ///< 0 debug, 1 info, 2 warning, 3 error
  std::string text;            ///< secrets of the connection and its session are redacted
  /// Number of lines dropped before this one by the plugin's rate limit.
  std::uint64_t dropped = 0;
};

/// Sees every finished call; for logs, history and metrics. [engine loop threads, concurrent; must
/// not block; exceptions are caught and reported to EngineOptions::on_trouble]
class Observer {
 public:
  virtual ~Observer() = default;

  /// Exactly one of the two is called per finished call. `call` as validated, `answer` as the
  /// caller gets it. Neither contains a credential of the connection.
  virtual void on_response(const Call& call, const Response& answer) = 0;
  virtual void on_error(const Call& call, const Error& error) = 0;

  /// A log line of a plugin. At most ten lines per second and plugin.
  virtual void on_plugin_log(const PluginLog& /*line*/) {}
};

}  // namespace penstock
