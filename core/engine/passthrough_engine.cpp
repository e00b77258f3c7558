#include "engine/passthrough_engine.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <penstock/text.hpp>

#include "call/dry_run.hpp"
#include "call/guarded_peer.hpp"
#include "call/streamed_response.hpp"
#include "call/whole_response.hpp"
#include "engine/verify.hpp"
#include "runtime/loop_environment.hpp"

namespace penstock::engine {
namespace {

std::vector<std::string> ids(const Config& config) {
  std::vector<std::string> out;
  for (const IntegrationConfig& integration : config.integrations)
    out.push_back(integration.id);
  return out;
}

class FunctionCompletion final : public detail::Completion<Result<Response>> {
 public:
  static detail::CompletionPtr<Result<Response>> make(Engine::CallHandler handler) {
    return detail::CompletionPtr<Result<Response>>(new FunctionCompletion(std::move(handler)));
  }

  void complete(Result<Response> result) override {
    const auto handler = std::move(handler_);
    delete this;
    handler(std::move(result));
  }
  void drop() noexcept override { delete this; }

 private:
  explicit FunctionCompletion(Engine::CallHandler handler) : handler_(std::move(handler)) {}
  ~FunctionCompletion() = default;

  Engine::CallHandler handler_;
};

}  // namespace

PassthroughEngine::PassthroughEngine(std::unique_ptr<EngineCore> core) : core_(std::move(core)) {}

PassthroughEngine::~PassthroughEngine() {
  if (!core_->on_own_thread()) {
    core_->shut_down(std::chrono::milliseconds(0));
    return;
  }
  // This thread must return to its loop before the loop can end.
  core_->stopping = true;
  runtime::start_engine_thread("penstock-end", nullptr,
                               [core = std::shared_ptr<EngineCore>(std::move(core_))] {
                                 core->shut_down(std::chrono::milliseconds(0));
                               })
      .detach();
}

void PassthroughEngine::launch(Call call, detail::CompletionPtr<Result<Response>> completion,
                               std::shared_ptr<detail::CancelRequest> cancel) {
  core_->run(std::move(call), std::make_unique<call::WholeResponse>(std::move(completion)),
             std::move(cancel));
}

void PassthroughEngine::start(Call call, CallHandler handler) {
  launch(std::move(call), FunctionCompletion::make(std::move(handler)), nullptr);
}

void PassthroughEngine::proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) {
  auto guarded = std::make_shared<call::GuardedPeer>(std::move(peer), core_->context.report_error);
  auto outlet = std::make_unique<call::StreamedResponse>(std::move(guarded), call);
  core_->run(std::move(call.call), std::move(outlet));
}

Result<Preview> PassthroughEngine::validate(const Call& call) const {
  return call::preview(*core_->registry, call);
}

void PassthroughEngine::validate(Call call, PreviewHandler handler) {
  if (!core_->enter()) return core_->refuse(std::move(handler), stopping_error());
  Loop& loop = core_->pick_loop();
  boost::asio::post(loop.context(), [&loop, made = std::make_shared<call::PreviewRun>(
                                                core_->context, core_->registry, std::move(call),
                                                std::move(handler))] { made->start(loop); });
}

void PassthroughEngine::validate_with_session(Call call, PreviewHandler handler) {
  core_->run(std::move(call), std::make_unique<call::DryRun>(std::move(handler)));
}

std::vector<ApiInfo> PassthroughEngine::catalog() const {
  return core_->registry->plugins->catalog();
}

std::vector<PluginInfo> PassthroughEngine::plugins() const {
  return core_->registry->plugins->infos();
}

std::vector<IntegrationInfo> PassthroughEngine::integrations() const {
  std::vector<IntegrationInfo> out;
  for (const IntegrationConfig& config : core_->config.integrations) {
    out.push_back(engine::integration_info(*core_->registry->integrations.at(config.id),
                                           *core_->registry->plugins, runtime::wall_clock_ms()));
  }
  return out;
}

void PassthroughEngine::verify(const std::string& integration_id, VerifyHandler handler) {
  const auto found = core_->registry->integrations.find(integration_id);
  if (found == core_->registry->integrations.end() || !found->second->config().enabled) {
    return core_->refuse(
        std::move(handler),
        integration_not_found(found == core_->registry->integrations.end()
                                  ? "there is no integration \"" + integration_id + "\"" +
                                        did_you_mean(integration_id, ids(core_->config))
                                  : "integration " + integration_id + " is disabled"));
  }
  auto probes = engine::probe_calls(*found->second, *core_->registry->plugins);
  if (probes.empty()) {
    return core_->post_auxiliary([core = core_.get(), handler = std::move(handler)] {
      run_guarded(core->context.report_error, "a handler",
                  [&] { handler(std::vector<ProbeResult>()); });
    });
  }

  struct Verification {
    std::mutex mutex;
    std::vector<ProbeResult> checks;
    std::size_t left = 0;
    VerifyHandler handler;
  };
  const auto verification = std::make_shared<Verification>();
  verification->checks.resize(probes.size());
  verification->left = probes.size();
  verification->handler = std::move(handler);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    start(probes[i].call, [verification, probe = probes[i], i](const Result<Response>& result) {
      {
        const std::scoped_lock lock(verification->mutex);
        verification->checks[i] = engine::probe_result(probe, result);
        if (--verification->left > 0) return;
      }
      verification->handler(std::move(verification->checks));
    });
  }
}

std::vector<std::string> PassthroughEngine::out_of_service() const {
  std::vector<std::string> out;
  for (const auto& plugin : core_->registry->plugins->plugins()) {
    if (plugin->instance().in_service()) continue;
    out.push_back("the plugin " + plugin->label() +
                  " is out of service until the next start: one of its functions did not return");
  }
  return out;
}

}  // namespace penstock::engine
