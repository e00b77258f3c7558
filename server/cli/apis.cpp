#include <algorithm>
#include <iostream>

#include <penstock/json_writer.hpp>
#include <penstock/text.hpp>

#include "api/catalog_json.hpp"
#include "api/examples.hpp"
#include "api/field_docs.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"

namespace penstock::cli {
namespace {

using server::ExampleContext;
using server::FieldDoc;

/// "service_name [version]": required options, and in brackets the optional ones.
std::string option_names(const std::vector<FieldDoc>& fields) {
  std::vector<std::string> words;
  for (const FieldDoc& field : fields)
    words.push_back(field.required ? field.name : "[" + field.name + "]");
  return words.empty() ? "-" : joined(words, " ");
}

std::string needed_names(const std::vector<FieldDoc>& fields) {
  std::vector<std::string> words;
  for (const FieldDoc& field : fields) {
    if (field.required) words.push_back(field.name);
  }
  return words.empty() ? "-" : joined(words, " ");
}

/// An integration that the API can be called for; otherwise one of its tool; otherwise a
/// placeholder.
std::string integration_for(const ApiInfo& api, const Config& config) {
  std::string found;
  for (const IntegrationConfig& integration : config.integrations) {
    if (integration.tool != api.tool || !integration.enabled) continue;
    const bool complete =
        server::is_complete(api, [&](const std::string& name) -> std::optional<std::string_view> {
          const auto field =
              std::ranges::find(integration.connection, name, &ConnectionField::name);
          if (field == integration.connection.end()) return std::nullopt;
          return field->value.reveal();
        });
    if (complete) return integration.id;
    if (found.empty()) found = integration.id;
  }
  return found.empty() ? std::string(server::some_integration) : found;
}

ExampleContext place_for(const ApiInfo& api, const CommandLine& line, const Config& config) {
  const bool usual = line.config == CommandLine().config;
  return {server::reachable(config.server.listen), integration_for(api, config),
          usual ? std::string() : line.config.string()};
}

void print_fields(std::string_view title, const std::vector<FieldDoc>& fields) {
  std::cout << '\n' << title << (fields.empty() ? ": none\n" : "\n");
  std::vector<Row> rows;
  for (const FieldDoc& field : fields)
    rows.push_back({field.name, field.need, field.about});
  print_table(std::cout, rows, 2);
}

void explain(const ApiInfo& api, const ExampleContext& place) {
  std::cout << api.tool << '/' << api.api << "  " << api.title << "\n\n";
  std::vector<Row> rows{
      {"docs", api.docs_url}, {"methods", joined(api.methods, " ")}, {"plugin", api.plugin}};
  for (const std::string& url : api.base_urls)
    rows.push_back({"base URL", url});
  if (api.soap) rows.push_back({"kind", "SOAP: data is the XML inside the Body, or an envelope"});
  if (api.verify) {
    rows.push_back({"test call", api.verify->title + ": " + api.verify->method + " " +
                                     api.verify->path + ", for POST /v1/integrations/ID/verify"});
  }
  print_table(std::cout, rows, 2);
  print_fields("api_options", server::option_fields(api));
  print_fields("connection", server::connection_fields(api));
  for (const ExampleCall& example : api.examples) {
    std::cout << "\nexample: " << example.title << "\n\n"
              << server::curl_command(api, example, place) << "\n\n"
              << server::cli_command(api, example, place) << "\n\n"
              << server::typescript_program(api, example, place) << '\n';
  }
}

void list(const std::vector<ApiInfo>& apis) {
  std::vector<Row> rows{{"API", "TITLE", "OPTIONS", "CONNECTION NEEDS"}};
  for (const ApiInfo& api : apis) {
    rows.push_back({api.tool + "/" + api.api, api.title, option_names(server::option_fields(api)),
                    needed_names(server::connection_fields(api))});
  }
  print_table(std::cout, rows);
}

}  // namespace

int apis(const CommandLine& line) {
  const auto offered = open_catalog(line);
  if (!offered) return exit_failed;
  const std::vector<ApiInfo>& catalog = offered->catalog.apis;
  const server::ExampleContextOf place = [&](const ApiInfo& api) {
    return place_for(api, line, offered->config);
  };
  if (line.target.empty()) {
    if (line.json) {
      std::cout << format_json(server::apis_json(catalog, place), JsonLayout::indented) << '\n';
    } else {
      list(catalog);
    }
    return exit_done;
  }
  std::vector<std::string> known;
  for (const ApiInfo& api : catalog) {
    known.push_back(api.tool + "/" + api.api);
    if (known.back() != line.target) continue;
    if (line.json) {
      std::cout << format_json(server::api_json(api, place), JsonLayout::indented) << '\n';
    } else {
      explain(api, place(api));
    }
    return exit_done;
  }
  std::cerr << "penstock apis: there is no API of that name" << did_you_mean(line.target, known)
            << '\n';
  return exit_failed;
}

}  // namespace penstock::cli
