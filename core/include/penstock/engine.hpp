#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/async_result.hpp>

#include <penstock/call.hpp>
#include <penstock/catalog.hpp>
#include <penstock/completion.hpp>
#include <penstock/config.hpp>
#include <penstock/credential_store.hpp>
#include <penstock/error.hpp>
#include <penstock/observer.hpp>
#include <penstock/proxy.hpp>

namespace boost::asio {
class io_context;
}

namespace penstock {

struct EngineOptions {
  int threads = 0;                         ///< number of loops, one thread each; 0: one per core
  std::shared_ptr<CredentialStore> store;  ///< null: SQLite in Config::state
  std::vector<std::shared_ptr<Observer>> observers;

  /// Time limit for each plugin function. A function that exceeds it is assumed never to return:
  /// its plugin is taken out of service, and a new thread continues the loop.
  std::chrono::milliseconds plugin_time_limit{5000};

  /// Receives a sentence, without secrets, about trouble that no call's result reports: a plugin
  /// that hangs, or an exception thrown by a handler, an observer or a store. Null: written to
  /// standard error. [any-thread, concurrent; must not block or throw]
  std::function<void(std::string_view)> on_trouble;
};

/// The passthrough engine. [any-thread] It owns its loops, each an io_context with one thread; a
/// call and its vendor connections stay on one loop. The engine's threads block all signals except
/// those raised by their own faults. The section "Lifetimes and threads" of docs/embedding.md lists
/// what may be called where.
///
/// open() and open_file() make the engine; the functions are virtual so that a program which embeds
/// it can be tested against a fake.
class Engine {
 public:
  /// Loads the plugins and checks the configuration against them. On failure returns every problem.
  static Result<std::unique_ptr<Engine>, ConfigProblems> open(Config config,
                                                              EngineOptions options = {});

  /// Reads a configuration file and opens an engine with it. Fails with exactly the problems that
  /// check_config(file) reports. If there are none, opening can still fail for reasons that only
  /// opening reveals: a store that is in use or unreachable.
  static Result<std::unique_ptr<Engine>, ConfigProblems>
  open_file(const std::filesystem::path& file, EngineOptions options = {});

  /// Equivalent to stop(0 ms). If it runs on one of the engine's own threads, shutdown completes in
  /// the background, on a thread that outlives this object.
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  using CallHandler = std::function<void(Result<Response>)>;

  /// Makes one call. The completion signature is void(Result<Response>). The handler runs exactly
  /// once, never inside this function, on its associated executor, which has outstanding work until
  /// then. A handler without an associated executor runs on an engine loop and must not block. The
  /// handler's associated allocator is used.
  ///
  /// The cancellation slot may be signalled at any time. Terminal and partial cancellation end the
  /// call within about 20 ms; the error's `sent` tells whether the vendor may have acted. Total
  /// cancellation ends the call if nothing was sent yet or if its method only reads; otherwise the
  /// call continues. The error is call_cancelled(), with Error::cancelled set. As everywhere in
  /// Asio, call emit() on the handler's executor or before the call completes.
  ///
  /// A call started on an engine loop stays on that loop; other calls are distributed round-robin.
  template <class CompletionToken>
  auto async_call(Call call, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(Result<Response>)>(
        [this](auto handler, Call started) {
          using Handler = std::decay_t<decltype(handler)>;
          auto cancel = detail::cancel_request_of(handler);
          launch(std::move(started),
                 detail::HandlerCompletion<Result<Response>, Handler>::make(std::move(handler)),
                 std::move(cancel));
        },
        token, std::move(call));
  }

  /// Like async_call(), without Asio. `handler` runs once, never inside this function, on an engine
  /// loop, and must not block. After the engine has stopped, it runs on another thread of the
  /// engine. The same holds for all handlers below.
  virtual void start(Call call, CallHandler handler) = 0;

  /// Makes one call and streams both bodies in constant memory. If the API's plugin needs the whole
  /// request body (SOAP), the body is limited to server.max_request_bytes and may be a complete
  /// SOAP envelope.
  virtual void proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) = 0;

  /// Performs all steps before sending. Returns the exact request with secrets redacted, or the
  /// error that the call would return. Needs no session: a placeholder replaces a missing one. Runs
  /// the plugin on the calling thread, without the time limit.
  virtual Result<Preview> validate(const Call& call) const = 0;

  using PreviewHandler = std::function<void(Result<Preview>)>;

  /// Like validate(call), on an engine loop, where plugin_time_limit applies. `handler` must not
  /// block.
  virtual void validate(Call call, PreviewHandler handler) = 0;

  /// Like validate(), but with the session that the call would use. If there is no session, it is
  /// requested from the vendor and stored, so a rejection is reported and the preview is complete.
  /// The call itself is not sent. `handler` runs on an engine loop and must not block.
  virtual void validate_with_session(Call call, PreviewHandler handler) = 0;

  using VerifyHandler = std::function<void(Result<std::vector<ProbeResult>>)>;

  /// For each API for which the connection has all fields, makes the cheap test call that the
  /// plugin declares, and describes in one sentence what is wrong, if anything. Contacts the vendor
  /// even if it rejected the credentials before. `handler` runs on an engine loop and must not
  /// block. An unknown or disabled integration is an error.
  virtual void verify(const std::string& integration_id, VerifyHandler handler) = 0;

  /// The APIs, plugins and integrations, as copies. The integrations are in the order of the
  /// configuration. [any-thread]
  virtual std::vector<ApiInfo> catalog() const = 0;
  virtual std::vector<PluginInfo> plugins() const = 0;
  virtual std::vector<IntegrationInfo> integrations() const = 0;
  /// The configuration that the engine was opened with; valid as long as the engine.
  virtual const Config& config() const = 0;

  /// Notes about the configuration that are not errors, each with its position: see config_notes().
  virtual const ConfigProblems& notes() const = 0;

  /// For servers that run on the engine's loops. `index` is less than loops().
  virtual std::size_t loops() const = 0;
  virtual boost::asio::io_context& loop(std::size_t index) = 0;

  /// Rejects new calls, waits up to `grace` for calls in flight, ends the remaining ones with an
  /// error (503, "the engine is stopping"), then stops the loops. May be called repeatedly and from
  /// several threads; each call returns when the shutdown is complete. On one of the engine's own
  /// threads (in a handler, an observer or a store) it cannot wait for itself: it returns
  /// immediately, and the shutdown completes in the background.
  virtual void stop(std::chrono::milliseconds grace) = 0;

  /// The plugins that were taken out of service, one sentence with the reason for each. Empty:
  /// none.
  virtual std::vector<std::string> out_of_service() const = 0;

 protected:
  Engine() = default;

 private:
  /// The primitive of async_call(). A fake needs to implement start() only.
  virtual void launch(Call call, detail::CompletionPtr<Result<Response>> completion,
                      std::shared_ptr<detail::CancelRequest> cancel);
};

}  // namespace penstock
