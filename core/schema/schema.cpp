#include "schema/schema.hpp"

#include <algorithm>

#include "schema/compiled.hpp"
#include "schema/validator.hpp"

namespace penstock::schema {
namespace {

std::vector<std::string> plain_texts(const std::vector<JsonValue>& values) {
  std::vector<std::string> out;
  for (const JsonValue& value : values)
    out.push_back(value.plain_text());
  return out;
}

std::string type_name(std::uint8_t types) {
  switch (types) {
  case type_string:
    return "string";
  case type_integer:
    return "integer";
  case type_integer | type_number:
    return "number";
  case type_boolean:
    return "boolean";
  case type_array:
    return "array";
  case type_object:
    return "object";
  default:
    return {};
  }
}

}  // namespace

Schema::Schema() {
  auto anything = std::make_shared<Compiled>();
  anything->nodes.emplace_back();
  compiled_ = std::move(anything);
}

Validation Schema::validate(JsonValue value, std::string_view prefix, Scalars scalars) const {
  Validation validation;
  Validator(*this, scalars, validation).run(std::move(value), prefix);
  return validation;
}

Validation Schema::validate(std::string_view json, std::string_view prefix, Scalars scalars) const {
  auto value = parse_json(json);
  if (value) return validate(*std::move(value), prefix, scalars);
  Validation validation;
  validation.problems.push_back(
      {std::string(prefix), "is not valid JSON: " + value.error().text()});
  return validation;
}

Validation
Schema::validate_fields(std::span<const std::pair<std::string_view, std::string_view>> strings,
                        std::string_view prefix) const {
  JsonValue object = JsonValue::object();
  for (const auto& [name, value] : strings)
    object.add(name, JsonValue::string(value));
  return validate(std::move(object), prefix);
}

std::vector<FieldInfo> Schema::fields() const {
  std::vector<FieldInfo> out;
  const Node& root = compiled_->nodes.front();
  for (const Property& property : root.properties) {
    const Node& node = compiled_->nodes[property.node];
    FieldInfo info;
    info.name = property.name;
    info.required = std::ranges::find(root.required, property.name) != root.required.end();
    info.secret = node.secret;
    info.has_default = node.fallback.has_value();
    if (node.fallback) info.default_text = node.fallback->plain_text();
    info.type = type_name(node.types);
    info.title = node.title;
    info.description = node.description;
    info.choices = plain_texts(node.choices);
    info.examples = plain_texts(node.examples);
    out.push_back(std::move(info));
  }
  return out;
}

bool Schema::is_closed() const {
  const Node& root = compiled_->nodes.front();
  return root.additional != no_node && compiled_->nodes[root.additional].refuses_all;
}

const std::string& Schema::json() const { return compiled_->json; }

}  // namespace penstock::schema
