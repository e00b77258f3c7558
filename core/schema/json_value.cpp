#include "schema/json_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/json.hpp"

namespace penstock::schema {
namespace {

using Kind = JsonValue::Kind;

/// Builds a tree from SAX events. RawNumber() receives the literal.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
 public:
  bool Null() { return add({}); }
  bool Bool(bool value) { return add({Kind::boolean, value}); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return add({Kind::number, false, {text, length}});
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return add({Kind::string, false, {text, length}});
  }
  bool StartObject() { return open(Kind::object); }
  bool StartArray() { return open(Kind::array); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    std::string name(text, length);
    if (stack_.back()->find(name) != nullptr) {
      duplicate = std::move(name);
      return false;
    }
    stack_.back()->members.emplace_back(name, JsonValue());
    return true;
  }

  JsonValue root;
  std::string duplicate;

 private:
  JsonValue& place() {
    if (stack_.empty()) return root;
    JsonValue& parent = *stack_.back();
    return parent.kind == Kind::object ? parent.members.back().value : parent.items.emplace_back();
  }
  bool add(JsonValue value) {
    place() = std::move(value);
    return true;
  }
  bool open(Kind kind) {
    JsonValue& at = place();
    at.kind = kind;
    stack_.push_back(&at);  // stays valid: a parent grows only after its child is closed
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  std::vector<JsonValue*> stack_;
};

void write_string(std::string& out, std::string_view text) {
  const bool plain = std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; });
  if (plain) {
    out += '"';
    out.append(text).append(1, '"');
    return;
  }
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  out.append(buffer.GetString(), buffer.GetSize());
}

}  // namespace

JsonValue JsonValue::string(std::string_view text) {
  return {Kind::string, false, std::string(text)};
}

JsonValue JsonValue::from(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  auto parsed = parse_value({buffer.GetString(), buffer.GetSize()});
  return parsed ? *std::move(parsed) : JsonValue();
}

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(members, [&](const auto& member) { return member.name == name; });
  return found == members.end() ? nullptr : &found->value;
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
    write_string(out, text);
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
      write_string(out, member.name);
      out += ':';
      member.value.write(out);
    }
    out += '}';
  }
}

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

Result<JsonValue, std::string> parse_value(std::string_view json) {
  std::string refusal = unsafe_for_rapidjson(json);
  if (!refusal.empty()) return failure(std::move(refusal));
  constexpr unsigned flags = rapidjson::kParseIterativeFlag |
                             rapidjson::kParseValidateEncodingFlag |
                             rapidjson::kParseNumbersAsStringsFlag;
  Builder builder;
  rapidjson::Reader reader;
  rapidjson::MemoryStream bytes(json.data(), json.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> input(bytes);
  const rapidjson::ParseResult parsed = reader.Parse<flags>(input, builder);
  if (!builder.duplicate.empty())
    return failure("the member \"" + builder.duplicate + "\" stands twice");
  if (parsed.IsError()) {
    return failure(std::string(rapidjson::GetParseError_En(parsed.Code())) + " (offset " +
                   std::to_string(parsed.Offset()) + ")");
  }
  return std::move(builder.root);
}

}  // namespace penstock::schema
