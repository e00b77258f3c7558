#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/catalog.hpp>
#include <penstock/error.hpp>
#include <penstock/proxy.hpp>

namespace penstock {
class Engine;
}

namespace penstock::server {

/// The engine interface that the API handler uses. Thread-safe.
class CallPort {
 public:
  virtual ~CallPort() = default;

  /// `handler` runs once, on any thread.
  virtual void start(Call call, std::function<void(Result<Response>)> handler) = 0;
  virtual void proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) = 0;
  virtual Result<Preview> validate(const Call& call) const = 0;
  virtual void validate(Call call, std::function<void(Result<Preview>)> handler) {
    handler(validate(call));
  }
  virtual void validate_with_session(Call call, std::function<void(Result<Preview>)> handler) = 0;
  virtual void verify(const std::string& integration_id,
                      std::function<void(Result<std::vector<ProbeResult>>)> handler) = 0;
  virtual std::vector<ApiInfo> catalog() const = 0;
  virtual std::vector<IntegrationInfo> integrations() const = 0;

  /// The reasons why the engine is not fully operational, as sentences; empty if it is.
  virtual std::vector<std::string> out_of_service() const { return {}; }
};

/// The implementation on an Engine, which must outlive it.
class EnginePort final : public CallPort {
 public:
  explicit EnginePort(Engine& engine) : engine_(engine) {}

  void start(Call call, std::function<void(Result<Response>)> handler) override;
  void proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) override;
  Result<Preview> validate(const Call& call) const override;
  void validate(Call call, std::function<void(Result<Preview>)> handler) override;
  void validate_with_session(Call call, std::function<void(Result<Preview>)> handler) override;
  void verify(const std::string& integration_id,
              std::function<void(Result<std::vector<ProbeResult>>)> handler) override;
  std::vector<ApiInfo> catalog() const override;
  std::vector<IntegrationInfo> integrations() const override;
  std::vector<std::string> out_of_service() const override;

 private:
  Engine& engine_;
};

}  // namespace penstock::server
