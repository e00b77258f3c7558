#include "config/editor_schema/yaml_schema.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "schema/schema.hpp"

namespace penstock::config {
namespace {

using Kind = JsonValue::Kind;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool has_type(const JsonValue& schema, std::string_view name) {
  const JsonValue* type = schema.find("type");
  if (type == nullptr) return false;
  const JsonValue wanted = JsonValue::string(name);
  return *type == wanted || std::ranges::find(type->items, wanted) != type->items.end();
}

/// Tells whether a schema accepts the text of a number, or of a boolean, by samples. A schema
/// beyond the closed vocabulary counts as accepting, to avoid false alarms.
class AcceptedTexts {
 public:
  explicit AcceptedTexts(const JsonValue& schema) : compiled_(schema::Schema::compile(schema)) {}

  bool include_a_number() const {
    for (char digit = '0'; digit <= '9'; ++digit) {
      for (std::size_t digits = 1; digits <= 24; ++digits) {
        const std::string number(digits, digit);
        if (include(number) || include(number + "." + digit)) return true;
      }
    }
    return false;
  }
  bool include_a_boolean() const { return include("true") || include("false"); }

 private:
  bool include(const std::string& text) const {
    return !compiled_ || compiled_->validate(JsonValue::string(text), "").ok();
  }

  Result<schema::Schema, std::vector<Problem>> compiled_;
};

JsonValue pattern_schema(std::string_view pattern) {
  return JsonValue::object({{"pattern", JsonValue::string(pattern)}});
}

JsonValue text_schema(std::string_view pattern) {
  JsonValue out = pattern_schema(pattern);
  out.add("type", JsonValue::string("string"));
  return out;
}

/// Makes `literal` accept a string, written as text or as a bare number or boolean that the schema
/// accepts as text. A `$` is excluded: such a text is an interpolated text.
void accept_texts(JsonValue& literal, const JsonValue& schema) {
  JsonValue types = JsonValue::array({JsonValue::string("string")});
  const AcceptedTexts texts(schema);
  if (texts.include_a_number()) types.items.push_back(JsonValue::string("number"));
  if (texts.include_a_boolean()) types.items.push_back(JsonValue::string("boolean"));
  literal.remove("type");
  literal.add("type", types.items.size() == 1 ? types.items.front() : std::move(types));
  JsonValue no_dollar = pattern_schema("^[^$]*$");
  no_dollar.add(
      "patternErrorMessage",
      JsonValue::string("A $ starts ${env:NAME} or ${file:/path}; write $$ for a literal $"));
  literal.add("allOf", JsonValue::array({std::move(no_dollar)}));
}

/// Each choice, and what a YAML parser makes of it without quotes, or with them.
JsonValue yaml_choices(const JsonValue& choices) {
  JsonValue out = JsonValue::array();
  for (const JsonValue& choice : choices.items) {
    out.items.push_back(choice);
    if (choice.is_string()) {
      auto bare = parse_json(choice.text);
      if (bare && (bare->kind == Kind::number || bare->kind == Kind::boolean))
        out.items.push_back(*std::move(bare));
    } else if (choice.kind == Kind::boolean || choice.integer()) {
      out.items.push_back(JsonValue::string(choice.json()));
    }
  }
  return out;
}

JsonValue scalar_schema(const JsonValue& schema) {
  JsonValue out = JsonValue::object();
  JsonValue literal = JsonValue::object();
  for (const auto& [word, value] : schema.members) {
    if (is_one_of(word, {"$schema", "$id", "$comment", "x-counterexamples"})) continue;
    const bool for_people =
        is_one_of(word, {"title", "description", "default", "examples", "deprecated", "x-secret"});
    if (for_people) {
      out.add(word, value);
    } else if (word == "const") {
      literal.add("enum", JsonValue::array({value}));
    } else {
      literal.add(word, value);
    }
  }
  JsonValue alternatives = JsonValue::array();
  if (JsonValue* choices = literal.find("enum")) {
    *choices = yaml_choices(*choices);
    literal.remove("type");
    alternatives.items.push_back(std::move(literal));
  } else if (literal.find("type") == nullptr || has_type(literal, "string")) {
    accept_texts(literal, schema);
    alternatives.items.push_back(std::move(literal));
  } else {
    const std::string_view spelled = has_type(literal, "boolean")   ? "^(true|false)$"
                                     : has_type(literal, "integer") ? "^-?[0-9]+$"
                                                                    : "^-?[0-9.eE+-]+$";
    alternatives.items.push_back(std::move(literal));
    alternatives.items.push_back(text_schema(spelled));
  }
  alternatives.items.push_back(
      JsonValue::object({{"$ref", JsonValue::string("#/definitions/interpolated")}}));
  out.add("anyOf", std::move(alternatives));
  return out;
}

bool is_scalar(const JsonValue& schema) {
  return schema.find("$ref") == nullptr && schema.find("properties") == nullptr &&
         schema.find("definitions") == nullptr && !has_type(schema, "object") &&
         !has_type(schema, "array");
}

}  // namespace

JsonValue yaml_schema(const JsonValue& schema) {
  if (!schema.is_object()) return schema;
  if (is_scalar(schema)) return scalar_schema(schema);
  JsonValue out = JsonValue::object();
  for (const auto& [name, value] : schema.members) {
    if (is_one_of(name, {"properties", "definitions"})) {
      JsonValue schemas = JsonValue::object();
      for (const auto& [key, subschema] : value.members)
        schemas.add(key, yaml_schema(subschema));
      out.add(name, std::move(schemas));
    } else if (is_one_of(name, {"items", "additionalProperties"})) {
      out.add(name, yaml_schema(value));
    } else {
      out.add(name, value);
    }
  }
  return out;
}

JsonValue interpolated_text() {
  constexpr std::string_view one =
      R"((\$\$|\$\{env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}|\$\{file:[^}]*\}))";
  JsonValue out = text_schema("^[^$]*(" + std::string(one) + "[^$]*)+$");
  out.add("description",
          JsonValue::string(
              "A text with ${env:NAME}, ${env:NAME:-default}, ${file:/path}, or $$ for a $"));
  return out;
}

}  // namespace penstock::config
