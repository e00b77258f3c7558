#include <functional>
#include <iostream>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/problem_text.hpp"

namespace penstock::cli {

std::unique_ptr<Engine> open_engine(const CommandLine& line, bool lasting, int threads,
                                    std::function<void(std::string_view)> on_trouble,
                                    std::vector<std::shared_ptr<Observer>> observers) {
  EngineOptions options;
  options.observers = std::move(observers);
  options.threads = threads;
  options.on_trouble = std::move(on_trouble);
  if (!lasting) options.store = make_memory_store();
  auto engine = Engine::open_file(line.config, std::move(options));
  if (engine) return std::move(*engine);
  print_problems(engine.error(), ProblemStyle::of(STDERR_FILENO), std::cerr);
  return nullptr;
}

std::optional<OpenedCatalog> open_catalog(const CommandLine& line) {
  PartialConfig read = load_partial_config(line.config);
  if (read.config.plugins.directory.empty()) {
    print_problems(read.problems, ProblemStyle::of(STDERR_FILENO), std::cerr);
    return std::nullopt;
  }
  auto catalog = load_catalog(read.config.plugins, read.config.file);
  if (catalog && catalog->plugins.empty())
    std::cerr << printable("penstock: there is no plugin (*.so) in " +
                           read.config.plugins.directory.string() + ", the plugins.directory of " +
                           read.config.file + "; put the plugins there, or set it to their folder")
              << '\n';
  if (catalog) return OpenedCatalog{std::move(read.config), *std::move(catalog)};
  print_problems(catalog.error(), ProblemStyle::of(STDERR_FILENO), std::cerr);
  return std::nullopt;
}

}  // namespace penstock::cli
