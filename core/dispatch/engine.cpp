#include <penstock/engine.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "dispatch/call_run.hpp"
#include "dispatch/draft.hpp"
#include "dispatch/loop.hpp"
#include "dispatch/preview.hpp"

namespace penstock {

using dispatch::CallContext;
using dispatch::CallRun;
using dispatch::Integration;
using dispatch::Loop;
using dispatch::World;

struct Engine::Impl {
  Impl(Config config_in, loader::StagingFolder staging_in)
      : config(std::move(config_in)), staging(std::move(staging_in)) {}

  Config config;
  loader::StagingFolder staging;
  std::shared_ptr<CredentialStore> store;
  std::vector<std::shared_ptr<Observer>> observers;
  std::shared_ptr<const World> world;
  boost::asio::thread_pool blocking{1};
  std::vector<std::unique_ptr<Loop>> loops;
  std::atomic<std::size_t> next_loop{0};

  void leave() {
    if (in_flight.fetch_sub(1) != 1 || !stopping) return;
    const std::scoped_lock lock(mutex);
    idle.notify_all();
  }

  std::atomic<std::size_t> in_flight{0};
  std::atomic<bool> stopping{false};
  std::mutex mutex;  ///< of idle alone
  std::condition_variable idle;
};

namespace {

std::shared_ptr<const World> make_world(const Config& config,
                                        std::shared_ptr<const loader::PluginSet> plugins,
                                        CredentialStore& store, ConfigProblems& problems) {
  auto world = std::make_shared<World>();
  world->plugins = std::move(plugins);
  for (const IntegrationConfig& integration : config.integrations) {
    auto made = Integration::make(config, integration, *world->plugins, store, problems);
    if (made) world->integrations.emplace(integration.id, std::move(made));
  }
  return world;
}

}  // namespace

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Engine>, ConfigProblems> Engine::open(Config config, EngineOptions options) {
  const auto problem = [&](std::string message) {
    return failure(ConfigProblems{{config.file, {}, std::move(message)}});
  };
  auto staging = loader::StagingFolder::make();
  if (!staging) return problem(staging.error());
  if (!options.store) {
    auto store = open_sqlite_store(config.state);
    if (!store) return problem(store.error().message);
    options.store = *std::move(store);
  }
  auto plugins = loader::PluginSet::load(config.plugins, config.file, *staging);
  if (!plugins) return failure(std::move(plugins).error());
  ConfigProblems problems;
  auto world = make_world(config, *plugins, *options.store, problems);
  if (!problems.empty()) return failure(std::move(problems));

  const int wanted = options.threads > 0 ? options.threads : config.server.threads;
  const unsigned threads = wanted > 0 ? static_cast<unsigned>(wanted)
                                      : std::max(1U, std::thread::hardware_concurrency());
  auto impl = std::make_unique<Impl>(std::move(config), *std::move(staging));
  impl->store = std::move(options.store);
  impl->observers = std::move(options.observers);
  impl->world = std::move(world);
  for (unsigned i = 0; i < threads; ++i)
    impl->loops.push_back(std::make_unique<Loop>());
  for (const auto& loop : impl->loops)
    loop->start();
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::~Engine() {
  stop(std::chrono::milliseconds(0));
  // Handlers still queued on a loop may hold calls, which hold the world: loops first.
  impl_->loops.clear();
}

void Engine::start(Call call, CallHandler handler) {
  // Counted before the question: stop() either sees this call or this call sees stop().
  impl_->in_flight.fetch_add(1);
  if (impl_->stopping) {
    impl_->leave();
    Error error = engine_failed("the engine is stopping", Phase::route, Sent::no);
    error.http_status = 503;
    error.retryable = true;
    error.retry_after = std::chrono::seconds(1);
    return handler(failure(std::move(error)));
  }
  CallHandler counted = [impl = impl_.get(), handler = std::move(handler)](Result<Answer> result) {
    handler(std::move(result));
    impl->leave();
  };
  Loop* loop = Loop::current();
  const bool here = loop != nullptr && std::ranges::any_of(impl_->loops, [&](const auto& own) {
                      return own.get() == loop;
                    });
  if (!here) loop = impl_->loops[impl_->next_loop++ % impl_->loops.size()].get();
  const CallContext context{impl_->world, &impl_->config, impl_->store, &impl_->blocking,
                            &impl_->observers};
  const auto run = std::make_shared<CallRun>(context, *loop, std::move(call), std::move(counted));
  if (here) return run->start();
  boost::asio::post(loop->context(), [run] { run->start(); });
}

Result<Preview> Engine::validate(const Call& call) const {
  return dispatch::preview(*impl_->world, call);
}

std::vector<ApiInfo> Engine::catalog() const { return impl_->world->plugins->catalog(); }

std::vector<PluginInfo> Engine::plugins() const { return impl_->world->plugins->infos(); }

std::vector<IntegrationInfo> Engine::integrations() const {
  std::vector<IntegrationInfo> out;
  for (const IntegrationConfig& config : impl_->config.integrations) {
    IntegrationInfo info{
        config.id, config.tool, config.enabled, {}, config.enabled ? "ok" : "disabled"};
    const auto& integration = impl_->world->integrations.at(config.id);
    for (const loader::Plugin* plugin : impl_->world->plugins->of_tool(config.tool)) {
      for (const catalog::Api& api : plugin->manifest().apis) {
        if (integration->missing(api, plugin->manifest().id).empty()) info.apis.push_back(api.id());
      }
    }
    out.push_back(std::move(info));
  }
  return out;
}

const Config& Engine::config() const { return impl_->config; }

std::size_t Engine::loops() const { return impl_->loops.size(); }

boost::asio::io_context& Engine::loop(std::size_t index) { return impl_->loops[index]->context(); }

void Engine::stop(std::chrono::milliseconds grace) {
  {
    std::unique_lock lock(impl_->mutex);
    impl_->stopping = true;
    impl_->idle.wait_for(lock, grace, [&] { return impl_->in_flight == 0; });
  }
  for (const auto& loop : impl_->loops)
    loop->stop();
  impl_->blocking.join();
}

}  // namespace penstock
