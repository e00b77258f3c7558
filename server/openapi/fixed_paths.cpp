#include "openapi/fixed_paths.hpp"

#include <set>

#include "openapi/error_responses.hpp"
#include "openapi/references.hpp"

namespace penstock::server::openapi {
namespace {

/// One operation without a request body whose response is JSON.
struct Endpoint {
  std::string_view method;
  std::string_view path;
  std::string_view operation_id;
  std::string_view tag;
  std::string_view summary;
  std::string answer;                    ///< the schema of the 200 response
  std::vector<std::string_view> errors;  ///< HTTP statuses
  bool needs_key = true;
};

std::string success(std::string_view data_schema) {
  return JsonObject()
      .text("type", "object")
      .json("required", R"(["status","data"])")
      .json("properties", JsonObject()
                              .json("status", R"({"type":"string","const":"success"})")
                              .json("data", data_schema)
                              .done())
      .done();
}

std::string array_of(std::string_view component) {
  return JsonObject().text("type", "array").json("items", ref_to(component)).done();
}

/// One parameter for each {name} in the path.
std::vector<std::string> path_parameters(std::string_view path) {
  std::vector<std::string> out;
  for (std::size_t open = 0; (open = path.find('{', open)) != std::string_view::npos; ++open) {
    out.push_back(JsonObject()
                      .text("name", path.substr(open + 1, path.find('}', open) - open - 1))
                      .text("in", "path")
                      .json("required", "true")
                      .json("schema", R"({"type":"string"})")
                      .done());
  }
  return out;
}

std::string operation(const Endpoint& page) {
  JsonObject responses;
  responses.json(
      "200",
      JsonObject()
          .text("description", page.summary)
          .json("headers", JsonObject().json("X-Request-Id", ref_to("headers/RequestId")).done())
          .json("content", json_content(page.answer))
          .done());
  add_errors(responses, page.errors);
  JsonObject out;
  out.text("operationId", page.operation_id)
      .text("summary", page.summary)
      .json("tags", json_strings({std::string(page.tag)}));
  if (!page.needs_key) out.json("security", "[]");
  const auto parameters = path_parameters(page.path);
  if (!parameters.empty()) out.json("parameters", json_array(parameters));
  return out.json("responses", responses.done()).done();
}

std::string one_of_texts(std::string_view name, const std::set<std::string>& values) {
  JsonObject schema;
  schema.text("type", "string");
  if (!values.empty()) schema.json("enum", json_strings({values.begin(), values.end()}));
  return JsonObject()
      .text("name", name)
      .text("in", "path")
      .json("required", "true")
      .json("schema", schema.done())
      .done();
}

std::string proxy_operation(std::string_view method) {
  const std::string answer =
      R"({"description":"The vendor's response, unchanged","headers":{)"
      R"("Penstock-Answer":{"$ref":"#/components/headers/Answer"},)"
      R"("Penstock-Request-Id":{"$ref":"#/components/headers/RequestId"}},"content":{"*/*":{}}})";
  JsonObject responses;
  responses.json("200", answer);
  add_errors(responses, {"400", "401", "403", "404", "413", "429", "500", "502", "503", "504"});
  JsonObject out;
  out.text("operationId", "proxy_" + std::string(method))
      .text("summary", "Stream a request to the vendor and its response back")
      .text(
          "description",
          "The same routing, options and checks as a call, without the envelope: query, headers "
          "and "
          "body go to the vendor unchanged, and its status, headers and body come back, whatever "
          "the status. `Penstock-Answer` is `vendor` on the vendor's responses and `engine` on the "
          "errors listed here.\n\nA path parameter of OpenAPI cannot contain a slash: `path` may "
          "have several segments and a query, which are sent as written, not percent-encoded.")
      .json("tags", json_strings({"The proxy"}));
  if (method == "post" || method == "put" || method == "patch")
    out.json("requestBody", R"({"content":{"*/*":{}}})");
  return out.json("responses", responses.done()).done();
}

std::string proxy_path(const std::vector<NamedApi>& apis) {
  std::set<std::string> tools;
  std::set<std::string> names;
  for (const NamedApi& api : apis) {
    tools.insert(api.info.tool);
    names.insert(api.info.api);
  }
  JsonObject out;
  out.json("parameters",
           json_array({one_of_texts("tool", tools), one_of_texts("api", names),
                       one_of_texts("path", {}), ref_to("parameters/IntegrationId"),
                       ref_to("parameters/ApiOptions"), ref_to("parameters/Prefer")}));
  for (const std::string_view method : {"get", "head", "options", "post", "put", "patch", "delete"})
    out.json(method, proxy_operation(method));
  return out.done();
}

}  // namespace

// Tool names contain no space, so none equals one of these.
const std::vector<std::string> fixed_tags{
    R"({"name":"The proxy","description":"Calls without an envelope"})",
    R"({"name":"The catalogue","description":"The available APIs"})",
    R"({"name":"The integrations","description":"The connected customers and their health"})",
    R"({"name":"The server","description":"This server itself"})",
};

void add_fixed_paths(JsonObject& paths, const std::vector<NamedApi>& apis) {
  const std::string integration = ref_to("schemas/Integration");
  const std::string alive = ref_to("schemas/Alive");
  const std::vector<std::string_view> of_lists{"401", "403", "405", "413", "429"};
  const std::vector<std::string_view> of_items{"401", "403", "404", "405", "413", "429"};
  const Endpoint pages[] = {
      {"get", "/v1/apis", "list_apis", "The catalogue", "The available APIs",
       success(array_of("schemas/Api")), of_lists},
      {"get", "/v1/apis/{tool}/{api}", "get_api", "The catalogue", "One API",
       success(ref_to("schemas/Api")), of_items},
      {"get", "/v1/integrations", "list_integrations", "The integrations",
       "The integrations and their health", success(array_of("schemas/Integration")), of_lists},
      {"get", "/v1/integrations/{id}", "get_integration", "The integrations", "One integration",
       success(integration), of_items},
      {"post", "/v1/integrations/{id}/verify", "verify_integration", "The integrations",
       "Make the plugins' inexpensive test calls: whether the connection works, and if not, why",
       success(ref_to("schemas/Verification")), of_items},
      {"get", "/v1/check-api-key", "check_api_key", "The server", "Whether the key is valid",
       success(ref_to("schemas/Environment")), of_lists},
      {"get", "/openapi.json", "get_openapi", "The server", "This document",
       R"({"type":"object","additionalProperties":true})", of_lists},
      {"get",
       "/healthz",
       "get_health",
       "The server",
       "Whether the process is alive",
       alive,
       {"405", "413"},
       false},
      {"get",
       "/readyz",
       "get_readiness",
       "The server",
       "Whether calls are accepted",
       alive,
       {"405", "413", "503"},
       false},
  };
  paths.json("/v1/proxy/{tool}/{api}/{path}", proxy_path(apis));
  for (const Endpoint& page : pages)
    paths.json(page.path, JsonObject().json(page.method, operation(page)).done());
}

}  // namespace penstock::server::openapi
