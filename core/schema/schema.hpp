#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>
#include <penstock/result.hpp>
#include <rapidjson/document.h>

namespace penstock::schema {

struct Validation {
  std::vector<Problem> problems;  ///< all of them; empty: valid
  std::vector<Field> values;      ///< the top level's scalars as text, defaults filled
  std::string canonical;          ///< the instance as JSON text, defaults filled

  bool ok() const { return problems.empty(); }
};

/// A property of an object schema, for people and for those who fill forms.
struct FieldInfo {
  std::string name;
  bool required = false;
  bool secret = false;
  bool has_default = false;
  std::string default_text;
  std::string type;  ///< "string"; empty: any
  std::string title, description;
  std::vector<std::string> choices;   ///< enum, as text
  std::vector<std::string> examples;  ///< as text
};

/// Whether a string that spells a number or a boolean may stand for it, and a number or a boolean
/// for its text.
enum class Scalars : std::uint8_t { strict, as_text };

/// A JSON Schema in Penstock's closed vocabulary (docs/schema.md), compiled to a flat form and
/// immutable: copying it is cheap, validating is [any-thread].
class Schema {
 public:
  Schema();  ///< accepts everything

  /// Refuses any word outside the vocabulary, and defaults, examples and counter-examples that
  /// contradict the schema; every problem with its JSON Pointer.
  static Result<Schema, std::vector<Problem>> compile(const rapidjson::Value& schema);
  static Result<Schema, std::vector<Problem>> compile(std::string_view json);

  /// Validates JSON text. `prefix` stands before every pointer.
  Validation validate(std::string_view json, std::string_view prefix,
                      Scalars scalars = Scalars::as_text) const;

  /// Validates an object whose members are all strings.
  Validation validate_fields(std::span<const std::pair<std::string_view, std::string_view>> strings,
                             std::string_view prefix) const;

  /// The properties of the top level, in the schema's order.
  std::vector<FieldInfo> fields() const;

  /// Whether an object may hold no other properties than fields().
  bool is_closed() const;

  /// The schema as it was written.
  const std::string& json() const;

 private:
  struct Compiled;
  friend class Compiler;
  friend class Validator;
  explicit Schema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace penstock::schema
