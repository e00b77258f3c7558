#include "catalog/json_reader.hpp"

#include <algorithm>
#include <iterator>

#include <penstock/text.hpp>

namespace penstock::catalog {
namespace {

using Kind = JsonValue::Kind;

const JsonValue& empty_object() {
  static const JsonValue empty = JsonValue::object();
  return empty;
}

}  // namespace

JsonReader::JsonReader(const JsonValue& value, std::string pointer, std::vector<Problem>& problems)
    : value_(value.is_object() ? &value : &empty_object()), is_object_(value.is_object()),
      pointer_(std::move(pointer)), problems_(&problems) {
  if (!is_object_) problems.push_back({pointer_, "must be an object"});
}

std::string JsonReader::pointer_to(std::string_view member) const {
  return penstock::pointer_to(pointer_, member);
}

bool JsonReader::is_valid(std::string_view name) const {
  return std::ranges::find(invalid_, name) == invalid_.end();
}

void JsonReader::problem(std::string_view member, std::string message) {
  if (!member.empty() && !is_valid(member)) return;
  problems_->push_back({member.empty() ? pointer_ : pointer_to(member), std::move(message)});
}

void JsonReader::add(std::vector<Problem> problems) {
  problems_->insert(problems_->end(), std::make_move_iterator(problems.begin()),
                    std::make_move_iterator(problems.end()));
}

void JsonReader::invalid(std::string_view name, std::string message) {
  problem(name, std::move(message));
  invalid_.emplace_back(name);
}

const JsonValue* JsonReader::any(std::string_view name) {
  known_.emplace_back(name);
  return value_->find(name);
}

const JsonValue* JsonReader::member(std::string_view name, bool required, Kind kind,
                                    std::string_view kind_name) {
  const JsonValue* found = any(name);
  if (found == nullptr) {
    if (required && is_object_) {
      problem("", "\"" + std::string(name) + "\" is required");
      invalid_.emplace_back(name);
    }
  } else if (found->kind != kind) {
    invalid(name, "must be " + std::string(kind_name));
    return nullptr;
  }
  return found;
}

std::string JsonReader::text(std::string_view name, bool required) {
  const JsonValue* found = member(name, required, Kind::string, "a string");
  if (found == nullptr) return {};
  if (required && found->text.empty()) invalid(name, "must not be empty");
  return found->text;
}

bool JsonReader::boolean(std::string_view name, bool fallback) {
  const JsonValue* found = member(name, false, Kind::boolean, "true or false");
  return found == nullptr ? fallback : found->boolean;
}

std::int64_t JsonReader::integer(std::string_view name, std::int64_t fallback, std::int64_t min,
                                 std::int64_t max) {
  const JsonValue* found = member(name, false, Kind::number, "an integer");
  if (found == nullptr) return fallback;
  const auto value = found->integer();
  if (value && *value >= min && *value <= max) return *value;
  invalid(name, value ? "must be from " + std::to_string(min) + " to " + std::to_string(max)
                      : "must be an integer");
  return fallback;
}

std::vector<std::string> JsonReader::texts(std::string_view name) {
  std::vector<std::string> out;
  const JsonValue* found = member(name, false, Kind::array, "an array");
  if (found == nullptr) return out;
  for (const JsonValue& item : found->items) {
    if (item.is_string()) {
      out.push_back(item.text);
    } else {
      invalid(name, "must contain strings only");
    }
  }
  return out;
}

const JsonValue* JsonReader::object(std::string_view name, bool required) {
  return member(name, required, Kind::object, "an object");
}

std::optional<JsonReader> JsonReader::nested(std::string_view name, bool required) {
  const JsonValue* found = object(name, required);
  if (found == nullptr) return std::nullopt;
  return JsonReader(*found, pointer_to(name), *problems_);
}

std::vector<JsonReader> JsonReader::items(std::string_view name) {
  std::vector<JsonReader> out;
  const JsonValue* found = member(name, false, Kind::array, "an array");
  if (found == nullptr) return out;
  for (const JsonValue& item : found->items) {
    std::string pointer = pointer_to(name) + "/" + std::to_string(out.size());
    out.emplace_back(item, std::move(pointer), *problems_);
  }
  return out;
}

void JsonReader::refuse_unknown_members() {
  for (const JsonValue::Member& member : value_->members) {
    if (std::ranges::find(known_, member.name) == known_.end())
      problem(member.name, "is not a known member" + did_you_mean(member.name, known_));
  }
}

}  // namespace penstock::catalog
