#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>

#include <penstock/crash_report.hpp>

#include "cli/commands.hpp"

namespace {

/// Memory holds credentials, whatever the command: disables core files, and debuggers of the same
/// user.
void keep_memory_private() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

/// A program may be started without its standard streams. The first files and sockets that it opens
/// would then get their descriptor numbers, and output for people could end up in a database.
void keep_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // open() returns the lowest free number; /dev/null can be missing from a bare chroot.
    if (::fcntl(descriptor, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != descriptor) std::abort();
  }
}

int run(const penstock::cli::CommandLine& line) {
  using namespace penstock::cli;
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
  case Command::schema:
    return schema(line);
  case Command::openapi:
    return openapi(line);
  }
  return exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace penstock::cli;
  keep_standard_streams();
  try {
    keep_memory_private();
    penstock::report_plugin_crashes();
    const auto parsed = parse_command_line(argc, argv);
    const int* const done = std::get_if<int>(&parsed);
    const int code = done != nullptr ? *done : run(std::get<CommandLine>(parsed));
    if (std::cout.flush()) return code;
    std::cerr << "penstock: standard output could not be written completely\n";
  } catch (const std::exception& error) {
    std::cerr << "penstock: " << error.what() << '\n';
  }
  return exit_failed;
}
