#pragma once

#include <string>

#include "schema/compiled.hpp"

namespace penstock::schema {

/// One pass over one instance. Fills defaults into it as it goes.
class Validator {
 public:
  Validator(const Schema& schema, Scalars scalars, Validation& out)
      : nodes_(schema.compiled_->nodes), scalars_(scalars), out_(out) {}

  void run(JsonValue value, std::string pointer);

 private:
  void check(const Node& node, JsonValue& value, const std::string& pointer);
  bool fits_type(const Node& node, JsonValue& value) const;
  void check_number(const Node& node, const JsonValue& value, const std::string& pointer);
  void check_string(const Node& node, const JsonValue& value, const std::string& pointer);
  void check_array(const Node& node, JsonValue& value, const std::string& pointer);
  void check_object(const Node& node, JsonValue& value, const std::string& pointer);
  void problem(const std::string& pointer, std::string message);

  const std::vector<Node>& nodes_;
  Scalars scalars_;
  Validation& out_;
};

}  // namespace penstock::schema
