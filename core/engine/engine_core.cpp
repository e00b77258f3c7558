#include "engine/engine_core.hpp"

#include <string>
#include <string_view>

#include <unistd.h>

namespace penstock::engine {
namespace {

/// Used if the embedder sets no on_trouble, or if that throws.
void report_to_stderr(std::string_view sentence) {
  const std::string line = "penstock: " + std::string(sentence) + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

runtime::ErrorReporter make_error_reporter(std::function<void(std::string_view)> told) {
  if (!told) return report_to_stderr;
  return [told = std::move(told)](std::string_view sentence) {
    try {
      told(sentence);
    } catch (...) {
      report_to_stderr(sentence);
    }
  };
}

}  // namespace

EngineCore::EngineCore(config::ParsedConfig& parsed, EngineOptions options,
                       std::shared_ptr<const Registry> registry_in, unsigned threads)
    : config(std::move(parsed.config)), notes(std::move(parsed.notes)),
      registry(std::move(registry_in)), plugin_time_limit(options.plugin_time_limit),
      // The pool starts its thread at once, and the thread inherits the signal mask of this moment.
      blocking((runtime::SignalsBlocked(), 1)),
      auxiliary_work(boost::asio::make_work_guard(auxiliary)) {
  context.config = &config;
  context.store = std::move(options.store);
  context.blocking = &blocking;
  context.renewals = std::make_shared<session::RenewalGate>();
  context.observers = std::move(options.observers);
  context.report_error = make_error_reporter(std::move(options.on_trouble));
  boost::asio::post(blocking, [this] { runtime::mark_as_thread_of(this); });
  for (unsigned i = 0; i < threads; ++i)
    loops.push_back(
        std::make_unique<Loop>(this, context.report_error, static_cast<std::size_t>(threads)));
  watchdog = std::make_unique<Watchdog>(
      auxiliary, loops, plugin_time_limit,
      [this](Loop& loop, const host::InvocationWatch& watch) { on_thread_lost(loop, watch); });
  watchdog->start();
  for (const auto& loop : loops)
    loop->start();
  auxiliary_thread = runtime::start_engine_thread("penstock-aux", this, [this] {
    runtime::run_loop(auxiliary, context.report_error);
    auxiliary_ended.set_value();
  });
  exit_guard = std::make_unique<ExitGuard>([this] { halt_for_exit(); });
}

void EngineCore::run(Call call, std::unique_ptr<call::CallOutlet> outlet,
                     std::shared_ptr<detail::CancelRequest> cancel) {
  if (!enter()) {
    return post_auxiliary([this, outlet = std::move(outlet)] {
      run_guarded(context.report_error, "the handler of a call",
                  [&] { outlet->on_error(stopping_error()); });
    });
  }
  Loop& loop = pick_loop();
  const auto run =
      std::make_shared<CallRun>(context, registry, loop, std::move(call), std::move(outlet));
  if (cancel) run->listen_to(std::move(cancel));
  boost::asio::post(loop.context(), [run] { run->start(); });
}

/// Gives up a loop thread that hangs in a plugin: takes the plugin out of service, replaces the
/// thread, and ends the calls that are in the plugin or wait for it. [watchdog]
void EngineCore::on_thread_lost(Loop& loop, const host::InvocationWatch& watch) {
  const host::Instance& instance = *watch.instance();
  instance.take_out_of_service();
  for (const auto& plugin : registry->plugins->plugins()) {
    if (&plugin->instance() != &instance) continue;
    context.report_error("the plugin " + plugin->label() +
                         " is out of service until the next start: " + watch.function() +
                         "() has not returned for " + std::to_string(plugin_time_limit.count()) +
                         " ms; its calls fail");
  }
  loop.replace_thread();
  for (const auto& each : loops) {
    boost::asio::post(each->context(), [&loop = *each, &instance] {
      loop.calls().for_each([&](runtime::LiveCall& call) { call.on_plugin_lost(instance); });
    });
  }
}

}  // namespace penstock::engine
