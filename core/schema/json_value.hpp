#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <penstock/result.hpp>
#include <rapidjson/document.h>

namespace penstock::schema {

/// A JSON value that remembers how its numbers were written: `38.20` stays `38.20`.
struct JsonValue {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  struct Member;  // not a pair: of itself inside itself, clang cannot complete one

  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;  ///< of a string: decoded; of a number: its literal
  std::vector<JsonValue> items;
  std::vector<Member> members;  ///< in order, names unique

  static JsonValue string(std::string_view text);
  static JsonValue from(const rapidjson::Value& value);

  const JsonValue* find(std::string_view name) const;
  long double number() const;
  bool is_integer() const;

  /// "object", "string": as JSON Schema calls it.
  std::string_view kind_name() const;
  void write(std::string& out) const;
};

struct JsonValue::Member {
  Member(std::string_view called, JsonValue holds) : name(called), value(std::move(holds)) {}

  std::string name;
  JsonValue value;
};

/// JSON Schema's equality: numbers by value, objects without order.
bool operator==(const JsonValue& a, const JsonValue& b);

/// Parses under the limits of base/json.hpp; a duplicate member is refused too.
Result<JsonValue, std::string> parse_value(std::string_view json);

}  // namespace penstock::schema
