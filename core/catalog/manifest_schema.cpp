#include <algorithm>

#include <penstock/text.hpp>

#include "catalog/manifest_parts.hpp"

namespace penstock::catalog {
namespace {

/// None if `properties` cannot be read.
std::optional<Fields> fields_of_invalid(const JsonValue* schema) {
  const JsonValue* properties = schema == nullptr ? nullptr : schema->find("properties");
  if (properties == nullptr || !properties->is_object()) return std::nullopt;
  const JsonValue* required = schema->find("required");
  Fields out;
  for (const auto& [name, field] : properties->members) {
    if (!field.is_object()) return std::nullopt;
    schema::FieldInfo info;
    info.name = name;
    if (const JsonValue* secret = field.find("x-secret")) {
      if (secret->kind != JsonValue::Kind::boolean) return std::nullopt;
      info.secret = secret->boolean;
    }
    info.has_default = field.find("default") != nullptr;
    info.required =
        required != nullptr &&
        std::ranges::find(required->items, JsonValue::string(name)) != required->items.end();
    out.push_back(std::move(info));
  }
  return out;
}

}  // namespace

std::optional<schema::Schema> read_schema(JsonReader& reader, std::string_view name) {
  const JsonValue* found = reader.object(name);
  if (!reader.is_valid(name)) return std::nullopt;
  constexpr std::string_view none =
      R"({"type":"object","properties":{},"additionalProperties":false})";
  if (found == nullptr) return *schema::Schema::compile(none);
  auto compiled = schema::Schema::compile(*found);
  if (compiled) return *std::move(compiled);
  std::vector<Problem> problems = std::move(compiled).error();
  for (Problem& problem : problems)
    problem.pointer.insert(0, reader.pointer_to(name));
  reader.add(std::move(problems));
  return std::nullopt;
}

std::optional<Fields> fields_of(const std::optional<schema::Schema>& compiled,
                                const JsonValue* source) {
  return compiled ? std::optional<Fields>(compiled->fields()) : fields_of_invalid(source);
}

const schema::FieldInfo* find_field(const Fields& fields, const std::string& name) {
  const auto found = std::ranges::find(fields, name, &schema::FieldInfo::name);
  return found == fields.end() ? nullptr : &*found;
}

std::string did_you_mean_field(const std::string& name, const Fields& fields) {
  std::vector<std::string> names;
  names.reserve(fields.size());
  for (const schema::FieldInfo& field : fields)
    names.push_back(field.name);
  return did_you_mean(name, names);
}

}  // namespace penstock::catalog
