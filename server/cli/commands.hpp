#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <penstock/engine.hpp>

#include "cli/command_line.hpp"

namespace penstock::cli {

/// Each runs one command and returns the exit code.
int serve(const CommandLine& line);
int check(const CommandLine& line);
int call(const CommandLine& line);
int apis(const CommandLine& line);
int plugins(const CommandLine& line);
int schema(const CommandLine& line);
int openapi(const CommandLine& line);

/// Reads the configuration and opens an engine on it. On failure, prints every problem to standard
/// error, as `check` does, and returns null. `lasting`: uses the configured store, so that
/// credentials which a vendor replaces are persisted; otherwise nothing is written anywhere.
/// `threads`: 0 means as many as configured. `on_trouble`: see EngineOptions::on_trouble.
/// `observers` receive what the plugins log.
std::unique_ptr<Engine> open_engine(const CommandLine& line, bool lasting, int threads = 1,
                                    std::function<void(std::string_view)> on_trouble = {},
                                    std::vector<std::shared_ptr<Observer>> observers = {});

/// The APIs of the plugins, and the configuration as far as it can be read.
struct OpenedCatalog {
  Config config;
  Catalog catalog;
};

/// For commands that need only the plugins: loads them despite other errors in the configuration.
/// On failure, prints the reason and returns none.
std::optional<OpenedCatalog> open_catalog(const CommandLine& line);

}  // namespace penstock::cli
