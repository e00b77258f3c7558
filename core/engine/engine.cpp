#include <penstock/engine.hpp>
#include <penstock/text.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <unistd.h>

#include "call/call_run.hpp"
#include "call/dry_run.hpp"
#include "call/prepared_call.hpp"
#include "config/reader/state_url.hpp"
#include "engine/config_check.hpp"
#include "engine/exit_guard.hpp"
#include "engine/verify.hpp"
#include "runtime/engine_thread.hpp"
#include "runtime/live_calls.hpp"
#include "runtime/loop.hpp"
#include "runtime/loop_environment.hpp"
#include "runtime/registry.hpp"
#include "runtime/watchdog.hpp"

namespace penstock {

using call::CallContext;
using call::CallRun;
using engine::ExitGuard;
using runtime::ErrorReporter;
using runtime::Integration;
using runtime::Loop;
using runtime::Registry;
using runtime::run_guarded;
using runtime::Watchdog;

namespace {

Error stopping_error() {
  Error error = engine_failed("the engine is stopping", Phase::route, Sent::no);
  error.http_status = 503;
  error.retryable = true;
  error.retry_after = std::chrono::seconds(1);
  return error;
}

/// How long shutdown waits for renewals if one of them may hang in its plugin.
constexpr auto hung_plugin_timeout = std::chrono::seconds(5);
/// How long exit() waits for each thread of the engine.
constexpr auto exit_timeout = std::chrono::seconds(2);
/// How long the destructor waits for handlers queued on `aside`.
constexpr auto auxiliary_timeout = std::chrono::seconds(1);

}  // namespace

struct Engine::Impl {
  Impl(config::ParsedConfig& reading, EngineOptions options,
       std::shared_ptr<const Registry> registry_in, unsigned threads);
  /// Call after shut_down(), and not on an engine thread.
  ~Impl();

  /// Opens an engine from a partially parsed config. Consumes `reading`.
  static Result<std::unique_ptr<Engine>, ConfigProblems> open(config::ParsedConfig& reading,
                                                              EngineOptions options);

  bool on_own_thread() const { return runtime::is_thread_of(this); }

  /// The loop of the current thread, if it is one of this engine; else the next one in turn.
  Loop& pick_loop() {
    Loop* const here = Loop::current();
    const bool own = here != nullptr && on_own_thread();
    return own ? *here : *loops[next_loop++ % loops.size()];
  }

  /// Starts a call that is already counted in context.calls. Always posts: a call that fails at
  /// once must not run its handler inside the initiating function, and plugins must run on the
  /// stack of an engine thread.
  template <class CallType, class Completion>
  void run(CallType call, Completion told,
           std::shared_ptr<detail::CancelRequest> cancel = nullptr) {
    Loop& loop = pick_loop();
    const auto made =
        std::make_shared<CallRun>(context, registry, loop, std::move(call), std::move(told));
    if (cancel) made->listen_to(std::move(cancel));
    boost::asio::post(loop.context(), [made] { made->start(); });
  }

  /// Runs a completion whose result is known, and for which there may be no loop any more.
  template <class Function>
  void post_aside(Function function) {
    boost::asio::post(aside, std::move(function));
  }

  template <class Handler>
  void refuse(Handler handler, Error error) {
    post_aside([this, handler = std::move(handler), error = std::move(error)]() mutable {
      run_guarded(context.trouble, "a handler", [&] { handler(failure(std::move(error))); });
    });
  }

  /// Counts the call before checking `stopping`: either stop() sees this call, or this call sees
  /// stop().
  bool enter() {
    context.calls.enter();
    if (!stopping) return true;
    context.calls.leave();
    return false;
  }

  void on_thread_lost(Loop& loop, const host::InvocationWatch& watch);
  void stop(std::chrono::milliseconds grace);
  void shut_down(std::chrono::milliseconds grace);
  void logout();
  void halt_for_exit();
  bool any_plugin_out_of_service() const {
    return std::ranges::any_of(registry->plugins->plugins(),
                               [](const auto& plugin) { return !plugin->instance().in_service(); });
  }

