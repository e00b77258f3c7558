#pragma once

// A vendor that does as a test tells it, and an engine that reaches it as api.hibob.com.

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include <penstock/engine.hpp>

#include "../unit/upstream_tls_server.hpp"

namespace penstock::testing {

/// Answers 200 at once, but for /slow…: those wait for release().
class LocalVendor {
 public:
  explicit LocalVendor(const std::string& host = "api.hibob.com")
      : server_([this](upstream::TlsStream& stream) { talk(stream); }, host) {}
  ~LocalVendor() { release(); }

  std::string address() const { return server_.address(); }
  int requests() const { return server_.requests; }
  int connections() const { return server_.connections; }

  /// Waits until that many requests have arrived.
  void wait_for_requests(int count) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return count_ >= count; });
  }

  /// From now on slow answers come.
  void release() {
    const std::scoped_lock lock(mutex_);
    released_ = true;
    arrived_.notify_all();
  }

 private:
  void talk(upstream::TlsStream& stream) {
    for (;;) {
      const std::string request = server_.read_request(stream);
      if (request.empty()) return;
      std::unique_lock lock(mutex_);
      ++count_;
      arrived_.notify_all();
      if (request.find(" /v1/slow") != std::string::npos)
        arrived_.wait(lock, [&] { return released_; });
      lock.unlock();
      upstream::Server::send(stream, upstream::Server::ok("{}"));
    }
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  int count_ = 0;
  bool released_ = false;
  upstream::Server server_;
};

inline std::string local_yaml(const LocalVendor& vendor,
                              const std::string& plugins = PENSTOCK_BINARY_DIR "/plugins") {
  return "server: { api_keys: [{ name: a, key: b }] }\nplugins: { directory: '" + plugins +
         "' }\nintegrations:\n" + "  - id: hibob:acme\n    tool: hibob\n    max_in_flight: 1000\n" +
         "    connection: { service_user_id: a, token: b }\n" + "    upstream: { connect_to: '" +
         vendor.address() + "', ca_file: '" + upstream::authority().file.string() + "' }\n";
}

/// An engine on a store in memory.
inline std::unique_ptr<Engine> open_engine(const std::string& yaml, EngineOptions options = {}) {
  auto config = parse_config(yaml, "integrations.yaml", std::filesystem::temp_directory_path());
  if (!config) throw std::runtime_error(config.error().front().text());
  if (!options.store) options.store = make_memory_store();
  if (options.threads == 0) options.threads = 2;
  auto engine = Engine::open(*std::move(config), std::move(options));
  if (!engine) throw std::runtime_error(engine.error().front().text());
  return *std::move(engine);
}

inline std::unique_ptr<Engine> local_engine(const LocalVendor& vendor, EngineOptions options = {}) {
  return open_engine(local_yaml(vendor), std::move(options));
}

inline Call hibob_call(const std::string& path = "/people", const std::string& method = "GET") {
  Call call;
  call.tool = "hibob";
  call.api = "v1";
  call.integration_id = "hibob:acme";
  call.method = method;
  call.path = path;
  if (method == "POST") {
    call.body = "{}";
    call.body_is_json = true;
  }
  return call;
}

/// Fails before anything is sent.
inline Call invalid_call() {
  Call call = hibob_call();
  call.api = "no-such-api";
  return call;
}

}  // namespace penstock::testing
