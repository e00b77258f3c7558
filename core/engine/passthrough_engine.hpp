#pragma once

#include <memory>

#include "engine/engine_core.hpp"

namespace penstock::engine {

/// The Engine that Engine::open() returns.
class PassthroughEngine final : public Engine {
 public:
  explicit PassthroughEngine(std::unique_ptr<EngineCore> core);
  ~PassthroughEngine() override;

  void start(Call call, CallHandler handler) override;
  void proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) override;
  Result<Preview> validate(const Call& call) const override;
  void validate(Call call, PreviewHandler handler) override;
  void validate_with_session(Call call, PreviewHandler handler) override;
  void verify(const std::string& integration_id, VerifyHandler handler) override;
  std::vector<ApiInfo> catalog() const override;
  std::vector<PluginInfo> plugins() const override;
  std::vector<IntegrationInfo> integrations() const override;
  const Config& config() const override { return core_->config; }
  const ConfigProblems& notes() const override { return core_->notes; }
  std::size_t loops() const override { return core_->loops.size(); }
  boost::asio::io_context& loop(std::size_t index) override {
    return core_->loops[index]->context();
  }
  void stop(std::chrono::milliseconds grace) override { core_->stop(grace); }
  std::vector<std::string> out_of_service() const override;

 private:
  void launch(Call call, detail::CompletionPtr<Result<Response>> completion,
              std::shared_ptr<detail::CancelRequest> cancel) override;

  std::unique_ptr<EngineCore> core_;
};

}  // namespace penstock::engine
