#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace penstock::cli {

enum class Command : std::uint8_t { serve, check, call, apis, plugins, schema, openapi };

/// The parsed command line.
struct CommandLine {
  Command command = Command::serve;
  std::filesystem::path config = "integrations.yaml";

  std::string listen;  ///< serve; empty: as configured

  std::string target;  ///< call and apis: {tool}/{api}; may be empty for apis
  std::string method;
  std::string path;
  std::string integration;
  std::vector<std::string> options;  ///< k=v
  std::vector<std::string> queries;  ///< k=v
  std::vector<std::string> headers;  ///< K: v
  std::string data;                  ///< text, or @file, or @- for standard input
  bool has_data = false;
  bool dry_run = false;
  bool session = false;  ///< of a dry run: get a session

  bool json = false;
  std::string format = "text";  ///< check: text, json or github
};

constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

/// Parses the arguments. If they ask for help or the version, or are wrong, prints that and returns
/// the exit code.
std::variant<CommandLine, int> parse_command_line(int argc, char** argv);

}  // namespace penstock::cli
