#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <penstock/json.hpp>

#include "schema/pattern.hpp"
#include "schema/schema.hpp"

namespace penstock::schema {

/// One bit per type. A whole number also counts as an integer.
enum TypeBit : std::uint8_t {
  type_null = 1,
  type_boolean = 2,
  type_integer = 4,
  type_number = 8,
  type_string = 16,
  type_array = 32,
  type_object = 64,
};

constexpr std::uint32_t no_node = std::numeric_limits<std::uint32_t>::max();

struct Property {
  std::string name;
  std::uint32_t node = no_node;
};

/// One (sub)schema. Children are indices into Compiled::nodes.
struct Node {
  bool refuses_all = false;  ///< the schema `false`
  std::uint8_t types = 0;    ///< 0: any
  std::vector<Property> properties;
  std::vector<std::string> required;
  std::uint32_t additional = no_node;  ///< no_node: anything
  std::uint32_t items = no_node;
  std::vector<JsonValue> choices;  ///< the values of enum, or the single one of const
  bool has_choices = false;
  std::optional<long double> minimum, maximum, exclusive_minimum, exclusive_maximum;
  std::size_t min_length = 0, max_length = SIZE_MAX;
  std::size_t min_items = 0, max_items = SIZE_MAX;
  std::size_t min_properties = 0, max_properties = SIZE_MAX;
  std::optional<Pattern> pattern;
  std::optional<JsonValue> fallback;  ///< default
  bool secret = false;
  std::string title, description;
  std::vector<JsonValue> examples;
};

struct Schema::Compiled {
  std::vector<Node> nodes;  ///< the root comes first
  std::string json = "{}";
};

}  // namespace penstock::schema
