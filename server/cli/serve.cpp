#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "api/api_handler.hpp"
#include "cli/commands.hpp"
#include "cli/stop_signals.hpp"
#include "http/connection.hpp"
#include "http/http_server.hpp"
#include "log/plugin_log.hpp"

namespace penstock::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto grace = 30s;  ///< for the calls in flight at shutdown

/// Raises the descriptor limit to its maximum. Half of it is for clients, the rest for vendors and
/// files.
std::size_t client_connections() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  getrlimit(RLIMIT_NOFILE, &files);
  return std::clamp<std::size_t>(files.rlim_cur / 2, 16, server::HttpLimits{}.connections);
}

class ProcessLog {
 public:
  ProcessLog() : sink_(server::open_stderr_log()) {}
  ~ProcessLog() {
    sink_ = nullptr;
    server::close_stderr_log();
  }

  const server::LogSink& sink() const { return sink_; }
  void say(std::string_view event, std::string_view message,
           server::Level level = server::Level::info) const {
    sink_(server::log_line(level, event, message, std::chrono::system_clock::now()));
  }

 private:
  server::LogSink sink_;
};

bool asks_for_end(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT; }

/// Waits for a signal that requests shutdown. SIGHUP is not one: a closing terminal sends it, or a
/// supervisor that wants the configuration read again.
void wait_for_end(const StopSignals& signals, const ProcessLog& log) {
  while (true) {
    const int signal = signals.wait();
    if (asks_for_end(signal)) return;
    if (signal == SIGHUP) {
      log.say(
          "ignored",
          "SIGHUP is ignored: the configuration is read only at startup; restart to read it again");
    }
  }
}

void drain(const server::HttpServer& http, const StopSignals& signals) {
  const auto end = server::Clock::now() + grace;
  while (http.connections() > 0 && server::Clock::now() < end) {
    const int signal = signals.wait_for(50ms);
    if (asks_for_end(signal)) return;  // The second request: stop at once.
  }
}

int run(Engine& engine, const std::string& listen, const StopSignals& signals,
        const ProcessLog& log) {
  const ServerConfig& config = engine.config().server;
  auto networks = server::AllowedNetworks::parse(config.allowed_networks);
  if (!networks) {
    std::cerr << "penstock serve: " << networks.error() << '\n';
    return exit_failed;
  }
  server::ApiHandler handler(engine, config, std::move(*networks), log.sink());
  std::vector<boost::asio::io_context*> loops;
  for (std::size_t i = 0; i < engine.loops(); ++i)
    loops.push_back(&engine.loop(i));
  server::HttpLimits limits;
  limits.connections = client_connections();
  auto http = server::HttpServer::open(loops, listen, handler, limits);
  if (!http) {
    std::cerr << "penstock serve: " << http.error() << '\n';
    engine.stop(0ms);
    return exit_failed;
  }
  for (const ConfigProblem& note : engine.notes())
    log.say("note", note.text());
  for (const std::string& address : (*http)->addresses())
    log.say("listening", "http://" + address);
  wait_for_end(signals, log);
  log.say("stopping", "finishing the calls in flight");
  handler.begin_draining();
  (*http)->stop();
  drain(**http, signals);
  engine.stop(0ms);
  log.say("stopped", "");
  return exit_done;
}

}  // namespace

int serve(const CommandLine& line) {
  const StopSignals signals;
  const ProcessLog log;
  // Nothing needs an orderly shutdown yet, and a plugin's constructor may hang.
  signals.let_ends_through();
  const auto engine = open_engine(
      line, true, 0,
      [&log](std::string_view sentence) { log.say("trouble", sentence, server::Level::error); },
      {std::make_shared<server::PluginLogLines>(log.sink())});
  signals.hold();
  if (!engine) return exit_failed;
  return run(*engine, line.listen.empty() ? engine->config().server.listen : line.listen, signals,
             log);
}

}  // namespace penstock::cli
