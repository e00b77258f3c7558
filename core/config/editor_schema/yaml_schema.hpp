#pragma once

#include <penstock/json.hpp>

namespace penstock::config {

/// Converts a schema of intended values into a schema of what the file may contain for them: the
/// value, its text (`"30"` for 30; 5 where a text of digits is accepted), or a text with ${env:…}
/// or ${file:…} in it. Recurses into objects and arrays. For a scalar, the annotations for people
/// stay outside of the alternatives. The result refers to #/definitions/interpolated.
JsonValue yaml_schema(const JsonValue& schema);

/// The schema for #/definitions/interpolated.
JsonValue interpolated_text();

}  // namespace penstock::config
