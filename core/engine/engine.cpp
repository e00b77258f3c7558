#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <penstock/engine.hpp>

#include "config/reader/state_url.hpp"
#include "engine/config_check.hpp"
#include "engine/engine_core.hpp"
#include "engine/passthrough_engine.hpp"

namespace penstock {
namespace engine {
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

/// Opens an engine from a partially parsed config. Consumes `parsed`.
Result<std::unique_ptr<Engine>, ConfigProblems> open_engine(config::ParsedConfig& parsed,
                                                            EngineOptions options) {
  const Config& config = parsed.config;
  const auto problem = [&](Mark at, std::string message) {
    return failure(ConfigProblems{{config.file, at, std::move(message)}});
  };
  auto plugins = engine::check(parsed);
  if (!parsed.problems.empty()) return failure(config::finish(parsed));
  if (!options.store) {
    auto store = config::is_postgresql_url(config.state) ? open_postgresql_store(config.state)
                                                         : open_sqlite_store(config.state);
    if (!store) return problem(config.state_at, store.error().message);
    options.store = *std::move(store);
  }
  auto registry = make_registry(config, std::move(plugins), *options.store, parsed.problems);
  if (!parsed.problems.empty()) return failure(config::finish(parsed));

  const int wanted = options.threads > 0 ? options.threads : config.server.threads;
  const unsigned threads = wanted > 0 ? static_cast<unsigned>(wanted)
                                      : std::max(1U, std::thread::hardware_concurrency());
  return std::unique_ptr<Engine>(std::make_unique<PassthroughEngine>(
      std::make_unique<EngineCore>(parsed, std::move(options), std::move(registry), threads)));
}

}  // namespace
}  // namespace engine

Result<std::unique_ptr<Engine>, ConfigProblems> Engine::open(Config config, EngineOptions options) {
  config::ParsedConfig parsed;
  parsed.config = std::move(config);
  parsed.plugins = true;
  return engine::open_engine(parsed, std::move(options));
}

Result<std::unique_ptr<Engine>, ConfigProblems> Engine::open_file(const std::filesystem::path& file,
                                                                  EngineOptions options) {
  config::ParsedConfig parsed = config::read(file);
  engine::check_state(parsed);
  return engine::open_engine(parsed, std::move(options));
}

void Engine::launch(Call call, detail::CompletionPtr<Result<Response>> completion,
                    std::shared_ptr<detail::CancelRequest> /*cancel*/) {
  // A CallHandler has to be copyable.
  const auto shared = std::make_shared<decltype(completion)>(std::move(completion));
  start(std::move(call),
        [shared](Result<Response> result) { shared->release()->complete(std::move(result)); });
}

}  // namespace penstock
