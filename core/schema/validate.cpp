#include <algorithm>
#include <array>

#include <penstock/text.hpp>
#include <penstock/utf8.hpp>

#include "schema/validator.hpp"

namespace penstock::schema {
namespace {

using Kind = JsonValue::Kind;

std::uint8_t type_of(const JsonValue& value) {
  switch (value.kind) {
  case Kind::null:
    return type_null;
  case Kind::boolean:
    return type_boolean;
  case Kind::number:
    return value.is_integer() ? type_integer | type_number : type_number;
  case Kind::string:
    return type_string;
  case Kind::array:
    return type_array;
  case Kind::object:
    break;
  }
  return type_object;
}

std::string type_names(std::uint8_t types) {
  constexpr std::array<std::pair<std::uint8_t, std::string_view>, 7> names = {
      {{type_null, "null"},
       {type_boolean, "boolean"},
       {type_number, "number"},
       {type_integer, "integer"},
       {type_string, "string"},
       {type_array, "array"},
       {type_object, "object"}}};
  if ((types & type_number) != 0) types &= static_cast<std::uint8_t>(~type_integer);
  std::string out;
  for (const auto& [bit, name] : names) {
    if ((types & bit) != 0) out += (out.empty() ? "" : " or ") + with_article(name);
  }
  return out;
}

std::string decimal(long double value) {
  std::string out = std::to_string(value);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.ends_with('.')) out.pop_back();
  return out;
}

}  // namespace

std::string Location::pointer() const {
  if (parent == nullptr) return std::string(name);
  std::string before = parent->pointer();
  return is_item ? before + "/" + std::to_string(index) : pointer_to(before, name);
}

void Validator::problem(const Location& location, const char* rule, const JsonValue& value,
                        std::string message, std::string suggestion) {
  message += did_you_mean(suggestion);
  out_.problems.push_back({location.pointer(), std::move(message), rule,
                           std::string(value.kind_name()), std::move(suggestion)});
}

void Validator::run(JsonValue value, std::string_view prefix) {
  check(nodes_.front(), value, {nullptr, prefix});
  if (!out_.problems.empty()) return;
  for (const auto& [name, member] : value.members) {
    if (member.kind == Kind::string || member.kind == Kind::number) {
      out_.values.push_back({name, member.text});
    } else if (member.kind == Kind::boolean) {
      out_.values.push_back({name, member.boolean ? "true" : "false"});
    }
  }
  value.write(out_.canonical);
}

bool Validator::fits_type(const Node& node, JsonValue& value) const {
  if (node.types == 0 || (node.types & type_of(value)) != 0) return true;
  if (scalars_ == Scalars::strict) return false;
  const bool is_scalar = value.kind == Kind::number || value.kind == Kind::boolean;
  if (is_scalar && (node.types & type_string) != 0) {
    value = JsonValue::string(value.json());
    return true;
  }
  if (value.kind != Kind::string) return false;
  auto spelt = parse_json(value.text);  // "12" for 12, "true" for true; never a container
  if (!spelt || (spelt->kind != Kind::number && spelt->kind != Kind::boolean)) return false;
  if ((node.types & type_of(*spelt)) == 0) return false;
  value = *std::move(spelt);
  return true;
}

void Validator::check(const Node& node, JsonValue& value, const Location& location) {
  if (node.refuses_all) return problem(location, "false", value, "is not allowed here");
  if (!fits_type(node, value)) {
    return problem(location, "type", value,
                   "must be " + type_names(node.types) + ", not " +
                       with_article(value.kind_name()));
  }
  if (node.has_choices && std::ranges::find(node.choices, value) == node.choices.end()) {
    std::string list;
    std::vector<std::string> names;
    for (const JsonValue& choice : node.choices) {
      list += (list.empty() ? "" : ", ") + choice.json();
      if (choice.kind == Kind::string) names.push_back(choice.text);
    }
    const bool one = node.choices.size() == 1;
    problem(location, one ? "const" : "enum", value, (one ? "must be " : "must be one of ") + list,
            node.secret || one ? std::string() : nearest(value.text, names));
  }
  switch (value.kind) {
  case Kind::number:
    return check_number(node, value, location);
  case Kind::string:
    return check_string(node, value, location);
  case Kind::array:
    return check_array(node, value, location);
  case Kind::object:
    return check_object(node, value, location);
  default:
    return;
  }
}

