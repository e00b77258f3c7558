#include <algorithm>
#include <array>
#include <cmath>

#include <penstock/text.hpp>

#include "schema/validator.hpp"

namespace penstock::schema {
namespace {

using Kind = JsonValue::Kind;

const std::vector<std::string>& vocabulary() {
  static const std::vector<std::string> words = {"$schema",
                                                 "$id",
                                                 "$comment",
                                                 "title",
                                                 "description",
                                                 "default",
                                                 "examples",
                                                 "deprecated",
                                                 "type",
                                                 "enum",
                                                 "const",
                                                 "required",
                                                 "properties",
                                                 "additionalProperties",
                                                 "items",
                                                 "minimum",
                                                 "maximum",
                                                 "exclusiveMinimum",
                                                 "exclusiveMaximum",
                                                 "minLength",
                                                 "maxLength",
                                                 "minItems",
                                                 "maxItems",
                                                 "minProperties",
                                                 "maxProperties",
                                                 "pattern",
                                                 "x-secret",
                                                 "x-counterexamples"};
  return words;
}

std::uint8_t type_bit(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, int>, 7> bits = {
      {{"null", type_null},
       {"boolean", type_boolean},
       {"integer", type_integer},
       {"number", type_number | type_integer},
       {"string", type_string},
       {"array", type_array},
       {"object", type_object}}};
  const auto found = std::ranges::find(bits, name, [](const auto& entry) { return entry.first; });
  return found == bits.end() ? 0 : static_cast<std::uint8_t>(found->second);
}

}  // namespace

class Compiler {
 public:
  Result<Schema, std::vector<Problem>> run(const JsonValue& schema) {
    compile(schema, "");
    if (problems_.empty()) {
      compiled_->json = schema.json();
      check_annotations();
    }
    if (!problems_.empty()) return failure(std::move(problems_));
    return Schema(std::move(compiled_));
  }

 private:
  /// A value that the schema contains: its default, an example or a counter-example. Checked after
  /// the whole schema is compiled.
  struct Annotation {
    std::uint32_t node;
    JsonValue value;
    std::string pointer;
    bool must_be_valid;
  };

  void problem(const std::string& pointer, std::string message) {
    problems_.push_back({pointer, std::move(message)});
  }

  std::uint32_t compile(const JsonValue& schema, const std::string& pointer) {
    const auto index = static_cast<std::uint32_t>(compiled_->nodes.size());
    compiled_->nodes.emplace_back();
    Node node;
    if (schema.kind == Kind::boolean) {
      node.refuses_all = !schema.boolean;
    } else if (schema.kind != Kind::object) {
      problem(pointer, "a schema is an object or a boolean");
    } else {
      for (const auto& [word, value] : schema.members)
        read(node, index, word, value, pointer_to(pointer, word));
    }
    compiled_->nodes[index] = std::move(node);  // not earlier: compiling children grows the vector
    return index;
  }

  void read(Node& node, std::uint32_t index, const std::string& word, const JsonValue& value,
            const std::string& at) {
    if (word == "type") return read_type(node, value, at);
    if (word == "properties") return read_properties(node, value, at);
    if (word == "required") return read_required(node, value, at);
    if (word == "additionalProperties")
      return static_cast<void>(node.additional = compile(value, at));
    if (word == "items") return static_cast<void>(node.items = compile(value, at));
    if (word == "enum" || word == "const") return read_choices(node, word, value, at);
    if (word == "pattern") return read_pattern(node, value, at);
    if (word == "minimum") return read_number(node.minimum, value, at);
    if (word == "maximum") return read_number(node.maximum, value, at);
    if (word == "exclusiveMinimum") return read_number(node.exclusive_minimum, value, at);
    if (word == "exclusiveMaximum") return read_number(node.exclusive_maximum, value, at);
    if (word == "minLength") return read_count(node.min_length, value, at);
    if (word == "maxLength") return read_count(node.max_length, value, at);
    if (word == "minItems") return read_count(node.min_items, value, at);
    if (word == "maxItems") return read_count(node.max_items, value, at);
    if (word == "minProperties") return read_count(node.min_properties, value, at);
    if (word == "maxProperties") return read_count(node.max_properties, value, at);
    if (word == "title") return read_text(node.title, value, at);
    if (word == "description") return read_text(node.description, value, at);
    if (word == "x-secret" || word == "deprecated") {
      if (value.kind != Kind::boolean) return problem(at, "must be true or false");
      if (word == "x-secret") node.secret = value.boolean;
      return;
    }
    if (word == "default") {
      node.fallback = value;
      annotations_.push_back({index, value, at, true});
      return;
    }
    if (word == "examples" || word == "x-counterexamples") {
      if (value.kind != Kind::array) return problem(at, "must be an array");
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        annotations_.push_back(
            {index, value.items[i], at + "/" + std::to_string(i), word == "examples"});
      }
      if (word == "examples") node.examples = value.items;
      return;
    }
    if (word == "$schema") return read_dialect(value, at);
    if (word == "$id" || word == "$comment") {
      if (value.kind != Kind::string) problem(at, "must be a string");
      return;
    }
    problem(at, "\"" + word + "\" is not in the vocabulary (docs/schema.md)" +
                    did_you_mean(word, vocabulary()));
  }

