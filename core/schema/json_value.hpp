#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <penstock/result.hpp>
#include <rapidjson/document.h>

namespace penstock::schema {

/// A JSON value that preserves how its numbers were written: `38.20` stays `38.20`.
struct JsonValue {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  struct Member;  // not a std::pair: clang cannot complete a pair of the type inside itself

  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;  ///< for a string: decoded; for a number: its literal
  std::vector<JsonValue> items;
  std::vector<Member> members;  ///< in order, with unique names

  static JsonValue string(std::string_view text);
  static JsonValue from(const rapidjson::Value& value);

  const JsonValue* find(std::string_view name) const;
  long double number() const;
  bool is_integer() const;

  /// The type's name in JSON Schema: "object", "string".
  std::string_view kind_name() const;
  void write(std::string& out) const;
};

struct JsonValue::Member {
  Member(std::string_view called, JsonValue holds) : name(called), value(std::move(holds)) {}

  std::string name;
  JsonValue value;
};

/// Equality as defined by JSON Schema: numbers by value, objects regardless of order.
bool operator==(const JsonValue& a, const JsonValue& b);

/// Parses under the limits of base/json.hpp; duplicate members are rejected, too.
Result<JsonValue, std::string> parse_value(std::string_view json);

}  // namespace penstock::schema
