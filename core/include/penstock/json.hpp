#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <penstock/result.hpp>

namespace penstock {

/// A JSON value that keeps its numbers as they were written: `38.20` stays `38.20`. To write JSON
/// without building a tree, see penstock/json_writer.hpp. All functions are [any-thread].
struct JsonValue {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  struct Member;  // not a std::pair: clang cannot complete a pair of the type inside itself

  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;  ///< of a string: decoded; of a number: its literal
  std::vector<JsonValue> items;
  std::vector<Member> members;  ///< in order

  static JsonValue string(std::string_view text);
  static JsonValue array();
  static JsonValue array(std::vector<JsonValue> items);
  static JsonValue object();
  static JsonValue object(std::vector<Member> members);

  bool is_string() const { return kind == Kind::string; }
  bool is_array() const { return kind == Kind::array; }
  bool is_object() const { return kind == Kind::object; }

  /// The first member of that name; null: there is none, or the value is no object.
  const JsonValue* find(std::string_view name) const;
  JsonValue* find(std::string_view name);

  /// Appends a member to an object.
  void add(std::string_view name, JsonValue value);
  /// Removes every member of that name.
  void remove(std::string_view name);

  /// The value of a number, as far as a long double can hold it.
  long double number() const;
  /// Whether it is a whole number, however it is written: 5, 5.0, 5e0.
  bool is_integer() const;
  /// The value of a number that is written without fraction and exponent and fits.
  std::optional<std::int64_t> integer() const;

  /// The type's name in JSON Schema: "object", "string".
  std::string_view kind_name() const;

  /// Appends the value as compact JSON.
  void write(std::string& out) const;
  std::string json() const;
  /// A string's text; any other value as JSON.
  std::string plain_text() const;
};

struct JsonValue::Member {
  Member(std::string_view called, JsonValue holds) : name(called), value(std::move(holds)) {}

  std::string name;
  JsonValue value;
};

/// Equality as defined by JSON Schema: numbers by value, objects regardless of order.
bool operator==(const JsonValue& a, const JsonValue& b);

/// Why a text is not JSON.
struct JsonError {
  std::string reason;
  std::size_t offset = 0;  ///< in bytes

  /// "Invalid value. (offset 12)"
  std::string text() const;
};

/// Whether an object may have two members of the same name. `keep` keeps all of them in order.
enum class DuplicateNames : std::uint8_t { refuse, keep };

/// Parses one JSON document of RFC 8259 in valid UTF-8, safe on untrusted input: at most 64 levels
/// and 100,000 values, no number literal longer than 64 characters or with more than 4 exponent
/// digits, no unpaired surrogate, no NUL, nothing after the document. A byte order mark in front is
/// ignored (section 8.1).
Result<JsonValue, JsonError> parse_json(std::string_view text,
                                        DuplicateNames duplicates = DuplicateNames::refuse);

}  // namespace penstock
