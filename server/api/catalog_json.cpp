#include "api/catalog_json.hpp"

#include <algorithm>

#include <penstock/json_writer.hpp>
#include <penstock/text.hpp>

namespace penstock::server {
namespace {

/// The values as a JSON array.
template <class Values, class ToJson>
std::string array_of(const Values& values, ToJson to_json) {
  std::vector<std::string> out;
  for (const auto& value : values)
    out.push_back(to_json(value));
  return json_array(out);
}

/// As a JSON string; 0: empty.
std::string time_json(std::int64_t unix_ms) {
  return unix_ms == 0 ? std::string() : json_string(rfc_3339(unix_ms));
}

std::string example_json(const ApiInfo& api, const ExampleCall& example,
                         const ExampleContext& context) {
  return JsonObject()
      .text("title", example.title)
      .json("request", example_request(example))
      .text("curl", curl_command(api, example, context))
      .text("cli", cli_command(api, example, context))
      .text("typescript", typescript_program(api, example, context))
      .done();
}

std::string condition_json(const FieldsWhen& when) {
  return JsonObject()
      .text("field", when.field)
      .text("equals", when.equals)
      .json("fields", json_strings(when.fields))
      .done();
}

std::string verify_json(const std::optional<ExampleCall>& verify) {
  if (!verify) return {};
  return JsonObject().text("title", verify->title).json("request", example_request(*verify)).done();
}

std::string check_json(const ProbeResult& check) {
  JsonObject out;
  out.text("api", check.api).boolean("works", check.works);
  if (!check.outcome.empty()) out.text("outcome", check.outcome);
  out.text("message", check.message);
  if (check.status != 0) out.number("status", check.status);
  return out.done();
}

std::string plugin_json(const PluginInfo& plugin) {
  return JsonObject()
      .text("name", plugin.name)
      .text("version", plugin.version)
      .text("file", plugin.file)
      .text("sha256", plugin.sha256)
      .text("abi", plugin.abi)
      .json("apis", json_strings(plugin.apis))
      .done();
}

}  // namespace

std::string apis_json(const std::vector<ApiInfo>& apis, const ExampleContextOf& context_of) {
  return array_of(apis, [&](const ApiInfo& api) { return api_json(api, context_of); });
}

std::string api_json(const ApiInfo& api, const ExampleContextOf& context_of) {
  const ExampleContext context = context_of(api);
  const auto example = [&](const ExampleCall& one) { return example_json(api, one, context); };
  return JsonObject()
      .text("tool", api.tool)
      .text("api", api.api)
      .text("title", api.title)
      .text("docs_url", api.docs_url)
      .json("base_urls", json_strings(api.base_urls))
      .json("methods", json_strings(api.methods))
      .boolean("soap", api.soap)
      .json("api_options", api.options_schema)
      .json("connection", api.connection_schema)
      .json("required_fields", json_strings(api.required_fields))
      .json("required_when", array_of(api.required_when, condition_json))
      .json("headers", JsonObject().json("owned", json_strings(api.owned_headers)).done())
      .json("verify", verify_json(api.verify))
      .json("examples", array_of(api.examples, example))
      .text("plugin", api.plugin)
      .done();
}

std::string integrations_json(const std::vector<IntegrationInfo>& integrations) {
  return array_of(integrations, integration_json);
}

std::string integration_json(const IntegrationInfo& integration) {
  JsonObject out;
  out.text("id", integration.id)
      .text("tool", integration.tool)
      .boolean("enabled", integration.enabled)
      .json("apis", json_strings(integration.apis))
      .text("health", integration.health)
      .json("cooling_down_until", time_json(integration.cooling_down_until_ms))
      .json("last_renewal", time_json(integration.last_renewal_ms))
      .json("session_expires", time_json(integration.session_expires_ms));
  if (!integration.last_error.empty()) {
    out.json("last_error", JsonObject()
                               .text("message", integration.last_error)
                               .json("at", time_json(integration.last_error_ms))
                               .done());
  }
  return out.done();
}

std::string verification_json(const std::vector<ProbeResult>& checks) {
  JsonObject out;
  if (checks.empty()) {
    out.json("works", "null")
        .text("message", "nothing was tried: no API that the connection has all required fields "
                         "for has a test call (\"verify\" in the plugin's manifest)");
  } else {
    out.boolean("works", std::ranges::all_of(checks, &ProbeResult::works));
  }
  return out.json("checks", array_of(checks, check_json)).done();
}

std::string plugins_json(const std::vector<PluginInfo>& plugins) {
  return array_of(plugins, plugin_json);
}

std::string success_json(std::string_view data) {
  std::string out = R"({"status":"success","data":)";
  out += data;
  out += '}';
  return out;
}

}  // namespace penstock::server
