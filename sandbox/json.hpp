#pragma once

#include <stdexcept>
// RapidJSON asserts on some well-formed numbers; here such a text is refused, not fatal.
#ifndef RAPIDJSON_ASSERT
#define RAPIDJSON_ASSERT(x)                                                                        \
  ((x) ? void() : throw std::logic_error("the JSON parser cannot hold this text"))
#endif
#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <string_view>

namespace penstock::sandbox {

/// The document, or nothing if the text is not JSON.
std::optional<rapidjson::Document> parse_json(std::string_view text);

/// The member of that name; null if there is none or `object` is no object.
const rapidjson::Value* member(const rapidjson::Value& object, std::string_view name);
/// The member's text; nothing if there is none or it is no string.
std::optional<std::string> string_member(const rapidjson::Value& object, std::string_view name);

/// A JSON string literal, with its quotes.
std::string json_string(std::string_view text);

}  // namespace penstock::sandbox
