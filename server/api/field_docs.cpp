#include "api/field_docs.hpp"

#include <algorithm>

#include <penstock/hex.hpp>
#include <penstock/missing_fields.hpp>
#include <penstock/text.hpp>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace penstock::server {
namespace {

using rapidjson::Value;

const Value* member(const Value& object, const char* name) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

/// Strings as their text, other values as JSON.
std::string as_text(const Value& value) {
  if (value.IsString()) return {value.GetString(), value.GetStringLength()};
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string text(const Value& object, const char* name) {
  const Value* found = member(object, name);
  return found == nullptr ? std::string() : as_text(*found);
}

std::vector<std::string> list(const Value& object, const char* name) {
  std::vector<std::string> out;
  const Value* found = member(object, name);
  if (found == nullptr || !found->IsArray()) return out;
  for (const Value& value : found->GetArray())
    out.push_back(as_text(value));
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

std::string about(const Value& schema, const std::string& condition) {
  std::string out;
  const auto add = [&](const std::string& words) {
    if (!words.empty()) out += (out.empty() ? "" : "; ") + words;
  };
  const Value* secret = member(schema, "x-secret");
  const bool is_secret = secret != nullptr && secret->IsBool() && secret->GetBool();
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
std::string condition_of(const std::string& name, const ApiInfo& api, const Value& properties,
                         bool& by_default) {
  std::vector<std::string> values;
  std::string chosen_by;
  for (const FieldsWhen& when : api.required_when) {
    if (!contains(when.fields, name)) continue;
    chosen_by = when.field;
    values.push_back(when.equals);
    const Value* chooser = member(properties, when.field.c_str());
    by_default = by_default || (chooser != nullptr && text(*chooser, "default") == when.equals);
  }
  return values.empty() ? std::string() : "needed where " + chosen_by + " is " + joined(values);
}

std::vector<FieldDoc> fields(const std::string& json, const std::vector<std::string>& needed,
                             const ApiInfo* conditions) {
  std::vector<FieldDoc> out;
  rapidjson::Document schema;
  schema.Parse(json);
  const Value* properties = schema.HasParseError() ? nullptr : member(schema, "properties");
  if (properties == nullptr || !properties->IsObject()) return out;
  const std::vector<std::string> required = list(schema, "required");
  for (const auto& [key, property] : properties->GetObject()) {
    FieldDoc field{as_text(key), "optional", {}};
    field.required = contains(required, field.name) || contains(needed, field.name);
    std::string condition;
    if (conditions != nullptr && !field.required)
      condition = condition_of(field.name, *conditions, *properties, field.required);
    if (const Value* fallback = member(property, "default")) {
      field.need = "default " + as_text(*fallback);
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
  rapidjson::Document schema;
  schema.Parse(api.connection_schema);
  const Value* properties = schema.HasParseError() ? nullptr : member(schema, "properties");
  return missing_fields(api.required_fields, api.required_when,
                        [&](const std::string& name) {
                          if (const auto given = value(name)) return std::string(*given);
                          const Value* field =
                              properties == nullptr ? nullptr : member(*properties, name.c_str());
                          return field == nullptr ? std::string() : text(*field, "default");
                        })
      .empty();
}

}  // namespace penstock::server
