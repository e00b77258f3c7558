// How an engine stops: on demand, when it is destroyed, and when the process exits.
#include <algorithm>

#include "engine/engine_core.hpp"
#include "runtime/live_calls.hpp"
#include "runtime/loop_environment.hpp"

namespace penstock::engine {
namespace {

/// How long shutdown waits for renewals if one of them may hang in its plugin.
constexpr auto hung_plugin_timeout = std::chrono::seconds(5);
/// How long exit() waits for each thread of the engine.
constexpr auto exit_timeout = std::chrono::seconds(2);
/// How long the destructor waits for handlers queued on `auxiliary`.
constexpr auto auxiliary_timeout = std::chrono::seconds(1);

}  // namespace

Error stopping_error() {
  Error error = engine_failed("the engine is stopping", Phase::route, Sent::no);
  error.http_status = 503;
  error.retryable = true;
  error.retry_after = std::chrono::seconds(1);
  return error;
}

/// Logs out of the sessions whose manifest declares `logout`. Not with a shared store, whose
/// sessions other replicas may still use.
void EngineCore::logout() {
  bool shared = true;
  run_guarded(context.report_error, "the credential store",
              [&] { shared = context.store->is_shared(); });
  if (shared) return;
  Loop& loop = *loops.front();
  for (const auto& [id, integration] : registry->integrations) {
    for (const loader::Plugin* plugin : registry->plugins->of_tool(integration->config().tool)) {
      if (!plugin->instance().in_service()) continue;
      const auto has_logout = [](const catalog::Api& api) {
        return api.session && api.session->logout;
      };
      if (std::ranges::none_of(plugin->manifest().apis, has_logout)) continue;
      const std::shared_ptr<const host::Instance> instance(registry->plugins, &plugin->instance());
      for (const auto& slot : integration->sessions(plugin->manifest().id)->all()) {
        const auto environment = std::make_shared<runtime::LoopEnvironment>(
            loop, integration, context.store, blocking, context.observers, context.renewals,
            context.keep_alive());
        boost::asio::post(loop.context(), [slot, instance, environment] {
          slot->logout(instance, environment, [] {});
        });
      }
    }
  }
}

void EngineCore::stop(std::chrono::milliseconds grace) {
  stopping = true;
  if (!on_own_thread()) return shut_down(grace);
  std::call_once(stopper_once, [&] {
    stopper =
        runtime::start_engine_thread("penstock-stop", nullptr, [this, grace] { shut_down(grace); });
  });
}

/// Must not run on an engine thread.
void EngineCore::shut_down(std::chrono::milliseconds grace) {
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
void EngineCore::halt_for_exit() {
  stopping = true;
  halted = true;
  auxiliary.stop();
  for (const auto& loop : loops)
    loop->context().stop();
  for (const auto& loop : loops) {
    if (loop->halt(exit_timeout)) loop->close_connections();
  }
  if (auxiliary_thread.get_id() != std::this_thread::get_id()) auxiliary_end.wait_for(exit_timeout);
  // The credential store uses OpenSSL, and may be saving a token that exists nowhere else.
  if (blocking_joined) return;
  const auto drained = std::make_shared<std::promise<void>>();
  boost::asio::post(blocking, [drained] { drained->set_value(); });
  drained->get_future().wait_for(exit_timeout);
}

EngineCore::~EngineCore() {
  if (stopper.joinable()) stopper.join();
  // Handlers queued on `auxiliary` run; after that nothing can post to it.
  boost::asio::post(auxiliary, [this] { watchdog->stop(); });
  auxiliary_work.reset();
  // A handler that calls again whenever it is refused would never finish.
  if (halted || auxiliary_end.wait_for(auxiliary_timeout) != std::future_status::ready)
    auxiliary.stop();
  auxiliary_thread.join();
  // No thread is left to halt, but the connections closed from here on still use OpenSSL.
  exit_guard->replace(
      [ending_thread = std::this_thread::get_id(), done = destruction.done.get_future().share()] {
        if (ending_thread != std::this_thread::get_id()) done.wait_for(exit_timeout);
      });
  // Handlers still queued on a loop may own calls, which own the registry: destroy the loops first.
  loops.clear();
}

}  // namespace penstock::engine
