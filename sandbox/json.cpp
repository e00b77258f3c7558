#include "json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace penstock::sandbox {

std::optional<rapidjson::Document> parse_json(std::string_view text) {
  rapidjson::Document document;
  try {
    document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
        text.data(), text.size());
  } catch (const std::exception&) {
    return std::nullopt;
  }
  if (document.HasParseError()) return std::nullopt;
  return document;
}

const rapidjson::Value* member(const rapidjson::Value& object, std::string_view name) {
  if (!object.IsObject()) return nullptr;
  for (auto it = object.MemberBegin(); it != object.MemberEnd(); ++it)
    if (std::string_view{it->name.GetString(), it->name.GetStringLength()} == name)
      return &it->value;
  return nullptr;
}

std::optional<std::string> string_member(const rapidjson::Value& object, std::string_view name) {
  const auto* value = member(object, name);
  if (!value || !value->IsString()) return std::nullopt;
  return std::string{value->GetString(), value->GetStringLength()};
}

std::string json_string(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace penstock::sandbox
