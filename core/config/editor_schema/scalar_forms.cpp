#include "config/editor_schema/scalar_forms.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "schema/schema.hpp"

namespace penstock::config {
namespace {

using rapidjson::Value;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::string_view text_of(const Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

Value text(std::string_view value, JsonAllocator& memory) {
  return {value.data(), static_cast<rapidjson::SizeType>(value.size()), memory};
}

bool has_type(const Value& schema, std::string_view name) {
  const auto type = schema.FindMember("type");
  if (type == schema.MemberEnd()) return false;
  if (type->value.IsString()) return text_of(type->value) == name;
  return type->value.IsArray() &&
         std::ranges::any_of(type->value.GetArray(), [&](const Value& one) {
           return one.IsString() && text_of(one) == name;
         });
}

/// Tries whether the schema accepts the text of a number, or of a boolean, using samples. A schema
/// beyond the closed vocabulary counts as accepting, to avoid false alarms.
class SchemaProbe {
 public:
  explicit SchemaProbe(const Value& schema) : compiled_(schema::Schema::compile(schema)) {}

  bool takes_number() const {
    for (char digit = '0'; digit <= '9'; ++digit) {
      for (std::size_t digits = 1; digits <= 24; ++digits) {
        const std::string number(digits, digit);
        if (takes(number) || takes(number + "." + digit)) return true;
      }
    }
    return false;
  }
  bool takes_boolean() const { return takes("true") || takes("false"); }

 private:
  bool takes(const std::string& text) const {
    return !compiled_ || compiled_->validate('"' + text + '"', "").ok();
  }

  Result<schema::Schema, std::vector<Problem>> compiled_;
};

Value pattern_schema(std::string_view pattern, JsonAllocator& memory) {
  Value out(rapidjson::kObjectType);
  out.AddMember("pattern", text(pattern, memory), memory);
  return out;
}

Value text_schema(std::string_view pattern, JsonAllocator& memory) {
  Value out = pattern_schema(pattern, memory);
  out.AddMember("type", "string", memory);
  return out;
}

/// Accepts a string, written as text or as a bare number or boolean that the schema accepts as
/// text. A `$` is excluded: such a text is an interpolated text.
void take_texts(Value& literal, const Value& schema, JsonAllocator& memory) {
  Value types(rapidjson::kArrayType);
  types.PushBack("string", memory);
  const SchemaProbe probe(schema);
  if (probe.takes_number()) types.PushBack("number", memory);
  if (probe.takes_boolean()) types.PushBack("boolean", memory);
  literal.RemoveMember("type");
  literal.AddMember("type", types.Size() == 1 ? Value("string", memory) : std::move(types), memory);
  Value no_dollar = pattern_schema("^[^$]*$", memory);
  no_dollar.AddMember("patternErrorMessage",
                      "A $ starts ${env:NAME} or ${file:/path}; write $$ for a literal $", memory);
  Value rest(rapidjson::kArrayType);
  rest.PushBack(no_dollar, memory);
  literal.AddMember("allOf", rest, memory);
}

/// Each choice, and what a YAML parser makes of it without quotes, or with them.
Value take_choices(const Value& choices, JsonAllocator& memory) {
  Value out(rapidjson::kArrayType);
  for (const Value& choice : choices.GetArray()) {
    out.PushBack(Value(choice, memory), memory);
    if (choice.IsString()) {
      const auto bare = parse_json(text_of(choice));
      if (bare && ((*bare)->IsNumber() || (*bare)->IsBool()))
        out.PushBack(Value(**bare, memory), memory);
    } else if (choice.IsBool()) {
      out.PushBack(text(choice.GetBool() ? "true" : "false", memory), memory);
    } else if (choice.IsInt64()) {
      out.PushBack(text(std::to_string(choice.GetInt64()), memory), memory);
    }
  }
  return out;
}

Value forms_of_scalar(const Value& schema, JsonAllocator& memory) {
  Value out(rapidjson::kObjectType);
  Value literal(rapidjson::kObjectType);
  for (const auto& [name, value] : schema.GetObject()) {
    const std::string_view word = text_of(name);
    if (is_one_of(word, {"$schema", "$id", "$comment", "x-counterexamples"})) continue;
    const bool for_people =
        is_one_of(word, {"title", "description", "default", "examples", "deprecated", "x-secret"});
    (for_people ? out : literal).AddMember(Value(name, memory), Value(value, memory), memory);
  }
  Value ways(rapidjson::kArrayType);
  if (const auto one = literal.FindMember("const"); one != literal.MemberEnd()) {
    Value choices(rapidjson::kArrayType);
    choices.PushBack(Value(one->value, memory), memory);
    literal.RemoveMember("const");
    literal.AddMember("enum", choices, memory);
  }
  if (literal.HasMember("enum")) {
    literal["enum"] = take_choices(literal["enum"], memory);
    literal.RemoveMember("type");
    ways.PushBack(literal, memory);
  } else if (!literal.HasMember("type") || has_type(literal, "string")) {
    take_texts(literal, schema, memory);
    ways.PushBack(literal, memory);
  } else {
    const bool boolean = has_type(literal, "boolean");
    const std::string_view spelled = boolean                        ? "^(true|false)$"
                                     : has_type(literal, "integer") ? "^-?[0-9]+$"
                                                                    : "^-?[0-9.eE+-]+$";
    ways.PushBack(literal, memory);
    ways.PushBack(text_schema(spelled, memory), memory);
  }
  Value interpolated(rapidjson::kObjectType);
  interpolated.AddMember("$ref", "#/definitions/interpolated", memory);
  ways.PushBack(interpolated, memory);
  out.AddMember("anyOf", ways, memory);
  return out;
}

bool is_scalar(const Value& schema) {
  return !schema.HasMember("$ref") && !schema.HasMember("properties") &&
         !schema.HasMember("definitions") && !has_type(schema, "object") &&
         !has_type(schema, "array");
}

}  // namespace

Value with_scalar_forms(const Value& schema, JsonAllocator& memory) {
  if (!schema.IsObject()) return {schema, memory};
  if (is_scalar(schema)) return forms_of_scalar(schema, memory);
  Value out(rapidjson::kObjectType);
  for (const auto& [name, value] : schema.GetObject()) {
    Value made(value, memory);
    if (is_one_of(text_of(name), {"properties", "definitions"})) {
      for (auto& member : made.GetObject())
        member.value = with_scalar_forms(Value(member.value, memory), memory);
    } else if (is_one_of(text_of(name), {"items", "additionalProperties"})) {
      made = with_scalar_forms(value, memory);
    }
    out.AddMember(Value(name, memory), made, memory);
  }
  return out;
}

Value interpolated_text(JsonAllocator& memory) {
  constexpr std::string_view one =
      R"((\$\$|\$\{env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}|\$\{file:[^}]*\}))";
  Value out = text_schema("^[^$]*(" + std::string(one) + "[^$]*)+$", memory);
  out.AddMember("description",
                "A text with ${env:NAME}, ${env:NAME:-default}, ${file:/path}, or $$ for a $",
                memory);
  return out;
}

}  // namespace penstock::config
