#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>

#include <penstock/call.hpp>
#include <penstock/catalog.hpp>
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
};

/// The passthrough engine. Thread-safe. Owns its loops: one io_context and one thread each, so that
/// a call and the vendor connections that it uses stay on one core. Dies after its calls: stop()
/// first for an orderly end.
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

  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  using CallHandler = std::function<void(Result<Answer>)>;

  /// Makes one call. The token's signature is void(Result<Answer>); the handler runs on its
  /// associated executor, else on an engine loop. Started on an engine loop the call stays there;
  /// otherwise the loops take turns.
  template <class CompletionToken>
  auto async_call(Call call, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(Result<Answer>)>(
        [this](auto handler, Call started) {
          auto executor = boost::asio::get_associated_executor(handler);
          // std::function wants copies; completion handlers only move.
          auto kept = std::make_shared<decltype(handler)>(std::move(handler));
          start(std::move(started), [kept, executor](Result<Answer> result) {
            boost::asio::dispatch(executor, [kept, result = std::move(result)]() mutable {
              std::move (*kept)(std::move(result));
            });
          });
        },
        token, std::move(call));
  }

  /// The same without Asio: `handler` runs on an engine loop and must not block.
  void start(Call call, CallHandler handler);

  /// The same for a call whose bodies stream both ways, in constant memory. APIs whose plugin needs
  /// the whole request body (SOAP) take one of at most server.max_request_bytes, and it may be an
  /// envelope of the caller's own.
  void proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer);

  /// Everything up to sending: the exact request with secrets masked, or the very error that the
  /// call would give. Needs no session: where one is missing a placeholder stands for it.
  Result<Preview> validate(const Call& call) const;

  using PreviewHandler = std::function<void(Result<Preview>)>;

  /// The same, with the session that the call would have: one is asked of the vendor, and kept,
  /// where there is none, so that a refusal comes to light and nothing has to be left out. The call
  /// itself is not sent. `handler` runs on an engine loop and must not block.
  void validate_with_session(Call call, PreviewHandler handler);

  using VerifyHandler = std::function<void(Result<std::vector<Check>>)>;

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

  /// Refuses new calls, waits up to `grace` for those in flight, then ends the loops. Idempotent.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock
