#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <penstock/engine.hpp>

#include "cli/command_line.hpp"

namespace penstock::cli {

/// Each runs one command to its end and gives the exit code.
int serve(const CommandLine& line);
int check(const CommandLine& line);
int call(const CommandLine& line);
int apis(const CommandLine& line);
int plugins(const CommandLine& line);
int schema(const CommandLine& line);
int openapi(const CommandLine& line);

/// Reads the configuration and opens an engine on it; or has printed every problem to standard
/// error, the list that `check` prints, and gives null. `lasting`: with the store of the
/// configuration, so that credentials which a vendor replaces are kept; else nothing is written
/// anywhere. `threads`: 0 as many as configured. `on_trouble`: EngineOptions::on_trouble.
/// `observers` see what the plugins log.
std::unique_ptr<Engine> open_engine(const CommandLine& line, bool lasting, int threads = 1,
                                    std::function<void(std::string_view)> on_trouble = {},
                                    std::vector<std::shared_ptr<Observer>> observers = {});

/// What the plugins offer, and the configuration as far as it can be read.
struct OpenedCatalog {
  Config config;
  Catalog catalog;
};

/// For commands that need no more than the plugins: loads them whatever else is wrong with the
/// configuration; or has printed why that cannot be and gives none.
std::optional<OpenedCatalog> open_catalog(const CommandLine& line);

}  // namespace penstock::cli
