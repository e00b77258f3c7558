#include "catalog/json_reader.hpp"

#include <algorithm>

#include <penstock/text.hpp>

namespace penstock::catalog {
namespace {

const rapidjson::Value& empty_object() {
  static const rapidjson::Value empty(rapidjson::kObjectType);
  return empty;
}

std::string text_of(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

}  // namespace

JsonReader::JsonReader(const rapidjson::Value& value, std::string pointer,
                       std::vector<Problem>& problems)
    : value_(value.IsObject() ? value : empty_object()), is_object_(value.IsObject()),
      pointer_(std::move(pointer)), problems_(problems) {
  if (!value.IsObject()) problems_.push_back({pointer_, "must be an object"});
}

std::string JsonReader::pointer_to(std::string_view member) const {
  return penstock::pointer_to(pointer_, member);
}

bool JsonReader::has(const char* name) const {
  return value_.FindMember(name) != value_.MemberEnd();
}

bool JsonReader::is_sound(std::string_view name) const {
  return std::ranges::find(unsound_, name) == unsound_.end();
}

void JsonReader::problem(std::string_view member, std::string message) {
  if (!member.empty() && !is_sound(member)) return;
  problems_.push_back({member.empty() ? pointer_ : pointer_to(member), std::move(message)});
}

const rapidjson::Value* JsonReader::any(const char* name) {
  known_.emplace_back(name);
  const auto found = value_.FindMember(name);
  return found == value_.MemberEnd() ? nullptr : &found->value;
}

const rapidjson::Value* JsonReader::member(const char* name, bool required,
                                           bool (rapidjson::Value::*is)() const, const char* kind) {
  const rapidjson::Value* found = any(name);
  if (found == nullptr) {
    if (required && is_object_) {
      problem("", "\"" + std::string(name) + "\" is required");
      unsound_.emplace_back(name);
    }
    return nullptr;
  }
  if (!(found->*is)()) {
    problem(name, std::string("must be ") + kind);
    unsound_.emplace_back(name);
    return nullptr;
  }
  return found;
}

std::string JsonReader::text(const char* name, bool required) {
  const rapidjson::Value* found = member(name, required, &rapidjson::Value::IsString, "a string");
  if (found == nullptr) return {};
  if (required && found->GetStringLength() == 0) {
    problem(name, "must not be empty");
    unsound_.emplace_back(name);
  }
  return text_of(*found);
}

bool JsonReader::boolean(const char* name, bool fallback) {
  const rapidjson::Value* found = member(name, false, &rapidjson::Value::IsBool, "true or false");
  return found == nullptr ? fallback : found->GetBool();
}

std::int64_t JsonReader::integer(const char* name, std::int64_t fallback, std::int64_t least,
                                 std::int64_t most) {
  const rapidjson::Value* found = member(name, false, &rapidjson::Value::IsInt64, "an integer");
  if (found == nullptr) return fallback;
  if (found->GetInt64() < least || found->GetInt64() > most) {
    problem(name, "must be from " + std::to_string(least) + " to " + std::to_string(most));
    unsound_.emplace_back(name);
    return fallback;
  }
  return found->GetInt64();
}

std::vector<std::string> JsonReader::texts(const char* name) {
  std::vector<std::string> out;
  const rapidjson::Value* found = array(name);
  if (found == nullptr) return out;
  for (const auto& entry : found->GetArray()) {
    if (entry.IsString()) {
      out.push_back(text_of(entry));
    } else {
      problem(name, "must hold strings only");
      unsound_.emplace_back(name);
    }
  }
  return out;
}

const rapidjson::Value* JsonReader::object(const char* name, bool required) {
  return member(name, required, &rapidjson::Value::IsObject, "an object");
}

const rapidjson::Value* JsonReader::array(const char* name) {
  return member(name, false, &rapidjson::Value::IsArray, "an array");
}

void JsonReader::refuse_others() {
  for (const auto& entry : value_.GetObject()) {
    const std::string name = text_of(entry.name);
    if (std::ranges::find(known_, name) == known_.end())
      problems_.push_back(
          {pointer_to(name), "is not a member that is known here" + did_you_mean(name, known_)});
  }
  refuse_repeats(value_, "");
}

void JsonReader::refuse_repeats(const rapidjson::Value& object, std::string_view member) {
  const std::string at = member.empty() ? pointer_ : pointer_to(member);
  std::vector<std::string> seen;
  for (const auto& entry : object.GetObject()) {
    std::string name = text_of(entry.name);
    if (std::ranges::find(seen, name) != seen.end())
      problems_.push_back({penstock::pointer_to(at, name), "stands here twice"});
    seen.push_back(std::move(name));
  }
}

}  // namespace penstock::catalog
