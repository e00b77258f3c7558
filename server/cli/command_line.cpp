// The one file that includes CLI11, compiled without much optimisation: it takes long enough as it
// is.
#include "cli/command_line.hpp"

#include <iostream>
#include <string_view>

#include <CLI/CLI.hpp>

namespace penstock::cli {
namespace {

void add_call(CLI::App& app, CommandLine& line) {
  auto* call =
      app.add_subcommand("call", "Make one call, without a server, and print the answer's JSON");
  call->add_option("api", line.target, "tool/api, as `penstock apis` lists them")->required();
  call->add_option("method", line.method, "GET, POST, PUT, PATCH or DELETE")->required();
  call->add_option("path", line.path, "Path and query behind the API's base URL")->required();
  call->add_option("-i,--integration", line.integration,
                   "Integration id; may be left out where only one fits");
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
                 "Send nothing; show the exact request with secrets masked");
  call->add_flag("--session", line.session,
                 "With --dry-run: get the session too, from the vendor where there is none");
  call->add_flag("--json", line.json, "JSON, which is what is printed anyway");
  call->callback([&line, data] {
    line.command = Command::call;
    line.has_data = data->count() > 0;
  });
}

void add_check(CLI::App& app, CommandLine& line) {
  auto* check = app.add_subcommand(
      "check", "Tell everything that is wrong in the configuration, its connections and plugins");
  auto* json = check->add_flag("--json", line.json, "The same as --format json");
  check
      ->add_option("--format", line.format,
                   "text: for people, on standard error; json: for machines, on standard output; "
                   "github: annotations of a GitHub Actions run, on standard output")
      ->check(CLI::IsMember({"text", "json", "github"}))
      ->excludes(json)
      ->capture_default_str();
  check->footer("Exit code 0: all is fine, 1: it is not. `serve` refuses to start on the same "
                "problems.\nOn a terminal each problem is shown in its line, where all that may be "
                "a secret is masked.");
  check->callback([&line] { line.command = Command::check; });
}

}  // namespace

std::variant<CommandLine, int> parse_command_line(int argc, char** argv) {
  CommandLine line;
  CLI::App app("Penstock: one authenticated call shape in, the vendor's native API out",
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

  auto* apis =
      app.add_subcommand("apis", "List what can be called, or explain one API with examples");
  apis->add_option("api", line.target, "tool/api");
  apis->add_flag("--json", line.json, "JSON instead of a table");
  apis->callback([&line] { line.command = Command::apis; });

  auto* plugins = app.add_subcommand("plugins", "List the plugins that are loaded");
  plugins->add_flag("--json", line.json, "JSON instead of a table");
  plugins->callback([&line] { line.command = Command::plugins; });

  auto* schema =
      app.add_subcommand("schema", "Print the JSON Schema of the configuration file, for editors");
  schema->callback([&line] { line.command = Command::schema; });
  auto* openapi = app.add_subcommand(
      "openapi", "Print the OpenAPI 3.1 document of the HTTP API, as GET /openapi.json serves it");
  openapi->add_flag("--json", line.json, "JSON, which is what is printed anyway");
  openapi->callback([&line] { line.command = Command::openapi; });

  for (int i = 1; i < argc; ++i) {
    // CLI11 would take the next word as the value: `--data= --dry-run` would make the call.
    const std::string_view word = argv[i];
    if (word.starts_with("--") && word.find('=') == word.size() - 1) {
      std::cerr << "penstock: write an empty value as a word of its own: "
                << word.substr(0, word.size() - 1) << " ''\n";
      return exit_usage;
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_done : exit_usage;
  }
  return line;
}

}  // namespace penstock::cli
