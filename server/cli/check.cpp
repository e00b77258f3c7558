#include <iostream>

#include <unistd.h>

#include <penstock/check.hpp>
#include <penstock/text.hpp>

#include "cli/commands.hpp"
#include "cli/problem_formats.hpp"
#include "cli/problem_text.hpp"

namespace penstock::cli {

/// Machine-readable output always goes to standard output. For people, problems and notes go to
/// standard error, and success to standard output.
int check(const CommandLine& line) {
  EngineOptions options;
  options.threads = 1;
  options.store = make_memory_store();
  const auto engine = Engine::open_file(line.config, std::move(options));
  const ConfigProblems problems = engine ? ConfigProblems() : engine.error();
  const ConfigProblems notes = engine ? (*engine)->notes() : config_notes(line.config);
  const bool json = line.json || line.format == "json", github = line.format == "github";
  if (json) {
    std::cout << problems_json(problems, notes) << '\n';
  } else if (github) {
    std::cout << notes_github(notes) << problems_github(problems);
  } else if (!engine) {
    print_problems(problems, ProblemStyle::of(STDERR_FILENO), std::cerr);
  }
  if (engine && !json) {
    std::cout << printable(line.config.string()) << ": fine; "
              << quantity((*engine)->plugins().size(), "plugin") << ", "
              << quantity((*engine)->catalog().size(), "API") << ", "
              << quantity((*engine)->integrations().size(), "integration") << '\n';
  }
  if (!json && !github) print_notes(notes, std::cerr);
  return engine ? exit_done : exit_failed;
}

}  // namespace penstock::cli
