#include "penstock/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <penstock/json_writer.hpp>

namespace penstock {

using Kind = JsonValue::Kind;

JsonValue JsonValue::string(std::string_view text) {
  return {Kind::string, false, std::string(text)};
}

JsonValue JsonValue::array() { return {Kind::array}; }

JsonValue JsonValue::array(std::vector<JsonValue> items) {
  JsonValue out = array();
  out.items = std::move(items);
  return out;
}

JsonValue JsonValue::object() { return {Kind::object}; }

JsonValue JsonValue::object(std::vector<Member> members) {
  JsonValue out = object();
  out.members = std::move(members);
  return out;
}

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(members, [&](const auto& member) { return member.name == name; });
  return found == members.end() ? nullptr : &found->value;
}

JsonValue* JsonValue::find(std::string_view name) {
  return const_cast<JsonValue*>(std::as_const(*this).find(name));
}

void JsonValue::add(std::string_view name, JsonValue value) {
  members.emplace_back(name, std::move(value));
}

void JsonValue::remove(std::string_view name) {
  std::erase_if(members, [&](const Member& member) { return member.name == name; });
}

long double JsonValue::number() const {
  long double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    const bool tiny = text.find("e-") != std::string::npos || text.find("E-") != std::string::npos;
    value = tiny ? 0 : std::numeric_limits<long double>::infinity();
    if (text.starts_with('-')) value = -value;
  }
  return value;
}

bool JsonValue::is_integer() const {
  if (kind != Kind::number) return false;
  const long double value = number();
  return std::isinf(value) || std::floor(value) == value;
}

std::optional<std::int64_t> JsonValue::integer() const {
  if (kind != Kind::number) return std::nullopt;
  std::int64_t value = 0;
  const char* const all = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), all, value);
  return error == std::errc() && end == all ? std::optional(value) : std::nullopt;
}

std::string_view JsonValue::kind_name() const {
  switch (kind) {
  case Kind::null:
    return "null";
  case Kind::boolean:
    return "boolean";
  case Kind::number:
    return "number";
  case Kind::string:
    return "string";
  case Kind::array:
    return "array";
  case Kind::object:
    break;
  }
  return "object";
}

void JsonValue::write(std::string& out) const {
  switch (kind) {
  case Kind::null:
    out += "null";
    return;
  case Kind::boolean:
    out += boolean ? "true" : "false";
    return;
  case Kind::number:
    out += text;
    return;
  case Kind::string:
    append_json_string(out, text);
    return;
  case Kind::array:
    out += '[';
    for (const JsonValue& item : items) {
      if (&item != &items.front()) out += ',';
      item.write(out);
    }
    out += ']';
    return;
  case Kind::object:
    out += '{';
    for (const auto& member : members) {
      if (&member != &members.front()) out += ',';
      append_json_string(out, member.name);
      out += ':';
      member.value.write(out);
    }
    out += '}';
  }
}

std::string JsonValue::json() const {
  std::string out;
  write(out);
  return out;
}

std::string JsonValue::plain_text() const { return is_string() ? text : json(); }

bool operator==(const JsonValue& a, const JsonValue& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
  case Kind::null:
    return true;
  case Kind::boolean:
    return a.boolean == b.boolean;
  case Kind::number:
    return a.number() == b.number();
  case Kind::string:
    return a.text == b.text;
  case Kind::array:
    return a.items == b.items;
  case Kind::object:
    break;
  }
  return a.members.size() == b.members.size() &&
         std::ranges::all_of(a.members, [&](const auto& member) {
           const JsonValue* other = b.find(member.name);
           return other != nullptr && *other == member.value;
         });
}

std::string JsonError::text() const { return reason + " (offset " + std::to_string(offset) + ")"; }

}  // namespace penstock
