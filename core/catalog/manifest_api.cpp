#include <algorithm>
#include <array>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "catalog/manifest_parts.hpp"

namespace penstock::catalog {
namespace {

UrlTemplate read_base_url(JsonReader& reader) {
  auto parsed = UrlTemplate::parse(reader.text("base_url", true));
  if (parsed) return *std::move(parsed);
  reader.problem("base_url", parsed.error());
  return {};
}

std::vector<std::string> read_methods(JsonReader& reader) {
  constexpr std::array all = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  std::vector<std::string> methods = reader.texts("methods");
  if (reader.has("methods") && methods.empty())
    reader.problem("methods", "must contain at least one method; omit it to allow all");
  for (auto method = methods.begin(); method != methods.end(); ++method) {
    if (std::ranges::find(all, *method) == all.end())
      reader.problem("methods", *method + " is not one of GET, POST, PUT, PATCH and DELETE");
    if (std::find(methods.begin(), method, *method) != method)
      reader.problem("methods", "contains " + *method + " twice");
  }
  if (methods.empty()) methods.assign(all.begin(), all.end());
  return methods;
}

BodyNeed read_needs(JsonReader& reader) {
  std::optional<JsonReader> needs = reader.nested("needs");
  if (!needs) return BodyNeed::none;
  const std::string body = needs->text("request_body", true);
  if (body != "none" && body != "sha256" && body != "full")
    needs->problem("request_body", "must be one of none, sha256, full");
  needs->refuse_unknown_members();
  return body == "full" ? BodyNeed::full : body == "sha256" ? BodyNeed::sha256 : BodyNeed::none;
}

std::vector<std::string> read_owned_headers(JsonReader& reader) {
  std::optional<JsonReader> headers = reader.nested("headers");
  if (!headers) return {};
  std::vector<std::string> owned = headers->texts("owned");
  for (const std::string& name : owned) {
    if (!is_token(name) || name != lower(name))
      headers->problem("owned", name + " is not a lower-case header name");
  }
  headers->refuse_unknown_members();
  return owned;
}

}  // namespace

bool is_name(std::string_view text, std::string_view more) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != more.npos;
  });
}

Api read_api(JsonReader& reader, std::string name, const std::string& tool,
             const std::optional<Fields>& connection) {
  Api api;
  api.tool = tool;
  api.name = std::move(name);
  if (!is_name(api.name, ".:_-"))
    reader.problem("", "an API's name consists of letters, digits and . : _ -");
  if (!reader.is_object()) return api;
  api.title = reader.text("title", true);
  api.docs = reader.text("docs");
  api.base_url = read_base_url(reader);
  api.endpoint = reader.boolean("endpoint", false);
  api.soap = reader.boolean("soap", false);
  api.methods = read_methods(reader);
  api.connection_required = reader.texts("connection_required");
  api.connection_required_when = read_required_when(reader);
  const std::optional<schema::Schema> options = read_schema(reader, "api_options");
  const Schemas schemas{options ? &*options : nullptr, connection,
                        fields_of(options, reader.any("api_options"))};
  if (options) api.options = *options;
  api.option_defaults = read_option_defaults(reader, schemas);
  api.body_need = read_needs(reader);
  api.owned_headers = read_owned_headers(reader);
  const std::int64_t timeout = reader.integer("timeout_ms", 0, 1, 3'600'000);
  if (timeout > 0) api.timeout = std::chrono::milliseconds(timeout);
  api.session = read_session(reader, schemas);
  api.inspect = read_inspect(reader);
  api.classify = read_classify(reader);
  read_retry_after(reader, api);
  api.examples = read_examples(reader, api, schemas);
  api.verify = read_verify(reader, api, schemas);
  if (reader.is_valid("connection_required")) check_placeholders(api, schemas, reader);
  check_connection_names(api, schemas, reader);
  reader.refuse_unknown_members();
  return api;
}

}  // namespace penstock::catalog
