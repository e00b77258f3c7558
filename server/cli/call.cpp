#include <chrono>
#include <csignal>
#include <future>
#include <iostream>
#include <iterator>
#include <memory>

#include <penstock/envelope.hpp>
#include <penstock/read_file.hpp>
#include <penstock/text.hpp>

#include "cli/commands.hpp"
#include "cli/stop_signals.hpp"
#include "log/plugin_log.hpp"

namespace penstock::cli {
namespace {

constexpr std::size_t max_data = std::size_t{1} << 30U;

/// An invalid command line; exit code 2.
struct UsageError {
  std::string message;
};

std::vector<Field> pairs(const std::vector<std::string>& texts, std::string_view flag) {
  std::vector<Field> out;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw UsageError{std::string(flag) + " takes name=value"};
    out.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return out;
}

Headers headers(const std::vector<std::string>& texts) {
  Headers out;
  for (const std::string& text : texts) {
    const std::size_t colon = text.find(':');
    if (colon == 0 || colon == std::string::npos) throw UsageError{"-H takes 'Name: value'"};
    const std::size_t value = text.find_first_not_of(' ', colon + 1);
    out.add(text.substr(0, colon), value == std::string::npos ? std::string() : text.substr(value));
  }
  return out;
}

std::string read_data(const std::string& data) {
  if (!data.starts_with('@')) return data;
  if (data == "@-") return {std::istreambuf_iterator<char>(std::cin), {}};
  auto read = read_file(data.substr(1), max_data);
  if (!read) throw UsageError{"-d " + data + ":" + read.error()};
  return *std::move(read);
}

/// Interpreted like the envelope's `data`: an object or an array is JSON, anything else is sent
/// raw.
void set_body(Call& call, const CommandLine& line) {
  if (!line.has_data) return;
  call.body = read_data(line.data);
  const std::size_t first = call.body->find_first_not_of(" \t\r\n");
  if (first == std::string::npos || ((*call.body)[first] != '{' && (*call.body)[first] != '['))
    return;
  const auto parsed = parse_envelope(R"({"method":"POST","path":"/","data":)" + *call.body + "}");
  if (!parsed) throw UsageError{"-d begins with { or [ but is not valid JSON"};
  call.body_is_json = true;
}

/// The named integration, or the only one that fits.
std::string integration_for(const CommandLine& line, const Config& config, std::string_view tool) {
  if (!line.integration.empty()) return line.integration;
  std::vector<std::string> fitting;
  for (const IntegrationConfig& integration : config.integrations) {
    if (integration.tool == tool && integration.enabled) fitting.push_back(integration.id);
  }
  if (fitting.size() == 1) return fitting.front();
  std::string message = "-i is needed: ";
  if (fitting.empty())
    message += "no enabled integration of " + std::string(tool) + " is configured";
  for (const std::string& id : fitting)
    message += (&id == &fitting.front() ? "one of " : ", ") + id;
  throw UsageError{message};
}

Call make_call(const CommandLine& line, const Config& config) {
  const std::size_t slash = line.target.find('/');
  if (slash == std::string::npos)
    throw UsageError{"the API is named tool/api, like hibob/v1; see penstock apis"};
  Call call;
  call.tool = line.target.substr(0, slash);
  call.api = line.target.substr(slash + 1);
  call.integration_id = integration_for(line, config, call.tool);
  call.method.clear();
  for (const char c : line.method)
    call.method += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  call.path = line.path;
  call.headers = headers(line.headers);
  call.params = pairs(line.queries, "-q");
  if (!line.options.empty()) call.api_options = options(pairs(line.options, "-o"));
  set_body(call, line);
  return call;
}

/// A signal that arrived before the response.
struct Interrupted {
  int signal;
};

/// Waits for the result that `start` passes to its handler, or for a signal.
template <class T, class Start>
Result<T> wait_for(const StopSignals& signals, Start start) {
  // Shared: after a signal the handler may run when nobody waits any more.
  const auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  start([promise](Result<T> result) {
    promise->set_value(std::move(result));
    StopSignals::wake();
  });
  const auto has_ended = [&] {
    return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  while (!has_ended()) {
    const int signal = signals.wait();
    if (signal != SIGUSR1) throw Interrupted{signal};
  }
  return future.get();
}

Result<Preview> rehearse(Engine& engine, Call call, bool with_session, const StopSignals& signals) {
  if (!with_session) return engine.validate(call);
  return wait_for<Preview>(signals, [&](auto handler) {
    engine.validate_with_session(std::move(call), std::move(handler));
  });
}

}  // namespace

int call(const CommandLine& line) {
  if (line.session && !line.dry_run) {
    std::cerr << "penstock call: --session needs --dry-run; a call always gets its session\n";
    return exit_usage;
  }
  const StopSignals signals;
  // Getting a session may consume the grant that it is made from: the replacement must be
  // persisted.
  const auto log = std::make_shared<server::PluginLogLines>(
      [](const std::string& text) { std::cerr << text + "\n"; });
  const auto engine = open_engine(line, !line.dry_run || line.session, 1, {}, {log});
  if (!engine) return exit_failed;
  std::string output;
  bool done = false;
  try {
    signals.let_through();  // the body may be read from a terminal
    Call asked = make_call(line, engine->config());
    signals.hold();
    if (line.dry_run) {
      const auto preview = rehearse(*engine, std::move(asked), line.session, signals);
      done = preview.has_value();
      output = done ? preview_json(*preview) : error_json(preview.error());
    } else {
      const auto answer = wait_for<Response>(
          signals, [&](auto handler) { engine->start(std::move(asked), std::move(handler)); });
      done = answer.has_value();
      output = done ? response_json(*answer, false) : error_json(answer.error());
    }
  } catch (const UsageError& error) {
    std::cerr << "penstock call: " << error.message << '\n';
    return exit_usage;
  } catch (const Interrupted& interrupted) {
    // The engine waits for a renewal in progress: its result must be persisted.
    engine->stop(std::chrono::milliseconds(0));
    return 128 + interrupted.signal;
  }
  std::cout << output << std::endl;
  engine->stop(std::chrono::milliseconds(0));
  return done ? exit_done : exit_failed;
}

}  // namespace penstock::cli
