#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <penstock/error.hpp>

namespace penstock::server {

/// What an operator does about a line: nothing (`debug` is for the authors of plugins); look at it
/// when it comes often (a call that we or the vendor refused, or the vendor's or the network's
/// trouble); mend the engine or a plugin.
enum class Level : std::uint8_t { debug, info, warn, error };

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
  std::optional<Error> error;  ///< its message too, which holds no secret
};

/// One line of JSON, without a line end. Everything beyond printable ASCII is escaped, so that no
/// value can forge a line, colour a terminal or turn its reading direction.
std::string log_line(const CallRecord& record, std::chrono::system_clock::time_point now);

/// A line `slow_client` for a connection that was closed because of its client: `request` says
/// whose it was and what it was about, as far as that is known.
std::string slow_client_line(const CallRecord& request, std::string_view message,
                             std::chrono::system_clock::time_point now);

/// A line about the process itself: `{"ts":…,"level":"info","event":"listening","message":…}`.
std::string log_line(Level level, std::string_view event, std::string_view message,
                     std::chrono::system_clock::time_point now);

/// Takes finished lines. [any-thread; must not block]
using LogSink = std::function<void(std::string line)>;

/// Writes lines to standard error from a thread of its own, many at a time, within 50 ms. Where its
/// reader is slow or gone, up to 8 MiB wait; what is beyond is lost, and a line `lines_lost` says
/// how many, rather than that a call or the end of the process waits. One per process.
LogSink open_stderr_log();

/// Writes what is waiting, for half a second at most where nobody reads, and ends that thread.
void close_stderr_log();

}  // namespace penstock::server
