#pragma once

#include <chrono>
#include <string>
#include <utility>

#include <penstock/observer.hpp>
#include <penstock/text.hpp>

#include "log/call_log.hpp"

namespace penstock::server {

/// Writes what plugins log as log lines with the event "plugin_log". Calls are logged separately.
class PluginLogLines final : public Observer {
 public:
  explicit PluginLogLines(LogSink sink) : sink_(std::move(sink)) {}

  void on_response(const Call&, const Response&) override {}
  void on_error(const Call&, const Error&) override {}
  void on_plugin_log(const PluginLog& line) override {
    constexpr Level levels[] = {Level::debug, Level::info, Level::warn, Level::error};
    const Level level = levels[line.level < 0 || line.level > 3 ? 1 : line.level];
    std::string message = line.plugin + " for " + line.integration_id + ": " + line.text;
    if (line.dropped > 0)
      message += " (" + quantity(line.dropped, "line") + " before it " +
                 (line.dropped == 1 ? "was" : "were") + " too many)";
    sink_(log_line(level, "plugin_log", message, std::chrono::system_clock::now()));
  }

 private:
  LogSink sink_;
};

}  // namespace penstock::server
