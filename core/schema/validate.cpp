#include <algorithm>
#include <array>

#include "base/text.hpp"
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
       {type_boolean, "a boolean"},
       {type_number, "a number"},
       {type_integer, "an integer"},
       {type_string, "a string"},
       {type_array, "an array"},
       {type_object, "an object"}}};
  if ((types & type_number) != 0) types &= static_cast<std::uint8_t>(~type_integer);
  std::string out;
  for (const auto& [bit, name] : names) {
    if ((types & bit) != 0) out += (out.empty() ? "" : " or ") + std::string(name);
  }
  return out;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string shown(const JsonValue& value) {
  std::string out;
  value.write(out);
  return out;
}

std::string plain(long double value) {
  std::string out = std::to_string(value);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.ends_with('.')) out.pop_back();
  return out;
}

}  // namespace

void Validator::problem(const std::string& pointer, std::string message) {
  out_.problems.push_back({pointer, std::move(message)});
}

void Validator::run(JsonValue value, std::string pointer) {
  check(nodes_.front(), value, pointer);
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
    value = JsonValue::string(shown(value));
    return true;
  }
  if (value.kind != Kind::string) return false;
  auto spelt = parse_value(value.text);  // "12" for 12, "true" for true; never a container
  if (!spelt || (spelt->kind != Kind::number && spelt->kind != Kind::boolean)) return false;
  if ((node.types & type_of(*spelt)) == 0) return false;
  value = *std::move(spelt);
  return true;
}

void Validator::check(const Node& node, JsonValue& value, const std::string& pointer) {
  if (node.refuses_all) return problem(pointer, "is not allowed here");
  if (!fits_type(node, value)) {
    return problem(pointer,
                   "must be " + type_names(node.types) + ", not " + std::string(value.kind_name()));
  }
  if (node.has_choices && std::ranges::find(node.choices, value) == node.choices.end()) {
    std::string list;
    std::vector<std::string> names;
    for (const JsonValue& choice : node.choices) {
      list += (list.empty() ? "" : ", ") + shown(choice);
      if (choice.kind == Kind::string) names.push_back(choice.text);
    }
    const bool one = node.choices.size() == 1;
    problem(pointer, (one ? "must be " : "must be one of ") + list +
                         (node.secret || one ? std::string() : did_you_mean(value.text, names)));
  }
  switch (value.kind) {
  case Kind::number:
    return check_number(node, value, pointer);
  case Kind::string:
    return check_string(node, value, pointer);
  case Kind::array:
    return check_array(node, value, pointer);
  case Kind::object:
    return check_object(node, value, pointer);
  default:
    return;
  }
}

void Validator::check_number(const Node& node, const JsonValue& value, const std::string& pointer) {
  const long double number = value.number();
  if (node.minimum && number < *node.minimum)
    problem(pointer, "must be at least " + plain(*node.minimum));
  if (node.maximum && number > *node.maximum)
    problem(pointer, "must be at most " + plain(*node.maximum));
  if (node.exclusive_minimum && number <= *node.exclusive_minimum)
    problem(pointer, "must be more than " + plain(*node.exclusive_minimum));
  if (node.exclusive_maximum && number >= *node.exclusive_maximum)
    problem(pointer, "must be less than " + plain(*node.exclusive_maximum));
}

void Validator::check_string(const Node& node, const JsonValue& value, const std::string& pointer) {
  const std::size_t length =
      node.min_length > 0 || node.max_length != SIZE_MAX ? code_points(value.text) : 0;
  if (length < node.min_length) {
    problem(pointer, node.min_length == 1
                         ? "must not be empty"
                         : "must have at least " + std::to_string(node.min_length) + " characters");
  }
  if (length > node.max_length)
    problem(pointer, "must have at most " + std::to_string(node.max_length) + " characters");
  if (node.pattern && !node.pattern->search(value.text)) {
    std::string message = "does not match " + node.pattern->text();
    if (!node.examples.empty() && !node.secret)
      message += "; for example " + shown(node.examples.front());
    problem(pointer, std::move(message));
  }
}

void Validator::check_array(const Node& node, JsonValue& value, const std::string& pointer) {
  if (value.items.size() < node.min_items)
    problem(pointer, "must have at least " + std::to_string(node.min_items) + " items");
  if (value.items.size() > node.max_items)
    problem(pointer, "must have at most " + std::to_string(node.max_items) + " items");
  if (node.items == no_node) return;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    check(nodes_[node.items], value.items[i], pointer + "/" + std::to_string(i));
  }
}

void Validator::check_object(const Node& node, JsonValue& value, const std::string& pointer) {
  if (value.members.size() < node.min_properties)
    problem(pointer, "must have at least " + std::to_string(node.min_properties) + " members");
  if (value.members.size() > node.max_properties)
    problem(pointer, "must have at most " + std::to_string(node.max_properties) + " members");
  for (const std::string& name : node.required) {
    if (value.find(name) == nullptr) problem(pointer_to(pointer, name), "is required");
  }
  for (auto& [name, member] : value.members) {
    const auto property = std::ranges::find(node.properties, name, &Property::name);
    if (property != node.properties.end()) {
      check(nodes_[property->node], member, pointer_to(pointer, name));
    } else if (node.additional != no_node) {
      if (nodes_[node.additional].refuses_all) {
        std::vector<std::string> known;
        for (const Property& one : node.properties)
          known.push_back(one.name);
        problem(pointer_to(pointer, name), "is not known here" + did_you_mean(name, known));
      } else {
        check(nodes_[node.additional], member, pointer_to(pointer, name));
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
