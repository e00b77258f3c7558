#include <penstock/engine.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/text.hpp"
#include "config/state_url.hpp"
#include "dispatch/call_run.hpp"
#include "dispatch/check.hpp"
#include "dispatch/draft.hpp"
#include "dispatch/health.hpp"
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

  /// Of a configuration as far as it was read; `reading` is used up.
  static Result<std::unique_ptr<Engine>, ConfigProblems> open(config::Reading& reading,
                                                              EngineOptions options);

  Config config;
  ConfigProblems notes;
  loader::StagingFolder staging;
  std::shared_ptr<CredentialStore> store;
  std::vector<std::shared_ptr<Observer>> observers;
  std::shared_ptr<const World> world;
  boost::asio::thread_pool blocking{1};
  const std::shared_ptr<session::RenewalGate> renewals = std::make_shared<session::RenewalGate>();
  std::vector<std::unique_ptr<Loop>> loops;
  std::atomic<std::size_t> next_loop{0};

  /// Starts a call on the loop that this is, or on the next one.
  template <class Asked, class Told>
  void run(Asked call, Told told) {
    Loop* loop = Loop::current();
    const bool here = loop != nullptr && std::ranges::any_of(loops, [&](const auto& own) {
                        return own.get() == loop;
                      });
    if (!here) loop = loops[next_loop++ % loops.size()].get();
    const CallContext context{world, &config, store, &blocking, renewals, &observers, hold()};
    const auto made = std::make_shared<CallRun>(context, *loop, std::move(call), std::move(told));
    if (here) return made->start();
    boost::asio::post(loop->context(), [made] { made->start(); });
  }

  std::function<std::shared_ptr<void>()> hold() {
    return [this] {
      in_flight.fetch_add(1);
      return std::shared_ptr<void>(nullptr, [this](void*) { leave(); });
    };
  }

  /// Counted before the question: stop() either sees this call or this call sees stop().
  bool enter() {
    in_flight.fetch_add(1);
    if (!stopping) return true;
    leave();
    return false;
  }

  void leave() {
    if (in_flight.fetch_sub(1) != 1 || !stopping) return;
    const std::scoped_lock lock(mutex);
    idle.notify_all();
  }

  /// Ends the sessions that the vendors count. What other replicas use goes on.
  void log_out() {
    if (store->is_shared()) return;
    Loop& loop = *loops.front();
    for (const auto& [id, integration] : world->integrations) {
      for (const loader::Plugin* plugin : world->plugins->of_tool(integration->config().tool)) {
        for (const catalog::Api& api : plugin->manifest().apis) {
          if (!api.session || !api.session->logout) continue;
          session::Need need;
          need.plugin = std::shared_ptr<const host::Instance>(world->plugins, &plugin->instance());
          need.format = api.session->format;
          boost::asio::post(loop.context(), [state = integration->state(plugin->manifest().id),
                                             need = std::move(need),
                                             session_world = std::make_shared<dispatch::LoopWorld>(
                                                 loop, integration, store, blocking, renewals, hold()())] {
            state->log_out(need, session_world, [] {});
          });
        }
      }
    }
  }

  std::atomic<std::size_t> in_flight{0};
  std::atomic<bool> stopping{false};
  bool logged_out = false;
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

Error stopping_error() {
  Error error = engine_failed("the engine is stopping", Phase::route, Sent::no);
  error.http_status = 503;
  error.retryable = true;
  error.retry_after = std::chrono::seconds(1);
  return error;
}

std::vector<std::string> ids(const Config& config) {
  std::vector<std::string> out;
  for (const IntegrationConfig& integration : config.integrations)
    out.push_back(integration.id);
  return out;
}

/// Passes everything on, and counts the call as long as it lasts.
class CountedPeer final : public ProxyPeer {
 public:
  CountedPeer(std::shared_ptr<ProxyPeer> peer, std::function<void()> leave)
      : peer_(std::move(peer)), leave_(std::move(leave)) {}

  void read(ReadHandler handler) override { peer_->read(std::move(handler)); }
  void interim(int status, std::vector<Field> headers) override {
    peer_->interim(status, std::move(headers));
  }
  void head(Answer head) override { peer_->head(std::move(head)); }
  void write(std::string piece, std::function<void(bool)> next) override {
    peer_->write(std::move(piece), std::move(next));
  }
  void finish(Result<ProxyEnd> end) override {
    peer_->finish(std::move(end));
    leave_();
  }

 private:
  std::shared_ptr<ProxyPeer> peer_;
  std::function<void()> leave_;
};

}  // namespace

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Engine>, ConfigProblems> Engine::open(Config config, EngineOptions options) {
  config::Reading reading;
  reading.config = std::move(config);
  reading.plugins = true;
  return Impl::open(reading, std::move(options));
}

Result<std::unique_ptr<Engine>, ConfigProblems> Engine::open_file(const std::filesystem::path& file,
                                                                  EngineOptions options) {
  config::Reading reading = config::read(file);
  dispatch::check_state(reading);
  return Impl::open(reading, std::move(options));
}

