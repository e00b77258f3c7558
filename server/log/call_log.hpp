#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <penstock/error.hpp>

namespace penstock::server {

/// What an operator does about a line: nothing (`debug`, which is for plugin authors, and `info`);
/// look into it if it is frequent (`warn`: a call rejected by the engine or the vendor, or trouble
/// of the vendor or the network); fix the engine or a plugin (`error`).
enum class Level : std::uint8_t { debug, info, warn, error };

/// The content of one log line about a request. Never a header, a body, a query or a key.
struct CallRecord {
  std::string event = "request";  ///< "call", "proxy", "validate", "verify", "request", "refused"
  std::string request_id;
  std::string client;  ///< address
  std::string key;     ///< the API key's name
  std::string integration;
  std::string tool;
  std::string api;
  std::string method;  ///< of the call, or of the request if there is no call
  std::string path;    ///< logged without its query
  int http_status = 0;
  int vendor_status = 0;  ///< 0: no response
  std::string plugin;
  std::chrono::microseconds total{0};
  std::chrono::microseconds vendor{0};
  std::optional<Error> error;  ///< logged with its message, which holds no secret
};

/// One line of JSON, without a line end. Everything beyond printable ASCII is escaped, so that no
/// value can forge a line, colour a terminal or change its reading direction.
std::string log_line(const CallRecord& record, std::chrono::system_clock::time_point now);

/// A `slow_client` line for a connection that was closed because its client was too slow. `request`
/// identifies the caller and the request, as far as known.
std::string slow_client_line(const CallRecord& request, std::string_view message,
                             std::chrono::system_clock::time_point now);

/// A line about the process itself: `{"ts":…,"level":"info","event":"listening","message":…}`.
std::string log_line(Level level, std::string_view event, std::string_view message,
                     std::chrono::system_clock::time_point now);

/// Receives finished lines. [any-thread; must not block]
using LogSink = std::function<void(std::string line)>;

/// Writes lines to standard error from its own thread, in batches, within 50 ms. If the reader is
/// slow or gone, up to 8 MiB are queued. Lines beyond that are dropped, and a `lines_lost` line
/// reports how many, so that neither a call nor the end of the process waits. One per process.
LogSink open_stderr_log();

/// Writes the queued lines, gives up after half a second without progress, and ends the thread.
void close_stderr_log();

}  // namespace penstock::server
