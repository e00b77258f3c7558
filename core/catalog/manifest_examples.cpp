#include <algorithm>

#include <penstock/text.hpp>

#include "catalog/manifest_parts.hpp"

namespace penstock::catalog {
namespace {

void read_params(JsonReader& reader, ExampleCall& example) {
  const JsonValue* params = reader.object("params");
  if (params == nullptr) return;
  for (const auto& [name, value] : params->members) {
    if (value.is_string()) {
      example.params.push_back({name, value.text});
    } else {
      reader.add({{pointer_to(reader.pointer_to("params"), name), "must be a string"}});
    }
  }
}

ExampleCall read_example(JsonReader& reader, const Api& api, const Schemas& schemas) {
  ExampleCall example;
  example.title = reader.text("title", true);
  example.method = reader.text("method", true);
  example.path = reader.text("path");
  if (!reader.has("path")) reader.problem("", "\"path\" is required");
  const JsonValue* options = reader.object("api_options");
  if (options != nullptr) example.api_options = options->json();
  const JsonValue* data = reader.any("data");
  if (data != nullptr) example.data = data->json();
  read_params(reader, example);
  if (std::ranges::find(api.methods, example.method) == api.methods.end())
    reader.problem("method", "is not one of this API's methods");
  if (api.endpoint && !example.path.empty() && example.path != "/")
    reader.problem("path", "must be \"/\" or empty: the API has a single URL");
  if (!api.endpoint && !example.path.empty() && !example.path.starts_with('/'))
    reader.problem("path", "must begin with \"/\"");
  if (api.soap && data != nullptr && !data->is_string())
    reader.problem("data", "must be a string of XML: the API is SOAP");
  if (schemas.options != nullptr && reader.is_valid("api_options")) {
    reader.add(schemas.options
                   ->validate(options == nullptr ? JsonValue::object() : *options,
                              reader.pointer_to("api_options"))
                   .problems);
  }
  reader.refuse_unknown_members();
  return example;
}

}  // namespace

std::vector<ExampleCall> read_examples(JsonReader& reader, const Api& api, const Schemas& schemas) {
  std::vector<ExampleCall> out;
  for (JsonReader& example : reader.items("examples"))
    out.push_back(read_example(example, api, schemas));
  return out;
}

std::optional<VerifySpec> read_verify(JsonReader& reader, const Api& api, const Schemas& schemas) {
  std::optional<JsonReader> found = reader.nested("verify");
  if (!found) return std::nullopt;
  VerifySpec verify;
  if (std::optional<JsonReader> call = found->nested("call", true))
    verify.call = read_example(*call, api, schemas);
  for (JsonReader& proof : found->items("accepts")) {
    ProofOfCredentials accepted;
    if (proof.is_object() && !proof.has("status")) proof.problem("", "\"status\" is required");
    read_status(proof, accepted.status_from, accepted.status_to);
    accepted.body_contains = proof.text("body_contains");
    proof.refuse_unknown_members();
    verify.accepts.push_back(std::move(accepted));
  }
  found->refuse_unknown_members();
  return verify;
}

}  // namespace penstock::catalog