  /// Destroyed last: until then exit() waits for the engine.
  std::unique_ptr<ExitGuard> exit_guard;
  /// Signals that all members declared after it are destroyed.
  struct Destruction {
    ~Destruction() { done.set_value(); }
    std::promise<void> done;
  } destruction;

  const Config config;
  const ConfigProblems notes;
  const std::shared_ptr<const Registry> registry;
  CallContext context;
  std::chrono::milliseconds plugin_time_limit;
  boost::asio::thread_pool blocking;
  std::vector<std::unique_ptr<Loop>> loops;
  std::atomic<std::size_t> next_loop{0};

  /// Runs the watchdog, and handlers that cannot run on a loop.
  boost::asio::io_context aside{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> aside_work;
  std::unique_ptr<Watchdog> watchdog;
  std::promise<void> aside_ended;
  std::future<void> aside_end = aside_ended.get_future();
  std::thread aside_thread;

  std::atomic<bool> stopping{false};
  std::mutex stop_mutex;  ///< held by the stopping thread until shutdown is complete
  bool stopped = false;
  std::once_flag stopper_once;
  std::thread stopper;              ///< runs a stop() that was called on an engine thread
  std::atomic<bool> halted{false};  ///< set by exit()
  std::atomic<bool> blocking_joined{false};
};

namespace {

std::shared_ptr<const Registry> make_registry(const Config& config,
                                              std::shared_ptr<const loader::PluginSet> plugins,
                                              CredentialStore& store, ConfigProblems& problems) {
  auto registry = std::make_shared<Registry>();
  registry->plugins = std::move(plugins);
  for (const IntegrationConfig& integration : config.integrations) {
    auto made = Integration::make(config, integration, *registry->plugins, store, problems);
    if (made) registry->integrations.emplace(integration.id, std::move(made));
  }
  return registry;
}

/// Used if the embedder sets no on_trouble, or if that throws.
void report_to_stderr(std::string_view sentence) {
  const std::string line = "penstock: " + std::string(sentence) + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

std::vector<std::string> ids(const Config& config) {
  std::vector<std::string> out;
  for (const IntegrationConfig& integration : config.integrations)
    out.push_back(integration.id);
  return out;
}

ErrorReporter make_error_reporter(std::function<void(std::string_view)> told) {
  if (!told) return report_to_stderr;
  return [told = std::move(told)](std::string_view sentence) {
    try {
      told(sentence);
    } catch (...) {
      report_to_stderr(sentence);
    }
  };
}

class FunctionCompletion final : public detail::Completion<Result<Response>> {
 public:
  static CallRun::Completion make(Engine::CallHandler handler) {
    return CallRun::Completion(new FunctionCompletion(std::move(handler)));
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

/// A preview without a session: one plugin call, on a loop, where the watchdog monitors it.
class PreviewRun final : public runtime::LiveCall {
 public:
  PreviewRun(CallContext& context, std::shared_ptr<const Registry> registry, Call call,
             Engine::PreviewHandler handler)
      : context_(context), registry_(std::move(registry)), call_(std::move(call)),
        handler_(std::move(handler)) {}

  void start(Loop& loop) {
    loop.calls().add(*this);
    if (loop.closed_with()) return end(failure(*loop.closed_with()));
    Result<Preview> preview = failure(engine_failed("the preview failed", Phase::route, Sent::no));
    run_guarded(context_.trouble, "a preview", [&] { preview = call::preview(*registry_, call_); });
    end(std::move(preview));
  }

  void abort(Error error) override { end(failure(std::move(error))); }

  /// Runs while start() has not returned: start() is what hangs.
  void on_plugin_lost(const host::Instance&) override {
    end(failure(plugin_failed("the plugin of " + call_.tool + "/" + call_.api +
                                  " is out of service: a function of it does not return",
                              Phase::authorize)));
  }

 private:
  void end(Result<Preview> preview) {
    const auto handler = std::exchange(handler_, nullptr);
    if (!handler) return;
    runtime::LiveCalls::remove(*this);
    run_guarded(context_.trouble, "the handler of a preview", [&] { handler(std::move(preview)); });
    context_.calls.leave();
  }

  CallContext& context_;
  std::shared_ptr<const Registry> registry_;
  Call call_;
  Engine::PreviewHandler handler_;
};

}  // namespace

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Engine>, ConfigProblems> Engine::open(Config config, EngineOptions options) {
  config::ParsedConfig reading;
  reading.config = std::move(config);
  reading.plugins = true;
  return Impl::open(reading, std::move(options));
}

Result<std::unique_ptr<Engine>, ConfigProblems> Engine::open_file(const std::filesystem::path& file,
                                                                  EngineOptions options) {
  config::ParsedConfig reading = config::read(file);
  engine::check_state(reading);
  return Impl::open(reading, std::move(options));
}

Result<std::unique_ptr<Engine>, ConfigProblems> Engine::Impl::open(config::ParsedConfig& reading,
                                                                   EngineOptions options) {
  const Config& config = reading.config;
  const auto problem = [&](Mark at, std::string message) {
    return failure(ConfigProblems{{config.file, at, std::move(message)}});
  };
  auto plugins = engine::check(reading);
  if (!reading.problems.empty()) return failure(config::finish(reading));
  if (!options.store) {
    auto store = config::is_postgresql_url(config.state) ? open_postgresql_store(config.state)
                                                         : open_sqlite_store(config.state);
    if (!store) return problem(config.state_at, store.error().message);
    options.store = *std::move(store);
  }
  auto registry = make_registry(config, std::move(plugins), *options.store, reading.problems);
  if (!reading.problems.empty()) return failure(config::finish(reading));

  const int wanted = options.threads > 0 ? options.threads : config.server.threads;
  const unsigned threads = wanted > 0 ? static_cast<unsigned>(wanted)
                                      : std::max(1U, std::thread::hardware_concurrency());
  return std::unique_ptr<Engine>(new Engine(
      std::make_unique<Impl>(reading, std::move(options), std::move(registry), threads)));
}

Engine::Impl::Impl(config::ParsedConfig& reading, EngineOptions options,
                   std::shared_ptr<const Registry> registry_in, unsigned threads)
    : config(std::move(reading.config)), notes(std::move(reading.notes)),
      registry(std::move(registry_in)), plugin_time_limit(options.plugin_time_limit),
      // The pool starts its thread at once, and the thread inherits the signal mask of this moment.
      blocking((runtime::SignalsBlocked(), 1)), aside_work(boost::asio::make_work_guard(aside)) {
  context.config = &config;
  context.store = std::move(options.store);
  context.blocking = &blocking;
  context.renewals = std::make_shared<session::RenewalGate>();
  context.observers = std::move(options.observers);
  context.trouble = make_error_reporter(std::move(options.on_trouble));
  boost::asio::post(blocking, [this] { runtime::mark_as_thread_of(this); });
  for (unsigned i = 0; i < threads; ++i)
    loops.push_back(
        std::make_unique<Loop>(this, context.trouble, static_cast<std::size_t>(threads)));
  watchdog = std::make_unique<Watchdog>(
      aside, loops, plugin_time_limit,
      [this](Loop& loop, const host::InvocationWatch& watch) { on_thread_lost(loop, watch); });
  watchdog->start();
  for (const auto& loop : loops)
    loop->start();
  aside_thread = runtime::start_engine_thread("penstock-aside", this, [this] {
    runtime::run_loop(aside, context.trouble);
    aside_ended.set_value();
  });
  exit_guard = std::make_unique<ExitGuard>([this] { halt_for_exit(); });
}

Engine::Impl::~Impl() {
  if (stopper.joinable()) stopper.join();
  // Handlers queued on `aside` run; after that nothing can post to it.
  boost::asio::post(aside, [this] { watchdog->stop(); });
  aside_work.reset();
  // A handler that calls again whenever it is refused would never finish.
  if (halted || aside_end.wait_for(auxiliary_timeout) != std::future_status::ready) aside.stop();
  aside_thread.join();
  // No thread is left to halt, but the connections closed from here on still use OpenSSL.
  exit_guard->replace(
      [ending_thread = std::this_thread::get_id(), done = destruction.done.get_future().share()] {
        if (ending_thread != std::this_thread::get_id()) done.wait_for(exit_timeout);
      });
  // Handlers still queued on a loop may own calls, which own the registry: destroy the loops first.
  loops.clear();
}

/// Gives up a loop thread that hangs in a plugin: takes the plugin out of service, replaces the
/// thread, and ends the calls that are in the plugin or wait for it. [watchdog]
void Engine::Impl::on_thread_lost(Loop& loop, const host::InvocationWatch& watch) {
  const host::Instance& instance = *watch.instance();
  instance.take_out_of_service();
  for (const auto& plugin : registry->plugins->plugins()) {
    if (&plugin->instance() != &instance) continue;
    context.trouble("the plugin " + plugin->label() +
                    " is out of service until the next start: " + watch.function() +
                    "() has not returned for " + std::to_string(plugin_time_limit.count()) +
                    " ms; its calls are answered with an error");
  }
  loop.replace_thread();
  for (const auto& each : loops) {
    boost::asio::post(each->context(), [&loop = *each, &instance] {
      loop.calls().for_each([&](runtime::LiveCall& call) { call.on_plugin_lost(instance); });
    });
  }
}

/// Logs out of the sessions whose manifest declares `logout`. Not with a shared store, whose
/// sessions other replicas may still use.
void Engine::Impl::logout() {
  bool shared = true;
  run_guarded(context.trouble, "the credential store",
              [&] { shared = context.store->is_shared(); });
  if (shared) return;
  Loop& loop = *loops.front();
  for (const auto& [id, integration] : registry->integrations) {
    for (const loader::Plugin* plugin : registry->plugins->of_tool(integration->config().tool)) {
      if (!plugin->instance().in_service()) continue;
      for (const catalog::Api& api : plugin->manifest().apis) {
        if (!api.session || !api.session->logout) continue;
        session::SessionRequest need;
        need.plugin = std::shared_ptr<const host::Instance>(registry->plugins, &plugin->instance());
        need.format = api.session->format;
        boost::asio::post(
            loop.context(),
            [state = integration->state(plugin->manifest().id), need = std::move(need),
             session_environment = std::make_shared<runtime::LoopEnvironment>(
                 loop, integration, context.store, blocking, context.observers, context.renewals,
                 context.hold())] { state->logout(need, session_environment, [] {}); });
      }
    }
  }
}

void Engine::Impl::stop(std::chrono::milliseconds grace) {
  stopping = true;
  if (!on_own_thread()) return shut_down(grace);
  std::call_once(stopper_once, [&] {
    stopper =
        runtime::start_engine_thread("penstock-stop", nullptr, [this, grace] { shut_down(grace); });
  });
}

/// Must not run on an engine thread.
void Engine::Impl::shut_down(std::chrono::milliseconds grace) {
  stopping = true;
  const std::scoped_lock lock(stop_mutex);
  if (stopped) return;
  stopped = true;
  const auto end = std::chrono::steady_clock::now() + grace;
  if (!halted) {
    const bool idle = context.calls.wait_until(end) && context.background.wait_until(end);
    if (idle && grace.count() > 0) {
      logout();
      context.background.wait_until(end);
    }
    for (const auto& loop : loops)
      loop->abort_calls(stopping_error());
    context.calls.wait();
    // Renewals must be saved before the loops that receive their responses stop.
    context.renewals->close(any_plugin_out_of_service() ? hung_plugin_timeout
                                                        : session::max_shutdown_wait);
  }
  for (const auto& loop : loops)
    loop->stop();
  blocking.join();
  blocking_joined = true;
}

/// Halts all handlers: the objects that they use may be partly destroyed.
void Engine::Impl::halt_for_exit() {
  stopping = true;
  halted = true;
  aside.stop();
  for (const auto& loop : loops)
    loop->context().stop();
  for (const auto& loop : loops) {
    if (loop->halt(exit_timeout)) loop->close_connections();
  }
  if (aside_thread.get_id() != std::this_thread::get_id()) aside_end.wait_for(exit_timeout);
  // The credential store uses OpenSSL, and may be saving a token that exists nowhere else.
  if (blocking_joined) return;
  const auto drained = std::make_shared<std::promise<void>>();
  boost::asio::post(blocking, [drained] { drained->set_value(); });
  drained->get_future().wait_for(exit_timeout);
}

Engine::~Engine() {
  if (!impl_->on_own_thread()) {
    impl_->shut_down(std::chrono::milliseconds(0));
    return;
  }
  // This thread must return to its loop before the loop can end.
  impl_->stopping = true;
  runtime::start_engine_thread("penstock-end", nullptr,
                               [impl = std::shared_ptr<Impl>(std::move(impl_))] {
                                 impl->shut_down(std::chrono::milliseconds(0));
                               })
      .detach();
}

void Engine::launch(Call call, detail::CompletionPtr<Result<Response>> completion,
                    std::shared_ptr<detail::CancelRequest> cancel) {
  if (impl_->enter()) return impl_->run(std::move(call), std::move(completion), std::move(cancel));
  impl_->post_aside([impl = impl_.get(), completion = std::move(completion)]() mutable {
    run_guarded(impl->context.trouble, "the handler of a call",
                [&] { completion.release()->complete(failure(stopping_error())); });
  });
}

void Engine::start(Call call, CallHandler handler) {
  launch(std::move(call), FunctionCompletion::make(std::move(handler)), nullptr);
}

void Engine::proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) {
  if (impl_->enter()) return impl_->run(std::move(call), std::move(peer));
  impl_->post_aside([impl = impl_.get(), peer = std::move(peer)] {
    run_guarded(impl->context.trouble, "a ProxyPeer",
                [&] { peer->finish(failure(stopping_error())); });
  });
}

Result<Preview> Engine::validate(const Call& call) const {
  return call::preview(*impl_->registry, call);
}

void Engine::validate(Call call, PreviewHandler handler) {
  if (!impl_->enter()) return impl_->refuse(std::move(handler), stopping_error());
  Loop& loop = impl_->pick_loop();
  boost::asio::post(loop.context(), [&loop, made = std::make_shared<PreviewRun>(
                                                impl_->context, impl_->registry, std::move(call),
                                                std::move(handler))] { made->start(loop); });
}

void Engine::validate_with_session(Call call, PreviewHandler handler) {
  if (!impl_->enter()) return impl_->refuse(std::move(handler), stopping_error());
  impl_->run(std::move(call), std::move(handler));
}

std::vector<ApiInfo> Engine::catalog() const { return impl_->registry->plugins->catalog(); }

std::vector<PluginInfo> Engine::plugins() const { return impl_->registry->plugins->infos(); }

std::vector<IntegrationInfo> Engine::integrations() const {
  std::vector<IntegrationInfo> out;
  for (const IntegrationConfig& config : impl_->config.integrations) {
    out.push_back(engine::integration_info(*impl_->registry->integrations.at(config.id),
                                           *impl_->registry->plugins, runtime::wall_clock_ms()));
  }
  return out;
}

void Engine::verify(const std::string& integration_id, VerifyHandler handler) {
  const auto found = impl_->registry->integrations.find(integration_id);
  if (found == impl_->registry->integrations.end() || !found->second->config().enabled) {
    return impl_->refuse(
        std::move(handler),
        integration_not_found(found == impl_->registry->integrations.end()
                                  ? "there is no integration \"" + integration_id + "\"" +
                                        did_you_mean(integration_id, ids(impl_->config))
                                  : "integration " + integration_id + " is disabled"));
  }
  auto probes = engine::probe_calls(*found->second, *impl_->registry->plugins);
  if (probes.empty()) {
    return impl_->post_aside([impl = impl_.get(), handler = std::move(handler)] {
      run_guarded(impl->context.trouble, "a handler", [&] { handler(std::vector<ProbeResult>()); });
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

const Config& Engine::config() const { return impl_->config; }

const ConfigProblems& Engine::notes() const { return impl_->notes; }

std::size_t Engine::loops() const { return impl_->loops.size(); }

boost::asio::io_context& Engine::loop(std::size_t index) { return impl_->loops[index]->context(); }

void Engine::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }

std::vector<std::string> Engine::out_of_service() const {
  std::vector<std::string> out;
  for (const auto& plugin : impl_->registry->plugins->plugins()) {
    if (plugin->instance().in_service()) continue;
    out.push_back("the plugin " + plugin->label() +
                  " is out of service until the next start: a function of it did not return");
  }
  return out;
}

}  // namespace penstock
