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
  int threads = 0;                         ///< loops, one thread each; 0: one per core
  std::shared_ptr<CredentialStore> store;  ///< none: SQLite in Config::state
  std::vector<std::shared_ptr<Observer>> observers;

  /// How long a function of a plugin may take. One that takes longer will not return: its plugin is
  /// taken out of service, and a new thread goes on with the loop.
  std::chrono::milliseconds plugin_time_limit{5000};

  /// Told in a sentence, without a secret, of what no call's result can tell: a plugin that hangs,
  /// an exception that a handler, an observer or a store threw. None: a line on standard error.
  /// [any-thread, concurrent; must not block or throw]
  std::function<void(std::string_view)> on_trouble;
};

/// The passthrough engine. Thread-safe. Owns its loops: one io_context and one thread each, so that
/// a call and the vendor connections that it uses stay on one core. Its threads block all signals
/// but those that a fault of their own raises. docs/embedding.md, "Lifetimes and threads", says
/// what may be called where.
class Engine {
 public:
  /// Loads the plugins and checks the configuration against them. Every problem at once.
  static Result<std::unique_ptr<Engine>, ConfigProblems> open(Config config,
                                                              EngineOptions options = {});

  /// Reads a configuration file and opens an engine on it. Its problems are those of
  /// check_config(file), the very same list; where there is none, opening can only fail on what
  /// only opening shows: a store that is in use or cannot be reached.
  static Result<std::unique_ptr<Engine>, ConfigProblems>
  open_file(const std::filesystem::path& file, EngineOptions options = {});

  /// As stop(0 ms). On a thread of the engine's own the rest is done behind it, by a thread that
  /// outlives this object.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  using CallHandler = std::function<void(Result<Response>)>;

  /// Makes one call. The token's signature is void(Result<Answer>). The handler runs exactly once,
  /// never inside this function, on its associated executor, which is kept at work until then;
  /// without one, on an engine loop, where it must not block. Its associated allocator is used.
  ///
  /// Its cancellation slot may be used at any time: terminal and partial cancellation end the call
  /// within some 20 ms, and the error's `sent` tells whether the vendor may have acted; total
  /// cancellation ends it where nothing was sent or the method only reads, else the call goes on.
  /// The error is call_cancelled(): Error::cancelled. emit() belongs, as everywhere in Asio, on the
  /// handler's executor or before the call ends.
  ///
  /// Started on an engine loop the call stays there; otherwise the loops take turns.
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

  /// The same without Asio: `handler` runs once, never inside this function, on an engine loop, and
  /// must not block. Once the engine has stopped another thread of its own takes the place of the
  /// loops; so for all handlers below.
  void start(Call call, CallHandler handler);

  /// The same for a call whose bodies stream both ways, in constant memory. APIs whose plugin needs
  /// the whole request body (SOAP) take one of at most server.max_request_bytes, and it may be an
  /// envelope of the caller's own.
  void proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer);

  /// Everything up to sending: the exact request with secrets masked, or the very error that the
  /// call would give. Needs no session: where one is missing a placeholder stands for it.
  Result<Preview> validate(const Call& call) const;

  using PreviewHandler = std::function<void(Result<Preview>)>;

  /// The same on an engine loop, where a plugin that does not return is noticed. `handler` must not
  /// block.
  void validate(Call call, PreviewHandler handler);

  /// The same, with the session that the call would have: one is asked of the vendor, and kept,
  /// where there is none, so that a refusal comes to light and nothing has to be left out. The call
  /// itself is not sent. `handler` runs on an engine loop and must not block.
  void validate_with_session(Call call, PreviewHandler handler);

  using VerifyHandler = std::function<void(Result<std::vector<ProbeResult>>)>;

  /// Makes the cheap test call that each plugin declares, for every API that the connection is
  /// complete for, and says in a sentence what is wrong. Asks the vendor anew even where it refused
  /// the credentials before. `handler` runs on an engine loop and must not block; an unknown or
  /// disabled integration is an error.
  void verify(const std::string& integration_id, VerifyHandler handler);

  std::vector<ApiInfo> catalog() const;
  std::vector<PluginInfo> plugins() const;
  std::vector<IntegrationInfo> integrations() const;
  const Config& config() const;

  /// What in the configuration is worth a look and no problem, each where it stands.
  const ConfigProblems& notes() const;

  /// For servers that live on the engine's loops.
  std::size_t loops() const;
  boost::asio::io_context& loop(std::size_t index);

  /// Refuses new calls, waits up to `grace` for those in flight, ends the others with an error
  /// (503, "the engine is stopping"), then ends the loops. From several threads at once, and again:
  /// each returns when it is done. On a thread of the engine's own (in a handler, an observer, a
  /// store) it cannot wait for itself: it returns at once, and the rest is done behind it.
  void stop(std::chrono::milliseconds grace);

  /// Plugins that were taken out of service, each with the reason in a sentence. Empty: all is
  /// well.
  std::vector<std::string> out_of_service() const;

 private:
  struct Impl;
  void launch(Call call, detail::CompletionPtr<Result<Response>> completion,
              std::shared_ptr<detail::CancelRequest> cancel);
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock
