// The only file that includes CLI11. It is compiled with little optimisation, because it compiles
// slowly anyway.
#include "cli/command_line.hpp"

#include <algorithm>
#include <iostream>
#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>
#include <penstock/text.hpp>

namespace penstock::cli {
namespace {

void add_call(CLI::App& app, CommandLine& line) {
  auto* call =
      app.add_subcommand("call", "Make one call, without a server, and print the response as JSON");
  call->add_option("api", line.target, "tool/api, as `penstock apis` lists them")->required();
  call->add_option("method", line.method, "GET, POST, PUT, PATCH or DELETE")->required();
  call->add_option("path", line.path, "Path and query, appended to the API's base URL")->required();
  call->add_option("-i,--integration", line.integration,
                   "Integration id; optional if only one fits");
  call->add_option("-o,--option", line.options, "api_options: name=value")
      ->type_name("K=V")
      ->allow_extra_args(false);
  call->add_option("-q,--query", line.queries, "Query parameter: name=value")
      ->type_name("K=V")
      ->allow_extra_args(false);
  call->add_option("-H,--header", line.headers, "Header for the vendor")
      ->type_name("'K: V'")
      ->allow_extra_args(false);
  auto* data = call->add_option("-d,--data", line.data,
                                "Body: JSON or text, @file, or @- for standard input");
  call->add_flag("--dry-run", line.dry_run,
                 "Send nothing; show the exact request with secrets redacted");
  call->add_flag("--session", line.session,
                 "With --dry-run: get the session too, from the vendor if there is none");
  call->add_flag("--json", line.json, "Has no effect: the output is always JSON");
  call->callback([&line, data] {
    line.command = Command::call;
    line.has_data = data->count() > 0;
  });
}

void add_check(CLI::App& app, CommandLine& line) {
  auto* check = app.add_subcommand(
      "check", "List everything that is wrong in the configuration, its connections and plugins");
  auto* json = check->add_flag("--json", line.json, "The same as --format json");
  check
      ->add_option("--format", line.format,
                   "text: for people, on standard error; json: for programs, on standard output; "
                   "github: annotations of a GitHub Actions run, on standard output")
      ->check(CLI::IsMember({"text", "json", "github"}))
      ->excludes(json)
      ->capture_default_str();
  check->footer("Exit code 0: no problems, 1: problems. `serve` refuses to start on the same "
                "problems.\nOn a terminal each problem is shown with its line, in which everything "
                "that may be secret is redacted.");
  check->callback([&line] { line.command = Command::check; });
}

int refuse(const std::string& why, const std::string& help) {
  std::cerr << "penstock: " << why << (why.ends_with('?') ? " See" : "; see") << " `penstock "
            << help << "`\n";
  return exit_usage;
}

/// The words that are neither options nor the value of --config. At most two: the command's name,
/// and the topic of `help`.
std::vector<std::string> plain_words(int argc, char** argv) {
  std::vector<std::string> out;
  for (int i = 1; i < argc && out.size() < 2; ++i) {
    const std::string_view word = argv[i];
    if (word == "-c" || word == "--config") {
      ++i;
    } else if (!word.starts_with('-')) {
      out.emplace_back(word);
    }
  }
  return out;
}

std::vector<std::string> names(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> out;
  for (const CLI::App* command : commands)
    out.push_back(command->get_name());
  return out;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames())
      out.push_back("--" + name);
  }
  return out;
}

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

