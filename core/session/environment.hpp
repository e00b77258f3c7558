#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/credential_store.hpp>
#include <penstock/error.hpp>

#include "base/url.hpp"
#include "host/invocation.hpp"

namespace penstock::session {

struct FetchRequest {
  std::string method;
  Url url;
  Headers headers;
  std::string body;
};

struct FetchResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

/// The side effects of a renewal: clock, entropy, network, timers and the store. The engine has one
/// environment per loop; tests use a simulated one. Each handler runs exactly once, on the
/// environment's own thread, never inside the call that takes it.
class Environment {
 public:
  virtual ~Environment() = default;

  virtual std::int64_t now_unix_ms() = 0;
  virtual std::array<std::uint8_t, 32> entropy() = 0;
  virtual void fetch(FetchRequest request, std::function<void(Result<FetchResponse>)> handler) = 0;

  virtual void wait(std::chrono::milliseconds time, std::function<void()> handler) = 0;

  /// RenewalGate::enter(), called before a renewal saves its intent. Null: do not renew.
  virtual std::shared_ptr<void> begin_exchange() = 0;

  // The CredentialStore functions of the same names, run off the loop.

  virtual void save(std::string key, StoredState state, std::uint64_t fence,
                    std::function<void(Result<std::uint64_t>)> handler) = 0;
  virtual void lease(std::string key,
                     std::function<void(Result<std::optional<Lease>>)> handler) = 0;
  virtual void extend(std::string key, std::uint64_t fence,
                      std::function<void(Result<bool>)> handler) = 0;
  virtual void release(std::string key, std::uint64_t fence) = 0;

  /// Writes a log line of the plugin, with secrets already redacted.
  virtual void log(const host::Instance& /*plugin*/, host::LogText /*line*/) {}
};

}  // namespace penstock::session
