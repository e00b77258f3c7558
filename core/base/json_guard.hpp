#pragma once

#include <optional>
#include <string_view>

#include <penstock/json.hpp>

namespace penstock {

/// The checks that must precede any parser of RapidJSON 1.1.0, which is not safe on untrusted input
/// by itself: a long number aborts the process, an unpaired surrogate becomes bytes that are not
/// valid UTF-8. The limits are those of parse_json(). None: `text` is safe.
std::optional<JsonError> unsafe_for_rapidjson(std::string_view text);

}  // namespace penstock
