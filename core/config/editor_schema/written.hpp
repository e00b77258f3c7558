#pragma once

#include <rapidjson/document.h>

namespace penstock::config {

using JsonAllocator = rapidjson::Document::AllocatorType;

/// Schemas of values as they are meant become schemas of what may stand in the file for them: the
/// value, its text (`"30"` for 30; 5 where a text of digits is fine), or a text with ${env:…} or
/// ${file:…} in it. Objects and arrays are gone through; of a scalar the words for people stay
/// outside. The result refers to #/definitions/interpolated.
rapidjson::Value written(const rapidjson::Value& schema, JsonAllocator& memory);

/// What #/definitions/interpolated must be.
rapidjson::Value interpolated_text(JsonAllocator& memory);

}  // namespace penstock::config
