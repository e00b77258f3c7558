#include <exception>
#include <iostream>

#include "cli/commands.hpp"

int main(int argc, char** argv) {
  using namespace penstock::cli;
  try {
    const auto parsed = parse_command_line(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) return *code;
    const auto& line = std::get<CommandLine>(parsed);
    switch (line.command) {
    case Command::serve:
      return serve(line);
    case Command::check:
      return check(line);
    case Command::call:
      return call(line);
    case Command::apis:
      return apis(line);
    case Command::plugins:
      return plugins(line);
    }
  } catch (const std::exception& error) {
    std::cerr << "penstock: " << error.what() << '\n';
  }
  return exit_failed;
}
