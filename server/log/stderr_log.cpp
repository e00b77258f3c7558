// The one file that includes spdlog.
#include <memory>

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "log/call_log.hpp"

namespace penstock::server {

LogSink open_stderr_log() {
  constexpr std::size_t most_waiting_lines = 8192;
  spdlog::init_thread_pool(most_waiting_lines, 1);
  auto logger = spdlog::create_async_nb<spdlog::sinks::stderr_sink_mt>(
      "penstock");  // nb: overwrite the oldest, never wait
  logger->set_pattern("%v");
  return [logger = std::move(logger)](const std::string& line) {
    logger->info(spdlog::string_view_t(line));
  };
}

void close_stderr_log() { spdlog::shutdown(); }

}  // namespace penstock::server
