#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/error.hpp>
#include <penstock/json.hpp>

namespace penstock::catalog {

/// Reads a JSON object strictly: right types, no unknown members. Problems are collected with their
/// pointers, so that an author sees all of them at once, and each once: no further problem is added
/// for a member that is missing or has the wrong type.
class JsonReader {
 public:
  JsonReader(const JsonValue& value, std::string pointer, std::vector<Problem>& problems);

  /// A required text may not be empty.
  std::string text(std::string_view name, bool required = false);
  bool boolean(std::string_view name, bool fallback);
  std::int64_t integer(std::string_view name, std::int64_t fallback, std::int64_t min,
                       std::int64_t max);
  std::vector<std::string> texts(std::string_view name);

  /// A reader of a member that is an object; none if there is none.
  std::optional<JsonReader> nested(std::string_view name, bool required = false);
  /// A reader for each item of a member that is an array of objects.
  std::vector<JsonReader> items(std::string_view name);

  /// The member if it is an object, else null; a member of another type is a problem.
  const JsonValue* object(std::string_view name, bool required = false);
  /// The member of any type; null: there is none.
  const JsonValue* any(std::string_view name);

  bool is_object() const { return is_object_; }
  bool has(std::string_view name) const { return value_->find(name) != nullptr; }
  /// False: the member was found missing or wrong when it was read.
  bool is_valid(std::string_view name) const;

  /// Reports every member that was never read. Call last.
  void refuse_unknown_members();

  /// Adds a problem. An empty `member` means the object itself.
  void problem(std::string_view member, std::string message);
  /// Adds problems that come with their pointers.
  void add(std::vector<Problem> problems);
  std::string pointer_to(std::string_view member) const;

 private:
  const JsonValue* member(std::string_view name, bool required, JsonValue::Kind kind,
                          std::string_view kind_name);
  void invalid(std::string_view name, std::string message);

  const JsonValue* value_;
  bool is_object_;  ///< false: there is nothing to read
  std::string pointer_;
  std::vector<Problem>* problems_;
  std::vector<std::string> known_;
  std::vector<std::string> invalid_;  ///< members that could not be read
};

}  // namespace penstock::catalog