/// Handles `penstock`, `penstock help`, `penstock help call` and `penstock chekc`: returns the exit
/// code if there is nothing else to do.
std::optional<int> without_command(const CLI::App& app, int argc, char** argv) {
  const std::vector<std::string> words = plain_words(argc, argv);
  if (words.empty()) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view option = argv[i];
      if (option == "-h" || option == "--help" || option == "--version") return std::nullopt;
      const std::string name(option.substr(0, option.find('=')));
      const auto known = option_names(app);
      if (name.starts_with("--") && std::ranges::find(known, name) == known.end())
        return refuse("there is no option " + name + did_you_mean(name, known), "help");
    }
    std::cerr << app.help();
    return exit_usage;
  }
  const bool help = words[0] == "help";
  const std::string name = !help ? words[0] : words.size() > 1 ? words[1] : "";
  const CLI::App* const command = find_command(app, name);
  if (!help && command != nullptr) return std::nullopt;
  if (help && (name.empty() || command != nullptr)) {
    std::cout << (command != nullptr ? command->help("penstock") : app.help());
    return exit_done;
  }
  return refuse("\"" + name + "\" is not a command" +
                    did_you_mean(name, names(app.get_subcommands({}))),
                "help");
}

/// Rejects what is left over once a command has parsed its arguments.
std::optional<int> refuse_leftovers(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  const std::vector<std::string> words = app.remaining(true);
  if (commands.empty() || words.empty()) return std::nullopt;
  // Unknown options first: a word after one may be its value.
  const auto option =
      std::ranges::find_if(words, [](const auto& one) { return one.starts_with('-'); });
  const std::string& word = option != words.end() ? *option : words.front();
  const std::string name = word.substr(0, word.find('='));
  const std::string command = commands.front()->get_name();
  return refuse("`" + command + "` takes no " +
                    (option != words.end() ? "option " + name : "argument \"" + word + "\"") +
                    did_you_mean(name, option_names(*commands.front())),
                "help " + command);
}

}  // namespace

std::variant<CommandLine, int> parse_command_line(int argc, char** argv) {
  CommandLine line;
  CLI::App app("Penstock: one authenticated call format in, the vendor's native API out",
               "penstock");
  app.set_version_flag("--version", PENSTOCK_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("-c,--config", line.config, "Configuration file")
      ->capture_default_str()
      ->type_name("FILE");

  auto* serve = app.add_subcommand("serve", "Serve the HTTP API until SIGTERM or SIGINT");
  serve->add_option("--listen", line.listen, "Instead of server.listen")->type_name("HOST:PORT");
  serve->callback([&line] { line.command = Command::serve; });

  add_check(app, line);
  add_call(app, line);

  auto* apis = app.add_subcommand("apis", "List the APIs, or explain one API with examples");
  apis->add_option("api", line.target, "tool/api");
  apis->add_flag("--json", line.json, "JSON instead of a table");
  apis->callback([&line] { line.command = Command::apis; });

  auto* plugins = app.add_subcommand("plugins", "List the loaded plugins");
  plugins->add_flag("--json", line.json, "JSON instead of a table");
  plugins->callback([&line] { line.command = Command::plugins; });

  auto* schema =
      app.add_subcommand("schema", "Print the JSON Schema of the configuration file, for editors");
  schema->callback([&line] { line.command = Command::schema; });
  auto* openapi = app.add_subcommand(
      "openapi", "Print the OpenAPI 3.1 document of the HTTP API, as GET /openapi.json serves it");
  openapi->add_flag("--json", line.json, "Has no effect: the output is always JSON");
  openapi->callback([&line] { line.command = Command::openapi; });

  app.allow_extras();
  for (CLI::App* command : app.get_subcommands({}))
    command->allow_extras();
  if (const auto code = without_command(app, argc, argv)) return *code;
  for (int i = 1; i < argc; ++i) {
    // CLI11 would take the next word as the value: `--data= --dry-run` would make the call.
    const std::string_view word = argv[i];
    if (word.starts_with("--") && word.find('=') == word.size() - 1) {
      std::cerr << "penstock: write an empty value as a separate argument: "
                << word.substr(0, word.size() - 1) << " ''\n";
      return exit_usage;
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error), exit_done;
    if (const auto code = refuse_leftovers(app)) return *code;
    const auto commands = app.get_subcommands();
    return refuse(error.what(), commands.empty() ? "help" : "help " + commands[0]->get_name());
  }
  if (const auto code = refuse_leftovers(app)) return *code;
  return line;
}

}  // namespace penstock::cli
