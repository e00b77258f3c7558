#include "api/field_docs.hpp"

#include <algorithm>

#include <penstock/hex.hpp>
#include <penstock/json.hpp>
#include <penstock/missing_fields.hpp>
#include <penstock/text.hpp>

namespace penstock::server {
namespace {

/// The member's text, or its JSON; empty: there is none.
std::string text(const JsonValue& object, std::string_view name) {
  const JsonValue* found = object.find(name);
  return found == nullptr ? std::string() : found->plain_text();
}

std::vector<std::string> list(const JsonValue& object, std::string_view name) {
  std::vector<std::string> out;
  const JsonValue* found = object.find(name);
  if (found == nullptr) return out;
  for (const JsonValue& value : found->items)
    out.push_back(value.plain_text());
  return out;
}

/// A printable pattern that can be wrapped: control characters and spaces are escaped.
std::string shown_pattern(std::string_view pattern) {
  std::string out;
  for (const char c : pattern) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7F) {
      out += c;
    } else {
      out += "\\x";
      append_hex(out, c);
    }
  }
  return out;
}

std::string about(const JsonValue& schema, const std::string& condition) {
  std::string out;
  const auto add = [&](const std::string& words) {
    if (!words.empty()) out += (out.empty() ? "" : "; ") + words;
  };
  const JsonValue* secret = schema.find("x-secret");
  const bool is_secret = secret != nullptr && secret->boolean;
  if (is_secret) add("secret");
  add(condition);
  add(text(schema, "description"));
  if (const std::string type = text(schema, "type"); type != "string") add(type);
  if (const auto choices = list(schema, "enum"); !choices.empty()) add("one of " + joined(choices));
  const std::string least = text(schema, "minimum");
  const std::string most = text(schema, "maximum");
  if (!least.empty()) add("at least " + least);
  if (!most.empty()) add("at most " + most);
  if (is_secret) return out;  // nobody composes a secret from a pattern
  const auto examples = list(schema, "examples");
  if (!examples.empty()) add("such as " + examples.front());
  if (const std::string pattern = text(schema, "pattern"); !pattern.empty())
    add("matches " + shown_pattern(pattern));
  return out;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// "needed where grant is jwt_bearer". Sets `by_default` if the condition holds by default.
std::string condition_of(const std::string& name, const ApiInfo& api, const JsonValue& properties,
                         bool& by_default) {
  std::vector<std::string> values;
  std::string chosen_by;
  for (const FieldsWhen& when : api.required_when) {
    if (!contains(when.fields, name)) continue;
    chosen_by = when.field;
    values.push_back(when.equals);
    const JsonValue* chooser = properties.find(when.field);
    by_default = by_default || (chooser != nullptr && text(*chooser, "default") == when.equals);
  }
  return values.empty() ? std::string() : "needed where " + chosen_by + " is " + joined(values);
}

std::vector<FieldDoc> fields(const std::string& json, const std::vector<std::string>& needed,
                             const ApiInfo* conditions) {
  std::vector<FieldDoc> out;
  const auto schema = parse_json(json);
  const JsonValue* properties = schema ? schema->find("properties") : nullptr;
  if (properties == nullptr) return out;
  const std::vector<std::string> required = list(*schema, "required");
  for (const auto& [name, property] : properties->members) {
    FieldDoc field{name, "optional", {}};
    field.required = contains(required, field.name) || contains(needed, field.name);
    std::string condition;
    if (conditions != nullptr && !field.required)
      condition = condition_of(field.name, *conditions, *properties, field.required);
    if (const JsonValue* fallback = property.find("default")) {
      field.need = "default " + fallback->plain_text();
      field.required = false;
    } else if (field.required) {
      field.need = "required";
    }
    field.about = about(property, condition);
    out.push_back(std::move(field));
  }
  // Not std::ranges::stable_partition: clang 14 cannot compile it.
  std::stable_partition(out.begin(), out.end(), [](const FieldDoc& one) { return one.required; });
  return out;
}

}  // namespace

std::vector<FieldDoc> option_fields(const ApiInfo& api) {
  return fields(api.options_schema, {}, nullptr);
}

std::vector<FieldDoc> connection_fields(const ApiInfo& api) {
  return fields(api.connection_schema, api.required_fields, &api);
}

bool is_complete(const ApiInfo& api,
                 const std::function<std::optional<std::string_view>(const std::string&)>& value) {
  const auto schema = parse_json(api.connection_schema);
  const JsonValue* properties = schema ? schema->find("properties") : nullptr;
  const auto found = [&](const std::string& name) {
    if (const auto given = value(name)) return std::string(*given);
    const JsonValue* field = properties == nullptr ? nullptr : properties->find(name);
    return field == nullptr ? std::string() : text(*field, "default");
  };
  return missing_fields(api.required_fields, api.required_when, found).empty();
}

}  // namespace penstock::server
