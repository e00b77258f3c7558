#pragma once

#include <string>
#include <string_view>

#include "schema/compiled.hpp"

namespace penstock::schema {

/// The position of a value in the instance; its pointer is built only for a problem.
struct Location {
  const Location* parent = nullptr;
  std::string_view name;  ///< for the root: the prefix of all pointers
  std::size_t index = 0;
  bool is_item = false;

  Location member(std::string_view called) const { return {this, called}; }
  Location item(std::size_t number) const { return {this, {}, number, true}; }
  std::string pointer() const;
};

/// One validation pass over one instance. Fills in defaults on the way.
class Validator {
 public:
  Validator(const Schema& schema, Scalars scalars, Validation& out)
      : nodes_(schema.compiled_->nodes), scalars_(scalars), out_(out) {}

  void run(JsonValue value, std::string_view prefix);

 private:
  void check(const Node& node, JsonValue& value, const Location& location);
  bool fits_type(const Node& node, JsonValue& value) const;
  void check_number(const Node& node, const JsonValue& value, const Location& location);
  void check_string(const Node& node, const JsonValue& value, const Location& location);
  void check_array(const Node& node, JsonValue& value, const Location& location);
  void check_object(const Node& node, JsonValue& value, const Location& location);
  void problem(const Location& location, const char* rule, const JsonValue& value,
               std::string message, std::string suggestion = {});

  const std::vector<Node>& nodes_;
  Scalars scalars_;
  Validation& out_;
};

}  // namespace penstock::schema
