#include "catalog/manifest.hpp"

#include <algorithm>
#include <utility>

#include <penstock/json.hpp>
#include <penstock/text.hpp>

#include "catalog/json_position.hpp"
#include "catalog/json_reader.hpp"
#include "catalog/manifest_parts.hpp"

namespace penstock::catalog {
namespace {

using Problems = std::vector<Problem>;

ManifestProblem syntax_problem(std::string_view json, const JsonError& error) {
  const Position place = position_at(json, error.offset);
  return {{"", "it is not JSON: " + error.reason}, place.line, place.column};
}

std::vector<ManifestProblem> with_positions(Problems problems, std::string_view json) {
  std::vector<ManifestProblem> out;
  for (Problem& problem : problems) {
    const Position place = position_of(json, problem.pointer);
    out.push_back({std::move(problem), place.line, place.column});
  }
  return out;
}

/// Reports names that occur twice in an object: a reader sees only the first of them.
void refuse_duplicates(const JsonValue& value, const std::string& pointer, Problems& problems) {
  for (const JsonValue::Member& member : value.members) {
    const std::string at = pointer_to(pointer, member.name);
    if (value.find(member.name) != &member.value) problems.push_back({at, "occurs twice"});
    refuse_duplicates(member.value, at, problems);
  }
  for (std::size_t i = 0; i < value.items.size(); ++i)
    refuse_duplicates(value.items[i], pointer + "/" + std::to_string(i), problems);
}

std::string read_id(JsonReader& reader) {
  std::string id = reader.text("id", true);
  const auto begins_with_letter = [&] { return id.front() >= 'a' && id.front() <= 'z'; };
  if (!is_name(id, "_") || id != lower(id) || !begins_with_letter())
    reader.problem("id", "must be lower-case letters, digits and _, and begin with a letter");
  return id;
}

std::string read_tool(JsonReader& reader) {
  std::string tool = reader.text("tool", true);
  if (!is_name(tool, ".:_-")) reader.problem("tool", "must consist of letters, digits and . : _ -");
  return tool;
}

std::optional<int> read_min_minor(JsonReader& reader) {
  std::optional<JsonReader> abi = reader.nested("abi");
  if (!abi) return std::nullopt;
  std::optional<int> out;
  if (abi->has("min_minor")) out = static_cast<int>(abi->integer("min_minor", 0, 0, 65535));
  abi->refuse_unknown_members();
  return out;
}

Egress read_egress(JsonReader& reader) {
  const std::vector<std::string> origins = reader.texts("egress");
  if (!reader.has("egress")) {
    reader.problem("", "\"egress\" must name at least one origin");
    return {};
  }
  auto egress = Egress::parse(origins);
  if (!egress) {
    reader.problem("egress", egress.error());
    return {};
  }
  if (origins.empty()) reader.problem("egress", "must name at least one origin");
  return *std::move(egress);
}

std::vector<Api> read_apis(JsonReader& reader, const std::string& tool,
                           const std::optional<Fields>& connection, Problems& problems) {
  std::vector<Api> out;
  const JsonValue* apis = reader.object("apis", true);
  if (apis == nullptr) return out;
  for (const auto& [name, value] : apis->members) {
    JsonReader api(value, pointer_to("/apis", name), problems);
    out.push_back(read_api(api, name, tool, connection));
  }
  if (out.empty()) reader.problem("apis", "must contain at least one API");
  check_session_keys(out, problems);
  return out;
}

}  // namespace

std::string ManifestProblem::text() const {
  std::string out = pointer.empty() ? "" : " at " + pointer;
  if (line > 0)
    out += " (manifest.json:" + std::to_string(line) + ":" + std::to_string(column) + ")";
  return out + ": " + message;
}

Result<Manifest, std::vector<ManifestProblem>> parse_manifest(std::string_view json) {
  const auto document = parse_json(json, DuplicateNames::keep);
  if (!document) return failure(std::vector{syntax_problem(json, document.error())});

  Problems problems;
  JsonReader reader(*document, "", problems);
  if (!reader.is_object()) return failure(with_positions(std::move(problems), json));
  Manifest manifest;
  manifest.id = read_id(reader);
  manifest.name = reader.text("name", true);
  manifest.version = reader.text("version", true);
  (void)reader.text("license");  // informative only
  manifest.tool = read_tool(reader);
  manifest.min_minor = read_min_minor(reader);
  manifest.egress = read_egress(reader);
  const std::optional<schema::Schema> connection = read_schema(reader, "connection");
  if (connection) manifest.connection = *connection;
  const std::optional<Fields> fields = fields_of(connection, reader.any("connection"));
  manifest.signing_keys = read_signing_keys(reader, fields);
  manifest.apis = read_apis(reader, manifest.tool, fields, problems);
  reader.refuse_unknown_members();
  refuse_duplicates(*document, "", problems);
  if (!problems.empty()) return failure(with_positions(std::move(problems), json));
  return manifest;
}

std::string rotating_field(const Manifest& manifest,
                           const std::function<std::string(const std::string&)>& value) {
  const auto names = [](const std::vector<std::string>& fields, const std::string& field) {
    return std::ranges::find(fields, field) != fields.end();
  };
  for (const Api& api : manifest.apis) {
    if (!api.session || api.session->rotates.empty()) continue;
    const std::string& field = api.session->rotates;
    bool conditional = false, met = names(api.connection_required, field);
    for (const FieldsWhen& when : api.connection_required_when) {
      if (!names(when.fields, field)) continue;
      conditional = true;
      met = met || value(when.field) == when.equals;
    }
    if ((met || !conditional) && !value(field).empty()) return field;
  }
  return {};
}

std::string tool_of(std::string_view manifest) {
  const auto document = parse_json(manifest, DuplicateNames::keep);
  const JsonValue* tool = document ? document->find("tool") : nullptr;
  return tool != nullptr && tool->is_string() ? tool->text : "";
}

}  // namespace penstock::catalog
