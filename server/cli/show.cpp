#include <iostream>

#include "cli/commands.hpp"

namespace penstock::cli {

int check(const CommandLine& line) {
  const auto engine = open_engine(line, false);
  if (!engine) return exit_failed;
  std::cout << line.config.string() << ": fine; " << engine->plugins().size() << " plugins, "
            << engine->catalog().size() << " APIs, " << engine->integrations().size()
            << " integrations\n";
  return exit_done;
}

}  // namespace penstock::cli
