#include "penstock/json.hpp"

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "base/json_guard.hpp"

namespace penstock {
namespace {

using Kind = JsonValue::Kind;

/// Builds a tree from SAX events. RawNumber() receives the literal.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
 public:
  explicit Builder(DuplicateNames duplicates) : duplicates_(duplicates) {}

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
    const std::string_view name(text, length);
    if (duplicates_ == DuplicateNames::refuse && stack_.back()->find(name) != nullptr) {
      duplicate = name;
      return false;
    }
    stack_.back()->members.emplace_back(name, JsonValue());
    return true;
  }

  JsonValue root;
  std::optional<std::string> duplicate;  ///< the name at which the parser was stopped

 private:
  JsonValue& next_value() {
    if (stack_.empty()) return root;
    JsonValue& parent = *stack_.back();
    return parent.kind == Kind::object ? parent.members.back().value : parent.items.emplace_back();
  }
  bool add(JsonValue value) {
    next_value() = std::move(value);
    return true;
  }
  bool open(Kind kind) {
    JsonValue& at = next_value();
    at.kind = kind;
    stack_.push_back(&at);  // stays valid: a parent grows only after its child is closed
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  DuplicateNames duplicates_;
  std::vector<JsonValue*> stack_;
};

}  // namespace

Result<JsonValue, JsonError> parse_json(std::string_view text, DuplicateNames duplicates) {
  if (auto unsafe = unsafe_for_rapidjson(text)) return failure(*std::move(unsafe));
  constexpr unsigned flags = rapidjson::kParseIterativeFlag |
                             rapidjson::kParseValidateEncodingFlag |
                             rapidjson::kParseNumbersAsStringsFlag;
  Builder builder(duplicates);
  rapidjson::Reader reader;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> input(bytes);
  const rapidjson::ParseResult parsed = reader.Parse<flags>(input, builder);
  if (builder.duplicate)
    return failure(
        JsonError{"the member \"" + *builder.duplicate + "\" occurs twice", parsed.Offset()});
  if (parsed.IsError())
    return failure(JsonError{rapidjson::GetParseError_En(parsed.Code()), parsed.Offset()});
  return std::move(builder.root);
}

}  // namespace penstock
