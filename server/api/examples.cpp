#include "api/examples.hpp"

#include <algorithm>

#include <penstock/json.hpp>
#include <penstock/json_writer.hpp>
#include <penstock/net.hpp>

namespace penstock::server {
namespace {

/// The members of the envelope, in order: name and JSON.
std::vector<std::pair<std::string_view, std::string>> members(const ExampleCall& example) {
  std::vector<std::pair<std::string_view, std::string>> out;
  out.emplace_back("method", json_string(example.method));
  out.emplace_back("path", json_string(example.path));
  if (!example.params.empty()) out.emplace_back("params", options(example.params));
  if (!example.api_options.empty()) out.emplace_back("api_options", example.api_options);
  if (!example.data.empty()) out.emplace_back("data", example.data);
  return out;
}

/// `api_options` as `name=value` words; a value that is not a string stays JSON, which the engine
/// accepts.
std::vector<std::string> option_words(const std::string& json) {
  std::vector<std::string> out;
  const auto options = parse_json(json);
  if (!options) return out;
  for (const auto& [name, value] : options->members)
    out.push_back(name + "=" + value.plain_text());
  return out;
}

/// `data` in the form of the command line: a JSON string becomes its text.
std::string body_of(const ExampleCall& example) {
  const auto data = parse_json(example.data);
  return data && data->is_string() ? data->text : example.data;
}

}  // namespace

std::string reachable(std::string_view listen) {
  auto address = HostAndPort::parse(listen);
  if (!address) return std::string(listen);
  if (address->host == "0.0.0.0") address->host = "127.0.0.1";
  if (address->host == "::") address->host = "::1";
  return address->text();
}

ExampleContextOf example_contexts(std::string address, std::vector<IntegrationInfo> integrations) {
  return [address = std::move(address),
          integrations = std::move(integrations)](const ApiInfo& api) -> ExampleContext {
    const std::string name = api.tool + "/" + api.api;
    for (const IntegrationInfo& integration : integrations) {
      if (integration.enabled &&
          std::ranges::find(integration.apis, name) != integration.apis.end())
        return {address, integration.id, {}};
    }
    return {address, std::string(some_integration), {}};
  };
}

std::string example_request(const ExampleCall& example) {
  JsonObject out;
  for (const auto& [name, json] : members(example))
    out.json(name, json);
  return out.done();
}

std::string curl_command(const ApiInfo& api, const ExampleCall& example,
                         const ExampleContext& place) {
  return "curl -sS " +
         shell_word("http://" + place.address + "/v1/passthrough/" + api.tool + "/" + api.api) +
         " \\\n  -H \"Authorization: Bearer $PENSTOCK_API_KEY\" -H " +
         shell_word("X-Integration-Id: " + place.integration) +
         " \\\n  -H 'Content-Type: application/json' \\\n  -d " +
         shell_word(example_request(example));
}

std::string cli_command(const ApiInfo& api, const ExampleCall& example,
                        const ExampleContext& place) {
  std::string out = "penstock call ";
  if (!place.config.empty()) out += "-c " + shell_word(place.config) + " ";
  out += api.tool + "/" + api.api + " " + example.method + " " + shell_word(example.path) + " -i " +
         shell_word(place.integration);
  for (const std::string& word : option_words(example.api_options))
    out += " -o " + shell_word(word);
  for (const Field& param : example.params)
    out += " -q " + shell_word(param.name + "=" + param.value);
  if (example.data.empty()) return out;
  const std::string body = body_of(example);
  // A body with such a beginning would be read as a file name, or as another option.
  if (body.starts_with('@') || body.starts_with('-'))
    return "printf %s " + shell_word(body) + " | " + out + " -d @-";
  return out + " \\\n  -d " + shell_word(body);
}

std::string typescript_program(const ApiInfo& api, const ExampleCall& example,
                               const ExampleContext& place) {
  std::string out =
      "import { Kombo } from \"@kombo-api/sdk\";\n\nconst kombo = new Kombo({\n"
      "  api_key: process.env.PENSTOCK_API_KEY,\n  integration_id: " +
      json_string(place.integration) +
      ",\n  server_url: " + json_string("http://" + place.address + "/v1") +
      ",\n});\nconst response = await kombo.general.sendPassthroughRequest({\n  tool: " +
      json_string(api.tool) + ",\n  api: " + json_string(api.api) + ",\n  body: {\n";
  for (const auto& [name, json] : members(example))
    out.append("    ").append(name).append(": ").append(json).append(",\n");
  return out + "  },\n});\nconsole.log(JSON.stringify(response.data));";
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@,+%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos)
    return std::string(word);
  std::string out = "'";
  for (const char c : word)
    out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

}  // namespace penstock::server