void Validator::check_number(const Node& node, const JsonValue& value, const Location& location) {
  const long double number = value.number();
  if (node.minimum && number < *node.minimum)
    problem(location, "minimum", value, "must be at least " + decimal(*node.minimum));
  if (node.maximum && number > *node.maximum)
    problem(location, "maximum", value, "must be at most " + decimal(*node.maximum));
  if (node.exclusive_minimum && number <= *node.exclusive_minimum)
    problem(location, "exclusiveMinimum", value,
            "must be more than " + decimal(*node.exclusive_minimum));
  if (node.exclusive_maximum && number >= *node.exclusive_maximum)
    problem(location, "exclusiveMaximum", value,
            "must be less than " + decimal(*node.exclusive_maximum));
}

void Validator::check_string(const Node& node, const JsonValue& value, const Location& location) {
  const std::size_t length =
      node.min_length > 0 || node.max_length != SIZE_MAX ? utf8_count(value.text) : 0;
  if (length < node.min_length) {
    problem(location, "minLength", value,
            node.min_length == 1
                ? "must not be empty"
                : "must have at least " + std::to_string(node.min_length) + " characters");
  }
  if (length > node.max_length)
    problem(location, "maxLength", value,
            "must have at most " + std::to_string(node.max_length) + " characters");
  if (node.pattern && !node.pattern->search(value.text)) {
    std::string message = "does not match " + node.pattern->text();
    if (!node.examples.empty() && !node.secret)
      message += "; for example " + node.examples.front().json();
    problem(location, "pattern", value, std::move(message));
  }
}

void Validator::check_array(const Node& node, JsonValue& value, const Location& location) {
  if (value.items.size() < node.min_items)
    problem(location, "minItems", value,
            "must have at least " + std::to_string(node.min_items) + " items");
  if (value.items.size() > node.max_items)
    problem(location, "maxItems", value,
            "must have at most " + std::to_string(node.max_items) + " items");
  if (node.items == no_node) return;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    check(nodes_[node.items], value.items[i], location.item(i));
  }
}

void Validator::check_object(const Node& node, JsonValue& value, const Location& location) {
  if (value.members.size() < node.min_properties)
    problem(location, "minProperties", value,
            "must have at least " + std::to_string(node.min_properties) + " members");
  if (value.members.size() > node.max_properties)
    problem(location, "maxProperties", value,
            "must have at most " + std::to_string(node.max_properties) + " members");
  for (const std::string& name : node.required) {
    if (value.find(name) == nullptr)
      out_.problems.push_back({location.member(name).pointer(), "is required", "required"});
  }
  for (auto& [name, member] : value.members) {
    const auto property = std::ranges::find(node.properties, name, &Property::name);
    if (property != node.properties.end()) {
      check(nodes_[property->node], member, location.member(name));
    } else if (node.additional != no_node) {
      if (nodes_[node.additional].refuses_all) {
        std::vector<std::string> known;
        for (const Property& one : node.properties)
          known.push_back(one.name);
        problem(location.member(name), "additionalProperties", member, "is not known here",
                nearest(name, known));
      } else {
        check(nodes_[node.additional], member, location.member(name));
      }
    }
  }
  for (const Property& property : node.properties) {
    const Node& child = nodes_[property.node];
    if (child.fallback && value.find(property.name) == nullptr)
      value.members.emplace_back(property.name, *child.fallback);
  }
}

}  // namespace penstock::schema
