#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <penstock/engine.hpp>

#include "call/call_run.hpp"
#include "config/reader/parsed_config.hpp"
#include "engine/exit_guard.hpp"
#include "runtime/engine_thread.hpp"
#include "runtime/loop.hpp"
#include "runtime/registry.hpp"
#include "runtime/watchdog.hpp"

namespace penstock::engine {

using call::CallContext;
using call::CallRun;
using runtime::Integration;
using runtime::Loop;
using runtime::Registry;
using runtime::run_guarded;
using runtime::Watchdog;

/// The error of calls that the engine rejects or ends because it stops.
Error stopping_error();

/// Everything that an engine owns: loops, threads, registry and store. Lives until the shutdown is
/// complete, which is after the Engine object if that is destroyed on one of its own threads.
struct EngineCore {
  EngineCore(config::ParsedConfig& parsed, EngineOptions options,
             std::shared_ptr<const Registry> registry_in, unsigned threads);
  /// Call after shut_down(), and not on an engine thread.
  ~EngineCore();

  bool on_own_thread() const { return runtime::is_thread_of(this); }

  /// The loop of the current thread, if it is one of this engine; else the next one in turn.
  Loop& pick_loop() {
    Loop* const here = Loop::current();
    const bool own = here != nullptr && on_own_thread();
    return own ? *here : *loops[next_loop++ % loops.size()];
  }

  /// Starts a call; after the engine has stopped, its outlet gets an error. Always posts: a call
  /// that fails at once must not run its handler inside the initiating function, and plugins must
  /// run on the stack of an engine thread.
  void run(Call call, std::unique_ptr<call::CallOutlet> outlet,
           std::shared_ptr<detail::CancelRequest> cancel = nullptr);

  /// Runs a completion whose result is known, and for which there may be no loop any more.
  template <class Function>
  void post_auxiliary(Function function) {
    boost::asio::post(auxiliary, std::move(function));
  }

  template <class Handler>
  void refuse(Handler handler, Error error) {
    post_auxiliary([this, handler = std::move(handler), error = std::move(error)]() mutable {
      run_guarded(context.report_error, "a handler", [&] { handler(failure(std::move(error))); });
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
  boost::asio::io_context auxiliary{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> auxiliary_work;
  std::unique_ptr<Watchdog> watchdog;
  std::promise<void> auxiliary_ended;
  std::future<void> auxiliary_end = auxiliary_ended.get_future();
  std::thread auxiliary_thread;

  std::atomic<bool> stopping{false};
  std::mutex stop_mutex;  ///< held by the stopping thread until shutdown is complete
  bool stopped = false;
  std::once_flag stopper_once;
  std::thread stopper;              ///< runs a stop() that was called on an engine thread
  std::atomic<bool> halted{false};  ///< set by exit()
  std::atomic<bool> blocking_joined{false};
};

}  // namespace penstock::engine
