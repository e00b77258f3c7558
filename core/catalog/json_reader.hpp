#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/error.hpp>
#include <rapidjson/document.h>

namespace penstock::catalog {

/// Reads a JSON object strictly: right types, no unknown members. Problems are collected with their
/// pointers, so that an author sees all of them at once, and each once: no further problem is added
/// for a member that is missing or has the wrong type.
class JsonReader {
 public:
  JsonReader(const rapidjson::Value& value, std::string pointer, std::vector<Problem>& problems);

  /// A required text may not be empty.
  std::string text(const char* name, bool required = false);
  bool boolean(const char* name, bool fallback);
  std::int64_t integer(const char* name, std::int64_t fallback, std::int64_t least,
                       std::int64_t most);
  std::vector<std::string> texts(const char* name);

  /// The member if it has that type, else null; a member of another type is a problem.
  const rapidjson::Value* object(const char* name, bool required = false);
  const rapidjson::Value* array(const char* name);
  const rapidjson::Value* any(const char* name);

  bool is_object() const { return is_object_; }
  bool has(const char* name) const;
  /// False: the member was found missing or wrong when it was read.
  bool is_sound(std::string_view name) const;

  /// Reports every member that was never read. Call last.
  void refuse_others();
  /// Reports names that occur twice in an object of any names: a reader would see only one of them.
  void refuse_repeats(const rapidjson::Value& object, std::string_view member);

  /// Adds a problem. An empty `member` means the object itself.
  void problem(std::string_view member, std::string message);
  std::string pointer_to(std::string_view member) const;

 private:
  const rapidjson::Value* member(const char* name, bool required,
                                 bool (rapidjson::Value::*is)() const, const char* kind);

  const rapidjson::Value& value_;
  bool is_object_;  ///< false: there is nothing to read
  std::string pointer_;
  std::vector<Problem>& problems_;
  std::vector<std::string> known_;
  std::vector<std::string> unsound_;  ///< members that could not be read
};

}  // namespace penstock::catalog