  // Another dialect may give the same keywords another meaning.
  void read_dialect(const JsonValue& value, const std::string& at) {
    constexpr std::array dialects = {"http://json-schema.org/draft-07/schema#",
                                     "http://json-schema.org/draft-07/schema",
                                     "https://json-schema.org/draft/2019-09/schema",
                                     "https://json-schema.org/draft/2020-12/schema"};
    if (value.kind != Kind::string || std::ranges::find(dialects, value.text) == dialects.end()) {
      problem(at, "must be https://json-schema.org/draft/2020-12/schema, 2019-09 or draft-07");
    }
  }

  void read_type(Node& node, const JsonValue& value, const std::string& at) {
    const auto add = [&](const JsonValue& name) {
      const std::uint8_t bit = name.kind == Kind::string ? type_bit(name.text) : 0;
      if (bit == 0)
        problem(at, "must name types: null, boolean, integer, number, string, array, object");
      node.types |= bit;
    };
    if (value.kind != Kind::array) return add(value);
    if (value.items.empty()) problem(at, "must name at least one type");
    for (const JsonValue& name : value.items)
      add(name);
  }

  void read_properties(Node& node, const JsonValue& value, const std::string& at) {
    if (value.kind != Kind::object) return problem(at, "must be an object");
    for (const auto& [name, schema] : value.members)
      node.properties.push_back({name, compile(schema, pointer_to(at, name))});
  }

  void read_required(Node& node, const JsonValue& value, const std::string& at) {
    if (value.kind != Kind::array) return problem(at, "must be an array of names");
    for (const JsonValue& name : value.items) {
      if (name.kind != Kind::string) return problem(at, "must be an array of names");
      if (std::ranges::find(node.required, name.text) != node.required.end())
        problem(at, "names \"" + name.text + "\" twice");
      node.required.push_back(name.text);
    }
  }

  void read_choices(Node& node, const std::string& word, const JsonValue& value,
                    const std::string& at) {
    if (word == "enum" && value.kind != Kind::array) return problem(at, "must be an array");
    if (node.has_choices) return problem(at, "enum and const exclude each other");
    node.has_choices = true;
    node.choices = word == "enum" ? value.items : std::vector<JsonValue>{value};
    if (node.choices.empty()) problem(at, "must contain at least one value");
  }

  void read_pattern(Node& node, const JsonValue& value, const std::string& at) {
    if (value.kind != Kind::string) return problem(at, "must be a string");
    auto pattern = Pattern::compile(value.text);
    if (!pattern) return problem(at, "cannot be used: " + pattern.error());
    node.pattern = *std::move(pattern);
  }

  void read_number(std::optional<long double>& out, const JsonValue& value, const std::string& at) {
    if (value.kind != Kind::number) return problem(at, "must be a number");
    out = value.number();
  }

  void read_count(std::size_t& out, const JsonValue& value, const std::string& at) {
    if (!value.is_integer() || value.number() < 0 || value.number() > 1e15L)
      return problem(at, "must be a count: a whole number, 0 or more");
    out = static_cast<std::size_t>(value.number());
  }

  void read_text(std::string& out, const JsonValue& value, const std::string& at) {
    if (value.kind != Kind::string) return problem(at, "must be a string");
    out = value.text;
  }

  void check_annotations() {
    for (const Annotation& annotation : annotations_) {
      // The subschema as a root of its own: the same nodes with a different first one.
      auto part = std::make_shared<Schema::Compiled>(*compiled_);
      part->nodes.front() = compiled_->nodes[annotation.node];
      Validation validation;
      Validator(Schema(std::move(part)), Scalars::strict, validation).run(annotation.value, "");
      if (annotation.must_be_valid && !validation.ok())
        problem(annotation.pointer,
                "does not match its own schema: " + validation.problems.front().message);
      if (!annotation.must_be_valid && validation.ok())
        problem(annotation.pointer, "is a counter-example, but the schema accepts it");
    }
  }

  std::shared_ptr<Schema::Compiled> compiled_ = std::make_shared<Schema::Compiled>();
  std::vector<Problem> problems_;
  std::vector<Annotation> annotations_;
};

Result<Schema, std::vector<Problem>> Schema::compile(const JsonValue& schema) {
  return Compiler().run(schema);
}

Result<Schema, std::vector<Problem>> Schema::compile(std::string_view json) {
  const auto value = parse_json(json);
  if (!value)
    return failure(
        std::vector<Problem>{{"", "the schema is not valid JSON: " + value.error().text()}});
  return Compiler().run(*value);
}

}  // namespace penstock::schema
