#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <penstock/error.hpp>

namespace penstock::server {

/// What one log line says of a request. Never a header, a body, a query or a key.
struct CallRecord {
  std::string event = "request";  ///< "call", "validate", "request", "refused"
  std::string request_id;
  std::string client;  ///< address
  std::string key;     ///< the API key's name
  std::string integration;
  std::string tool;
  std::string api;
  std::string method;  ///< of the call, or of the request where there is no call
  std::string path;    ///< without its query
  int http_status = 0;
  int vendor_status = 0;  ///< 0: no answer
  std::string plugin;
  std::chrono::microseconds total{0};
  std::chrono::microseconds vendor{0};
  std::optional<Error> error;  ///< of it only code, origin, phase and sent are written
};

/// One line of JSON, without a line end. Everything beyond printable ASCII is escaped, so that no
/// value can forge a line, colour a terminal or turn its reading direction.
std::string log_line(const CallRecord& record, std::chrono::system_clock::time_point now);

/// A line about the process itself: `{"ts":…,"level":"info","event":"listening","message":…}`.
std::string log_line(std::string_view level, std::string_view event, std::string_view message,
                     std::chrono::system_clock::time_point now);

/// Takes finished lines. [any-thread; must not block]
using LogSink = std::function<void(std::string line)>;

/// Writes lines to standard error from a thread of its own, many at a time, within 50 ms; when that
/// cannot keep up, lines are lost, and counted, rather than calls delayed. One per process.
LogSink open_stderr_log();

/// Writes what is waiting and ends that thread.
void close_stderr_log();

}  // namespace penstock::server
