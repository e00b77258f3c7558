#pragma once

#include <string>
#include <string_view>

#include "schema/compiled.hpp"

namespace penstock::schema {

/// The position of a value in the instance; its pointer is built only for a problem.
struct Place {
  const Place* parent = nullptr;
  std::string_view name;  ///< for the root: the prefix of all pointers
  std::size_t index = 0;
  bool is_item = false;

  Place member(std::string_view called) const { return {this, called}; }
  Place item(std::size_t number) const { return {this, {}, number, true}; }
  std::string pointer() const;
};

/// One validation pass over one instance. Fills in defaults on the way.
class Validator {
 public:
  Validator(const Schema& schema, Scalars scalars, Validation& out)
      : nodes_(schema.compiled_->nodes), scalars_(scalars), out_(out) {}

  void run(JsonValue value, std::string_view prefix);

 private:
  void check(const Node& node, JsonValue& value, const Place& place);
  bool fits_type(const Node& node, JsonValue& value) const;
  void check_number(const Node& node, const JsonValue& value, const Place& place);
  void check_string(const Node& node, const JsonValue& value, const Place& place);
  void check_array(const Node& node, JsonValue& value, const Place& place);
  void check_object(const Node& node, JsonValue& value, const Place& place);
  void problem(const Place& place, const char* rule, const JsonValue& value, std::string message,
               std::string suggestion = {});

  const std::vector<Node>& nodes_;
  Scalars scalars_;
  Validation& out_;
};

}  // namespace penstock::schema
