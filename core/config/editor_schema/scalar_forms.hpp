#pragma once

#include <rapidjson/document.h>

namespace penstock::config {

using JsonAllocator = rapidjson::Document::AllocatorType;

/// Converts a schema of intended values into a schema of what the file may contain for them: the
/// value, its text (`"30"` for 30; 5 where a text of digits is accepted), or a text with ${env:…}
/// or ${file:…} in it. Recurses into objects and arrays. For a scalar, the annotations for people
/// stay outside of the alternatives. The result refers to #/definitions/interpolated.
rapidjson::Value with_scalar_forms(const rapidjson::Value& schema, JsonAllocator& memory);

/// The schema for #/definitions/interpolated.
rapidjson::Value interpolated_text(JsonAllocator& memory);

}  // namespace penstock::config
