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
#include <penstock/json.hpp>
#include <penstock/result.hpp>

namespace penstock::schema {

struct Validation {
  std::vector<Problem> problems;  ///< all problems; empty: valid
  std::vector<Field> values;      ///< top-level scalars as text, with defaults filled in
  std::string canonical;          ///< the instance as JSON text, with defaults filled in

  bool ok() const { return problems.empty(); }
};

/// A property of an object schema, for documentation and for building forms.
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

/// With `as_text`, a string that spells a number or a boolean is accepted for it, and a number or a
/// boolean is accepted for its text.
enum class Scalars : std::uint8_t { strict, as_text };

/// A JSON Schema in Penstock's closed vocabulary (docs/schema.md), compiled to a flat form.
/// Immutable and cheap to copy; validation is [any-thread].
class Schema {
 public:
  Schema();  ///< accepts every value

  /// Rejects keywords outside the vocabulary, and defaults, examples and counter-examples that
  /// contradict the schema. Returns every problem with its JSON Pointer. The members of a
  /// JsonValue must have unique names.
  static Result<Schema, std::vector<Problem>> compile(const JsonValue& schema);
  static Result<Schema, std::vector<Problem>> compile(std::string_view json);

  /// Validates a value, or JSON text. `prefix` is prepended to every pointer.
  Validation validate(JsonValue value, std::string_view prefix,
                      Scalars scalars = Scalars::as_text) const;
  Validation validate(std::string_view json, std::string_view prefix,
                      Scalars scalars = Scalars::as_text) const;

  /// Validates an object whose members are all strings.
  Validation validate_fields(std::span<const std::pair<std::string_view, std::string_view>> strings,
                             std::string_view prefix) const;

  /// The top-level properties, in the schema's order.
  std::vector<FieldInfo> fields() const;

  /// Whether an object must not have properties other than fields().
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