Result<std::unique_ptr<Engine>, ConfigProblems> Engine::Impl::open(config::Reading& reading,
                                                                   EngineOptions options) {
  const Config& config = reading.config;
  const auto problem = [&](Mark at, std::string message) {
    return failure(ConfigProblems{{config.file, at, std::move(message)}});
  };
  auto staging = loader::StagingFolder::make();
  if (!staging) return problem({}, staging.error());
  auto plugins = dispatch::check(reading, *staging);
  if (!reading.problems.empty()) return failure(config::finish(reading));
  if (!options.store) {
    auto store = config::is_postgresql_url(config.state) ? open_postgresql_store(config.state)
                                             : open_sqlite_store(config.state);
    if (!store) return problem(config.state_at, store.error().message);
    options.store = *std::move(store);
  }
  auto world = make_world(config, std::move(plugins), *options.store, reading.problems);
  if (!reading.problems.empty()) return failure(config::finish(reading));

  const int wanted = options.threads > 0 ? options.threads : config.server.threads;
  const unsigned threads = wanted > 0 ? static_cast<unsigned>(wanted)
                                      : std::max(1U, std::thread::hardware_concurrency());
  auto impl = std::make_unique<Impl>(std::move(reading.config), *std::move(staging));
  impl->notes = std::move(reading.notes);
  impl->store = std::move(options.store);
  impl->observers = std::move(options.observers);
  impl->world = std::move(world);
  for (unsigned i = 0; i < threads; ++i)
    impl->loops.push_back(std::make_unique<Loop>(static_cast<std::size_t>(threads)));
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
  if (!impl_->enter()) return handler(failure(stopping_error()));
  impl_->run(std::move(call),
             CallHandler([impl = impl_.get(), handler = std::move(handler)](Result<Answer> result) {
               handler(std::move(result));
               impl->leave();
             }));
}

void Engine::proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) {
  if (!impl_->enter()) return peer->finish(failure(stopping_error()));
  impl_->run(std::move(call), std::make_shared<CountedPeer>(
                                  std::move(peer), [impl = impl_.get()] { impl->leave(); }));
}

Result<Preview> Engine::validate(const Call& call) const {
  return dispatch::preview(*impl_->world, call);
}

void Engine::validate_with_session(Call call, PreviewHandler handler) {
  if (!impl_->enter()) return handler(failure(stopping_error()));
  impl_->run(std::move(call), PreviewHandler([impl = impl_.get(), handler = std::move(handler)](
                                                 Result<Preview> preview) {
               handler(std::move(preview));
               impl->leave();
             }));
}

std::vector<ApiInfo> Engine::catalog() const { return impl_->world->plugins->catalog(); }

std::vector<PluginInfo> Engine::plugins() const { return impl_->world->plugins->infos(); }

std::vector<IntegrationInfo> Engine::integrations() const {
  std::vector<IntegrationInfo> out;
  for (const IntegrationConfig& config : impl_->config.integrations) {
    out.push_back(dispatch::integration_info(*impl_->world->integrations.at(config.id),
                                             *impl_->world->plugins, dispatch::wall_clock_ms()));
  }
  return out;
}

void Engine::verify(const std::string& integration_id, VerifyHandler handler) {
  const auto found = impl_->world->integrations.find(integration_id);
  if (found == impl_->world->integrations.end() || !found->second->config().enabled) {
    return handler(
        failure(integration_not_found(found == impl_->world->integrations.end()
                                          ? "there is no integration \"" + integration_id + "\"" +
                                                did_you_mean(integration_id, ids(impl_->config))
                                          : "integration " + integration_id + " is disabled")));
  }
  auto trials = dispatch::trials_of(*found->second, *impl_->world->plugins);
  if (trials.empty()) return handler(std::vector<Check>());

  struct Verification {
    std::mutex mutex;
    std::vector<Check> checks;
    std::size_t left = 0;
    VerifyHandler handler;
  };
  const auto verification = std::make_shared<Verification>();
  verification->checks.resize(trials.size());
  verification->left = trials.size();
  verification->handler = std::move(handler);
  for (std::size_t i = 0; i < trials.size(); ++i) {
    start(trials[i].call, [verification, trial = trials[i], i](const Result<Answer>& result) {
      {
        const std::scoped_lock lock(verification->mutex);
        verification->checks[i] = dispatch::read_trial(trial, result);
        if (--verification->left > 0) return;
      }
      verification->handler(std::move(verification->checks));
    });
  }
}

const Config& Engine::config() const { return impl_->config; }

const ConfigProblems& Engine::notes() const { return impl_->notes; }

std::size_t Engine::loops() const { return impl_->loops.size(); }

boost::asio::io_context& Engine::loop(std::size_t index) { return impl_->loops[index]->context(); }

void Engine::stop(std::chrono::milliseconds grace) {
  const auto end = std::chrono::steady_clock::now() + grace;
  const auto wait_until_idle = [&] {
    std::unique_lock lock(impl_->mutex);
    impl_->stopping = true;
    return impl_->idle.wait_until(lock, end, [&] { return impl_->in_flight == 0; });
  };
  if (wait_until_idle() && grace.count() > 0 && !std::exchange(impl_->logged_out, true)) {
    impl_->log_out();
    wait_until_idle();
  }
  // What a vendor has answered, or is about to, is kept before the loops end that it comes by.
  impl_->renewals->close(session::longest_end);
  for (const auto& loop : impl_->loops)
    loop->stop();
  impl_->blocking.join();
}

}  // namespace penstock
