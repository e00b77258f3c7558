#pragma once

#include <stdexcept>
// RapidJSON asserts on some well-formed numbers; with this such a text is rejected instead of
// fatal.
#ifndef RAPIDJSON_ASSERT
#define RAPIDJSON_ASSERT(x)                                                                        \
  ((x) ? void() : throw std::logic_error("the JSON parser cannot hold this text"))
#endif
#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <string_view>

namespace penstock::sandbox {

/// The document; nullopt if the text is not JSON.
std::optional<rapidjson::Document> parse_json(std::string_view text);

/// The member of that name; null if there is none or `object` is not an object.
const rapidjson::Value* member(const rapidjson::Value& object, std::string_view name);
/// The member's text; nullopt if there is none or it is not a string.
std::optional<std::string> string_member(const rapidjson::Value& object, std::string_view name);

/// A JSON string literal, with quotes.
std::string json_string(std::string_view text);

}  // namespace penstock::sandbox
