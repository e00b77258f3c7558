#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <penstock/catalog.hpp>
#include <penstock/missing_fields.hpp>
#include <rapidjson/document.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include "base/json.hpp"
#include "config/editor_schema/file_schema.hpp"
#include "config/editor_schema/scalar_forms.hpp"

namespace penstock {
namespace {

using config::JsonAllocator;
using config::with_scalar_forms;
using rapidjson::Value;

Value text(std::string_view value, JsonAllocator& memory) {
  return {value.data(), static_cast<rapidjson::SizeType>(value.size()), memory};
}

Value texts(const std::set<std::string>& values, JsonAllocator& memory) {
  Value out(rapidjson::kArrayType);
  for (const std::string& value : values)
    out.PushBack(text(value, memory), memory);
  return out;
}

/// {word: value}
Value object(std::string_view word, Value value, JsonAllocator& memory) {
  Value out(rapidjson::kObjectType);
  out.AddMember(text(word, memory), value, memory);
  return out;
}

/// {"properties": {name: schema}}
Value property(std::string_view name, Value schema, JsonAllocator& memory) {
  return object("properties", object(name, std::move(schema), memory), memory);
}

std::string json_text(const Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

/// The parsed connection schema of one plugin.
class Connection {
 public:
  explicit Connection(const std::string& json) {
    auto parsed = parse_json(json);
    if (parsed && (*parsed)->IsObject()) document_ = std::move(*parsed);
  }

  const Value* properties() const { return member(document_.get(), "properties"); }

  std::set<std::string> required() const {
    std::set<std::string> out;
    const Value* names = member(document_.get(), "required");
    if (names == nullptr || !names->IsArray()) return out;
    for (const Value& name : names->GetArray())
      require(name.GetString(), out);
    return out;
  }

  /// The default of a field; empty: it has none.
  std::string default_text(const std::string& field) const {
    const Value* fields = properties();
    const Value* value = member(fields == nullptr ? nullptr : member(fields, field), "default");
    if (value == nullptr) return {};
    return value->IsString() ? std::string(value->GetString()) : json_text(*value);
  }

  /// Adds a field that the file must contain. A field with a default always has a value.
  void require(const std::string& field, std::set<std::string>& to) const {
    if (default_text(field).empty()) to.insert(field);
  }

 private:
  static const Value* member(const Value* object, const std::string& name) {
    if (object == nullptr || !object->IsObject()) return nullptr;
    const auto found = object->FindMember(name);
    return found == object->MemberEnd() ? nullptr : &found->value;
  }

  std::unique_ptr<rapidjson::Document> document_;
};

/// The condition for a connection to be complete for one API.
class Completeness {
 public:
  Completeness(const ApiInfo& api, const Connection& connection, JsonAllocator& memory)
      : schema_(rapidjson::kObjectType) {
    std::set<std::string> always;
    for (const std::string& field : api.required_fields)
      connection.require(field, always);
    empty_will_do_ =
        missing_fields(api.required_fields, api.required_when, [&](const std::string& field) {
          return connection.default_text(field);
        }).empty();
    // Editors offer the alternative under this title.
    schema_.AddMember("title", text(api.tool + "/" + api.api, memory), memory);
    schema_.AddMember("required", texts(always, memory), memory);
    Value rules(rapidjson::kArrayType);
    for (const FieldsWhen& when : api.required_when) {
      std::set<std::string> then;
      for (const std::string& field : when.fields)
        connection.require(field, then);
      const bool is_default = connection.default_text(when.field) == when.equals;
      Value condition =
          property(when.field, object("const", text(when.equals, memory), memory), memory);
      if (!is_default) condition.AddMember("required", texts({when.field}, memory), memory);
      Value rule = object("if", std::move(condition), memory);
      rule.AddMember("then", object("required", texts(then, memory), memory), memory);
      rules.PushBack(rule, memory);
    }
    if (!rules.Empty()) schema_.AddMember("allOf", rules, memory);
  }

  bool empty_will_do() const { return empty_will_do_; }
  Value take() { return std::move(schema_); }

 private:
  Value schema_;
  bool empty_will_do_ = false;
};

/// The connection of one tool: the fields of all its plugins, complete for at least one of its
/// APIs.
class ToolConnection {
 public:
  explicit ToolConnection(JsonAllocator& memory)
      : memory_(memory), fields_(rapidjson::kObjectType), complete_(rapidjson::kArrayType) {}

  void add(const ApiInfo& api) {
    const Connection connection(api.connection_schema);
    if (plugins_.insert(api.plugin).second) add_fields(connection);
    Completeness completeness(api, connection, memory_);
    empty_will_do_ = empty_will_do_ || completeness.empty_will_do();
    complete_.PushBack(completeness.take(), memory_);
  }

  /// The rules for an integration of this tool.
  Value integration_schema() {
    Value connection(rapidjson::kObjectType);
    connection.AddMember("type", "object", memory_);
    connection.AddMember("additionalProperties", false, memory_);
    connection.AddMember("properties", fields_, memory_);
    if (!required_.empty()) connection.AddMember("required", texts(required_, memory_), memory_);
    connection.AddMember("anyOf", complete_, memory_);
    Value out = property("connection", std::move(connection), memory_);
    if (!required_.empty() || !empty_will_do_)
      out.AddMember("required", texts({"connection"}, memory_), memory_);
    return out;
  }

 private:
  /// A field declared by several plugins must satisfy all of them.
  void add_fields(const Connection& connection) {
    required_.merge(connection.required());
    const Value* properties = connection.properties();
    if (properties == nullptr) return;
    for (const auto& [name, schema] : properties->GetObject()) {
      Value field = with_scalar_forms(schema, memory_);
      const auto known = fields_.FindMember(name);
      if (known == fields_.MemberEnd()) {
        fields_.AddMember(Value(name, memory_), field, memory_);
      } else if (field.IsObject() && known->value.IsObject() &&
                 field["anyOf"] != known->value["anyOf"]) {
        Value all = known->value.HasMember("allOf") ? Value(known->value["allOf"], memory_)
                                                    : Value(rapidjson::kArrayType);
        all.PushBack(object("anyOf", Value(field["anyOf"], memory_), memory_), memory_);
        known->value.RemoveMember("allOf");
        known->value.AddMember("allOf", all, memory_);
      }
    }
  }

  JsonAllocator& memory_;
  std::set<std::string> plugins_;
  std::set<std::string> required_;
  Value fields_, complete_;
  bool empty_will_do_ = false;
};

using Tools = std::map<std::string, ToolConnection>;

Value tool_names(const Tools& tools, JsonAllocator& memory) {
  std::set<std::string> names;
  for (const auto& [name, connection] : tools)
    names.insert(name);
  return texts(names, memory);
}

/// For each tool, the rules for its integrations.
Value tool_rules(Tools& tools, JsonAllocator& memory) {
  Value rules(rapidjson::kArrayType);
  for (auto& [name, connection] : tools) {
    Value condition = property("tool", object("const", text(name, memory), memory), memory);
    condition.AddMember("required", texts({"tool"}, memory), memory);
    Value rule = object("if", std::move(condition), memory);
    rule.AddMember("then", connection.integration_schema(), memory);
    rules.PushBack(rule, memory);
  }
  return rules;
}

}  // namespace

std::string config_schema(const std::vector<ApiInfo>& apis) {
  const auto meant = parse_json(config::file_schema());
  JsonAllocator& memory = (*meant)->GetAllocator();
  Tools tools;
  for (const ApiInfo& api : apis)
    tools.try_emplace(api.tool, memory).first->second.add(api);
  if (!tools.empty()) {
    (**meant)["definitions"]["integration"]["properties"]["tool"].AddMember(
        "enum", tool_names(tools, memory), memory);
  }
  Value schema = with_scalar_forms(**meant, memory);
  Value& definitions = schema["definitions"];
  definitions.AddMember("interpolated", config::interpolated_text(memory), memory);
  if (!tools.empty())
    definitions["integration"].AddMember("allOf", tool_rules(tools, memory), memory);

  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
  writer.SetIndent(' ', 2);
  schema.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace penstock
