#include "openapi/call_operations.hpp"

#include <algorithm>
#include <set>

#include <penstock/json.hpp>
#include <penstock/text.hpp>

#include "openapi/error_responses.hpp"
#include "openapi/references.hpp"

namespace penstock::server::openapi {
namespace {

constexpr std::string_view no_options =
    R"({"type":"object","properties":{},"additionalProperties":false})";

std::string id_of(const ApiInfo& api) { return api.tool + "/" + api.api; }

std::string options_schema(const ApiInfo& api) {
  return api.options_schema.empty() ? std::string(no_options) : api.options_schema;
}

bool requires_options(const ApiInfo& api) {
  const auto schema = parse_json(api.options_schema);
  const JsonValue* required = schema ? schema->find("required") : nullptr;
  return required != nullptr && !required->items.empty();
}

/// In CommonMark; a URL template is put in backquotes, so that its braces are not read as links.
std::string description(const ApiInfo& api, std::string_view what) {
  std::string out = std::string(what) + "\n\n";
  for (const std::string& url : api.base_urls)
    out += "- Base URL: `" + url + "`\n";
  out += "- Methods: " + joined(api.methods) + "\n";
  if (api.soap)
    out += "- SOAP: `data` is the XML inside the Body; to send a whole envelope, use the proxy\n";
  if (api.base_urls.empty()) return out;
  return out + "\nIn a base URL `conn.x` is a field of the connection, `opt.x` one of "
               "`api_options` (`|v`: with or without its leading v), `session.x` a value from the "
               "vendor's login.";
}

std::string path_schema(const ApiInfo& api) {
  if (api.soap) return R"({"type":"string","const":"/","description":"The API has a single URL"})";
  return R"({"type":"string","maxLength":8192,"description":"Path and query, appended to the base URL; )"
         R"(they reach the vendor as written. No scheme, host, fragment or dot segment"})";
}

std::string data_schema(const ApiInfo& api) {
  if (api.soap)
    return R"({"type":"string","description":"The XML inside the Body: one element, without an XML declaration and without the envelope"})";
  return R"({"description":"An object or array is sent as JSON, with exactly these bytes; a string is )"
         R"(sent raw","oneOf":[{"type":"object","additionalProperties":true},)"
         R"({"type":"array","items":{}},{"type":"string"}]})";
}

std::string fields_schema(std::string_view description) {
  return JsonObject()
      .text("type", "object")
      .text("description", description)
      .json("additionalProperties", R"({"type":"string"})")
      .done();
}

std::string call_schema(const NamedApi& api) {
  const ApiInfo& info = api.info;
  JsonObject members;
  members
      .json("method",
            JsonObject().text("type", "string").json("enum", json_strings(info.methods)).done())
      .json("path", path_schema(info))
      .json("headers",
            fields_schema(
                "Headers for the vendor; those for framing, routing and credentials are refused"))
      .json("params", fields_schema("Query parameters, added to those of path"))
      .json("api_options", ref_to("schemas/" + api.name + "_options"))
      .json("data", data_schema(info))
      .json(
          "response_as_base64",
          R"({"type":"boolean","description":"Return the response's data as base64 of its original bytes"})");
  if (!info.soap) {
    members.json("multipart_form_data",
                 R"({"type":"array","items":{"$ref":"#/components/schemas/FormPart"},)"
                 R"("description":"In place of data"})");
  }
  std::vector<std::string> required{"method", "path"};
  if (requires_options(info)) required.emplace_back("api_options");
  return JsonObject()
      .text("type", "object")
      .text("description", "A call of " + id_of(info))
      .json("required", json_strings(required))
      .json("properties", members.done())
      .done();
}

std::string example_request(const ExampleCall& example) {
  JsonObject params;
  for (const Field& param : example.params)
    params.text(param.name, param.value);
  return JsonObject()
      .text("method", example.method)
      .text("path", example.path)
      .json("params", example.params.empty() ? std::string() : params.done())
      .json("api_options", example.api_options)
      .json("data", example.data)
      .done();
}

struct Kind {
  std::string_view name;  ///< in paths and operation ids
  std::string_view title;
  std::string_view what;
  std::string_view answer;  ///< in components/responses
  bool sends;
};

constexpr Kind passthrough{"passthrough", "Call ",
                           "Makes one call through the integration that `X-Integration-Id` names. "
                           "The response is 200 whatever the vendor's status, which is in `data`.",
                           "PassthroughAnswer", true};
constexpr Kind validate{
    "validate", "Check a call of ",
    "Sends nothing; returns the exact request with secrets redacted, or the error "
    "that the call would return.",
    "ValidateAnswer", false};

std::string operation(const NamedApi& api, const Kind& kind) {
  const ApiInfo& info = api.info;
  JsonObject responses;
  responses.json("200", ref_to("responses/" + std::string(kind.answer)));
  if (kind.sends) {
    add_errors(responses, {"400", "401", "403", "404", "405", "413", "415", "429", "500", "502",
                           "503", "504"});
  } else {
    add_errors(responses,
               {"400", "401", "403", "404", "405", "413", "415", "429", "500", "502", "503"});
  }
  JsonObject out;
  out.text("operationId", std::string(kind.name) + "_" + api.name)
      .text("summary", std::string(kind.title) + id_of(info) + ": " + info.title)
      .text("description", description(info, kind.what))
      .json("tags", json_strings({info.tool}));
  if (!info.docs_url.empty()) {
    out.json("externalDocs", JsonObject()
                                 .text("description", info.title + ": the vendor's documentation")
                                 .text("url", info.docs_url)
                                 .done());
  }
  return out
      .json("parameters",
            json_array({ref_to("parameters/IntegrationId"), ref_to("parameters/Prefer")}))
      .json("requestBody", ref_to("requestBodies/" + api.name))
      .json("responses", responses.done())
      .done();
}

}  // namespace

std::vector<NamedApi> named(std::vector<ApiInfo> apis) {
  std::ranges::sort(apis, {}, id_of);
  std::vector<NamedApi> out;
  std::set<std::string> taken;
  for (ApiInfo& api : apis) {
    std::string name = api.tool + "_" + api.api;
    std::ranges::replace_if(
        name,
        [](char c) {
          return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
        },
        '_');
    while (!taken.insert(name).second)
      name += '_';
    out.push_back({std::move(api), std::move(name)});
  }
  return out;
}

void add_call_paths(JsonObject& paths, const NamedApi& api) {
  for (const Kind& kind : {passthrough, validate}) {
    paths.json("/v1/" + std::string(kind.name) + "/" + id_of(api.info),
               JsonObject().json("post", operation(api, kind)).done());
  }
}

void add_call_schemas(JsonObject& schemas, const NamedApi& api) {
  schemas.json(api.name + "_options", options_schema(api.info));
  schemas.json(api.name + "_call", call_schema(api));
}

std::string call_body(const NamedApi& api) {
  JsonObject examples;
  int count = 0;
  for (const ExampleCall& example : api.info.examples) {
    examples.json(
        "example_" + std::to_string(++count),
        JsonObject().text("summary", example.title).json("value", example_request(example)).done());
  }
  return JsonObject()
      .json("required", "true")
      .json("content", json_content(ref_to("schemas/" + api.name + "_call"),
                                    count == 0 ? std::string() : examples.done()))
      .done();
}

}  // namespace penstock::server::openapi
