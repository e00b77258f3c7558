#include "openapi/document.hpp"

#include <set>

#include <penstock/json_writer.hpp>

#include "openapi/call_operations.hpp"
#include "openapi/error_responses.hpp"
#include "openapi/fixed_paths.hpp"
#include "openapi/shared_components.hpp"

namespace penstock::server::openapi {
namespace {

std::string info() {
  return JsonObject()
      .text("title", "Penstock")
      .text("summary", "One authenticated call format in, the vendor's native API out")
      .text(
          "description",
          "A self-hosted passthrough engine. Each `{tool}/{api}` has its own operation "
          "here, with its real `api_options`. A call succeeds with 200 whatever the vendor's "
          "status; an error says whose failure it is (`origin`), how far the call came (`phase`), "
          "whether the vendor may have received it (`sent`) and what to change (`details`).\n\n"
          "HEAD is served wherever GET is.")
      .json("license", R"({"name":"Apache-2.0","identifier":"Apache-2.0"})")
      .text("version", PENSTOCK_VERSION)
      .done();
}

std::string servers(const ServerFacts& facts) {
  return json_array(
      {JsonObject()
           .text("url", facts.url)
           .text("description", facts.url == "/" ? "The server of this document" : "server.listen")
           .done()});
}

std::string tags(const std::vector<NamedApi>& apis) {
  std::vector<std::string> out;
  std::set<std::string> known;
  for (const NamedApi& api : apis) {
    if (!known.insert(api.info.tool).second) continue;
    JsonObject tag;
    tag.text("name", api.info.tool).text("description", "Calls through integrations of this tool");
    if (!api.info.docs_url.empty())
      tag.json("externalDocs", JsonObject().text("url", api.info.docs_url).done());
    out.push_back(tag.done());
  }
  out.insert(out.end(), fixed_tags.begin(), fixed_tags.end());
  return json_array(out);
}

std::string paths(const std::vector<NamedApi>& apis) {
  JsonObject out;
  for (const NamedApi& api : apis)
    add_call_paths(out, api);
  add_fixed_paths(out, apis);
  return out.done();
}

std::string components(const std::vector<NamedApi>& apis, const ServerFacts& facts) {
  JsonObject schemas;
  JsonObject bodies;
  for (const NamedApi& api : apis) {
    add_call_schemas(schemas, api);
    bodies.json(api.name, call_body(api));
  }
  schemas.members_of(request_schemas).members_of(response_schemas);
  schemas.json("Error", error_schema()).members_of(catalogue_schemas);
  JsonObject responses;
  responses.members_of(answer_responses).members_of(error_responses(facts.max_request_bytes));
  return JsonObject()
      .json("schemas", schemas.done())
      .json("responses", responses.done())
      .json("parameters", shared_parameters)
      .json("requestBodies", bodies.done())
      .json("headers", shared_headers)
      .json("securitySchemes", security_schemes)
      .done();
}

}  // namespace

std::string document(std::vector<ApiInfo> catalog, const ServerFacts& facts, JsonLayout layout) {
  const std::vector<NamedApi> apis = named(std::move(catalog));
  return format_json(JsonObject()
                         .text("openapi", "3.1.0")
                         .json("info", info())
                         .json("servers", servers(facts))
                         .json("security", R"([{"api_key":[]}])")
                         .json("tags", tags(apis))
                         .json("paths", paths(apis))
                         .json("components", components(apis, facts))
                         .done(),
                     layout);
}

}  // namespace penstock::server::openapi
