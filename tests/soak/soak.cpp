// Whether the cost of a call depends on what its connection, its integration or the process has had
// before: calls of all kinds over a few kept connections, and what the server has and uses after
// each part of them. The server runs in this process; callers and vendors have their own.
//
//   penstock-soak [--calls 2000000 | --seconds 60] [--connections 8] [--cpu-tolerance 5]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <penstock/engine.hpp>

#include "api/api_handler.hpp"
#include "callers.hpp"
#include "http/connection.hpp"
#include "http/http_server.hpp"
#include "meter.hpp"
#include "vendor.hpp"

#include "../unit/upstream_tls_server.hpp"

namespace penstock::soak {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int intervals_in_all = 50;

struct Options {
  std::uint64_t calls = 2'000'000;
  std::uint64_t seconds = 0;  ///< instead of `calls`
  int connections = 8;
  Tolerance tolerance;
};

Options options_of(int count, char** words) {
  Options out;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = words[i];
    const auto value = std::strtoull(words[i + 1], nullptr, 10);
    if (name == "--calls") out.calls = value;
    if (name == "--seconds") out.seconds = value;
    if (name == "--connections") out.connections = static_cast<int>(value);
    if (name == "--cpu-tolerance") out.tolerance.cpu = static_cast<double>(value);
  }
  return out;
}

std::string yaml_of(const VendorProcess& vendor, const std::filesystem::path& folder) {
  const std::string ca = upstream::authority().file.string();
  const auto upstream = [&](const std::string& address, const std::string& more = "") {
    return "    upstream: { connect_to: '" + address + "', ca_file: '" + ca + "'" + more + " }\n";
  };
  return "server: { api_keys: [{ name: soak, key: soak }] }\n"
         "plugins: { directory: '" PENSTOCK_BINARY_DIR "/plugins' }\n"
         "state: '" +
         (folder / "state").string() +
         "'\nintegrations:\n"
         "  - id: hibob:soak\n    tool: hibob\n    connection: { service_user_id: S, token: t }\n" +
         upstream(vendor.hibob()) +
         "  - id: hibob:hung\n    tool: hibob\n    connection: { service_user_id: S, token: t }\n" +
         upstream(vendor.hibob(), ", timeout_ms: 100") +
         "  - id: hibob:upload\n    tool: hibob\n"
         "    connection: { service_user_id: S, token: t }\n" +
         upstream(vendor.hibob(), ", allow_private_addresses: true") +
         "  - id: workday:soak\n    tool: workday\n    connection:\n"
         "      domain: " +
         VendorProcess::workday_host +
         "\n      tenant: acme\n      client_id: c\n      client_secret: s\n"
         "      refresh_token: " +
         VendorProcess::first_refresh_token + "\n" + upstream(vendor.workday());
}

/// The server as `penstock serve` puts it together, its log going nowhere.
class Server {
 public:
  Server(const VendorProcess& vendor, const std::filesystem::path& folder) {
    auto config = parse_config(yaml_of(vendor, folder), "soak.yaml", folder);
    if (!config) fail(config.error().front().text());
    auto opened = Engine::open(*std::move(config));
    if (!opened) fail(opened.error().front().text());
    engine_ = *std::move(opened);
    const ServerConfig& settings = engine_->config().server;
    api_ = std::make_unique<server::ApiHandler>(
        *engine_, settings, *server::AllowedNetworks::parse(settings.allowed_networks), log_);
    std::vector<boost::asio::io_context*> loops;
    for (std::size_t i = 0; i < engine_->loops(); ++i)
      loops.push_back(&engine_->loop(i));
    auto http = server::HttpServer::open(loops, "127.0.0.1:0", *api_, limits_);
    if (!http) fail(http.error());
    http_ = *std::move(http);
  }
  ~Server() {
    http_->stop();
    engine_->stop(std::chrono::milliseconds(0));
    server::close_stderr_log();
  }

  std::uint16_t port() const { return static_cast<std::uint16_t>(http_->port()); }

 private:
  [[noreturn]] static void fail(const std::string& why) {
    std::printf("penstock-soak: %s\n", why.c_str());
    std::exit(2);
  }

  server::LogSink log_ = server::open_stderr_log();
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<server::ApiHandler> api_;
  server::HttpLimits limits_;
  std::unique_ptr<server::HttpServer> http_;
};

/// Calls whose caller has gone end a little later than the batch: read when nothing moves any more.
ParsedConfig settled_reading() {
  ParsedConfig last = read_meter();
  for (int i = 0; i < 40; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const ParsedConfig now = read_meter();
    const bool quiet = now.blocks == last.blocks && now.descriptors == last.descriptors;
    last = now;
    if (quiet && i > 1) break;
  }
  return last;
}

Interval run_interval(CallerProcess& callers, std::uint64_t calls, std::uint64_t& wrong) {
  const double before = read_meter().cpu_us;
  wrong += callers.run(calls);
  const double after = read_meter().cpu_us;
  return {calls, (after - before) / static_cast<double>(calls), settled_reading()};
}

int run(const Options& options) {
  // The children first: they are to have nothing of the server's.
  const VendorProcess vendor;
  CallerProcess callers(options.connections);
  std::string pattern = (std::filesystem::temp_directory_path() / "penstock-soak-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return 2;
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDERR_FILENO);
  ::close(nowhere);

  std::uint64_t wrong = 0;
  std::vector<Interval> intervals;
  {
    const Server server(vendor, pattern);
    callers.connect_to(server.port(), vendor.files_port());
    // Until every kind has been there and all pools are warm.
    constexpr std::uint64_t warm_up = 60'000;
    const auto began = Clock::now();
    wrong += callers.run(warm_up);
    const double rate =
        static_cast<double>(warm_up) / std::chrono::duration<double>(Clock::now() - began).count();
    const auto calls =
        options.seconds == 0
            ? options.calls
            : static_cast<std::uint64_t>(rate * static_cast<double>(options.seconds) * 0.8);
    const std::uint64_t each = std::max<std::uint64_t>(calls / intervals_in_all, 100);
    for (int i = 0; i < intervals_in_all; ++i)
      intervals.push_back(run_interval(callers, each, wrong));
  }
  std::filesystem::remove_all(pattern);
  bool good = report(intervals, options.tolerance);
  if (wrong > 0)
    std::printf("%llu calls ended otherwise than they should\n",
                static_cast<unsigned long long>(wrong));
  return good && wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace penstock::soak

int main(int count, char** words) {
  return penstock::soak::run(penstock::soak::options_of(count, words));
}
