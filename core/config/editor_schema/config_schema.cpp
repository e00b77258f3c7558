#include <map>
#include <set>
#include <string>
#include <string_view>

#include <penstock/catalog.hpp>
#include <penstock/json.hpp>
#include <penstock/json_writer.hpp>
#include <penstock/missing_fields.hpp>

#include "config/editor_schema/file_schema.hpp"
#include "config/editor_schema/yaml_schema.hpp"

namespace penstock {
namespace {

using config::yaml_schema;

JsonValue strings(const std::set<std::string>& values) {
  JsonValue out = JsonValue::array();
  for (const std::string& value : values)
    out.items.push_back(JsonValue::string(value));
  return out;
}

/// {name: value}
JsonValue object(std::string_view name, JsonValue value) {
  JsonValue out = JsonValue::object();
  out.add(name, std::move(value));
  return out;
}

/// {"properties": {name: schema}}
JsonValue property(std::string_view name, JsonValue schema) {
  return object("properties", object(name, std::move(schema)));
}

/// The parsed connection schema of one plugin.
class Connection {
 public:
  explicit Connection(const std::string& json) {
    if (auto parsed = parse_json(json)) schema_ = *std::move(parsed);
  }

  const JsonValue* properties() const { return schema_.find("properties"); }

  std::set<std::string> required() const {
    std::set<std::string> out;
    const JsonValue* names = schema_.find("required");
    if (names == nullptr) return out;
    for (const JsonValue& name : names->items)
      require(name.text, out);
    return out;
  }

  /// The default of a field; empty: it has none.
  std::string default_text(const std::string& field) const {
    const JsonValue* fields = properties();
    const JsonValue* schema = fields == nullptr ? nullptr : fields->find(field);
    const JsonValue* value = schema == nullptr ? nullptr : schema->find("default");
    return value == nullptr ? std::string() : value->plain_text();
  }

  /// Adds a field that the file must contain. A field with a default always has a value.
  void require(const std::string& field, std::set<std::string>& to) const {
    if (default_text(field).empty()) to.insert(field);
  }

 private:
  JsonValue schema_;
};

/// The condition for a connection to be complete for one API.
class Completeness {
 public:
  Completeness(const ApiInfo& api, const Connection& connection) {
    std::set<std::string> always;
    for (const std::string& field : api.required_fields)
      connection.require(field, always);
    empty_will_do_ =
        missing_fields(api.required_fields, api.required_when, [&](const std::string& field) {
          return connection.default_text(field);
        }).empty();
    // Editors offer the alternative under this title.
    schema_.add("title", JsonValue::string(api.tool + "/" + api.api));
    schema_.add("required", strings(always));
    JsonValue rules = JsonValue::array();
    for (const FieldsWhen& when : api.required_when) {
      std::set<std::string> then;
      for (const std::string& field : when.fields)
        connection.require(field, then);
      const bool is_default = connection.default_text(when.field) == when.equals;
      JsonValue condition = property(when.field, object("const", JsonValue::string(when.equals)));
      if (!is_default) condition.add("required", strings({when.field}));
      JsonValue rule = object("if", std::move(condition));
      rule.add("then", object("required", strings(then)));
      rules.items.push_back(std::move(rule));
    }
    if (!rules.items.empty()) schema_.add("allOf", std::move(rules));
  }

  bool empty_will_do() const { return empty_will_do_; }
  JsonValue take() { return std::move(schema_); }

 private:
  JsonValue schema_ = JsonValue::object();
  bool empty_will_do_ = false;
};

/// The connection of one tool: the fields of all its plugins, complete for at least one of its
/// APIs.
class ToolConnection {
 public:
  void add(const ApiInfo& api) {
    const Connection connection(api.connection_schema);
    if (plugins_.insert(api.plugin).second) add_fields(connection);
    Completeness completeness(api, connection);
    empty_will_do_ = empty_will_do_ || completeness.empty_will_do();
    complete_.items.push_back(completeness.take());
  }

  /// The rules for an integration of this tool.
  JsonValue integration_schema() const {
    JsonValue connection = JsonValue::object({{"type", JsonValue::string("object")},
                                              {"additionalProperties", {JsonValue::Kind::boolean}},
                                              {"properties", fields_}});
    if (!required_.empty()) connection.add("required", strings(required_));
    connection.add("anyOf", complete_);
    JsonValue out = property("connection", std::move(connection));
    if (!required_.empty() || !empty_will_do_) out.add("required", strings({"connection"}));
    return out;
  }

 private:
  /// A field declared by several plugins must satisfy all of them.
  void add_fields(const Connection& connection) {
    required_.merge(connection.required());
    const JsonValue* properties = connection.properties();
    if (properties == nullptr) return;
    for (const auto& [name, schema] : properties->members) {
      JsonValue field = yaml_schema(schema);
      JsonValue* known = fields_.find(name);
      if (known == nullptr) {
        fields_.add(name, std::move(field));
      } else {
        also_require(*known, field.find("anyOf"));
      }
    }
  }

  /// Adds the alternatives of another plugin's field to those of `known`, unless they are the same.
  static void also_require(JsonValue& known, const JsonValue* alternatives) {
    const JsonValue* own = known.find("anyOf");
    if (own == nullptr || alternatives == nullptr || *own == *alternatives) return;
    if (known.find("allOf") == nullptr) known.add("allOf", JsonValue::array());
    known.find("allOf")->items.push_back(object("anyOf", *alternatives));
  }

  std::set<std::string> plugins_;
  std::set<std::string> required_;
  JsonValue fields_ = JsonValue::object();
  JsonValue complete_ = JsonValue::array();
  bool empty_will_do_ = false;
};

using Tools = std::map<std::string, ToolConnection>;

JsonValue tool_names(const Tools& tools) {
  std::set<std::string> names;
  for (const auto& [name, connection] : tools)
    names.insert(name);
  return strings(names);
}

/// For each tool, the rules for its integrations.
JsonValue tool_rules(const Tools& tools) {
  JsonValue rules = JsonValue::array();
  for (const auto& [name, connection] : tools) {
    JsonValue condition = property("tool", object("const", JsonValue::string(name)));
    condition.add("required", strings({"tool"}));
    JsonValue rule = object("if", std::move(condition));
    rule.add("then", connection.integration_schema());
    rules.items.push_back(std::move(rule));
  }
  return rules;
}

/// The schema of an integration in the file's schema.
JsonValue& integration_of(JsonValue& file) {
  return *file.find("definitions")->find("integration");
}

}  // namespace

std::string config_schema(const std::vector<ApiInfo>& apis) {
  JsonValue intended = *parse_json(config::file_schema());
  Tools tools;
  for (const ApiInfo& api : apis)
    tools[api.tool].add(api);
  if (!tools.empty()) {
    JsonValue* tool = integration_of(intended).find("properties")->find("tool");
    tool->add("enum", tool_names(tools));
  }
  JsonValue schema = yaml_schema(intended);
  schema.find("definitions")->add("interpolated", config::interpolated_text());
  if (!tools.empty()) integration_of(schema).add("allOf", tool_rules(tools));
  return format_json(schema.json(), JsonLayout::indented);
}

}  // namespace penstock
