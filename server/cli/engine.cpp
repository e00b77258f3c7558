#include <iostream>

#include "cli/commands.hpp"

namespace penstock::cli {
namespace {

void print(const ConfigProblems& problems) {
  for (const ConfigProblem& problem : problems)
    std::cerr << problem.text() << '\n';
}

}  // namespace

std::unique_ptr<Engine> open_engine(Config config, bool lasting, int threads) {
  EngineOptions options;
  options.threads = threads;
  if (!lasting) options.store = make_memory_store();
  auto engine = Engine::open(std::move(config), std::move(options));
  if (engine) return std::move(*engine);
  print(engine.error());
  return nullptr;
}

std::unique_ptr<Engine> open_engine(const CommandLine& line, bool lasting) {
  auto config = load_config(line.config);
  if (config) return open_engine(std::move(*config), lasting, 1);
  print(config.error());
  return nullptr;
}

std::optional<OpenedCatalog> open_catalog(const CommandLine& line) {
  PartialConfig read = load_partial_config(line.config);
  if (read.config.plugins.directory.empty()) {
    print(read.problems);
    return std::nullopt;
  }
  auto catalog = load_catalog(read.config.plugins, read.config.file);
  if (catalog) return OpenedCatalog{std::move(read.config), *std::move(catalog)};
  print(catalog.error());
  return std::nullopt;
}

}  // namespace penstock::cli
