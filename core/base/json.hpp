#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <penstock/result.hpp>
#include <rapidjson/document.h>

namespace penstock {

/// Parses JSON into a tree, with the limits that RapidJSON 1.1.0 needs to be safe on untrusted
/// input: depth 64, at most 100,000 values, no number literal longer than 64 characters or with
/// more than 4 exponent digits (one would abort the process), no unpaired surrogate (it would
/// become bytes that are not valid UTF-8), valid UTF-8, no NUL, nothing after the document. The
/// error is a sentence with the offset.
Result<std::unique_ptr<rapidjson::Document>, std::string> parse_json(std::string_view text);

/// The checks that must precede any RapidJSON parser. Returns an empty string if `text` is safe,
/// else the reason.
std::string unsafe_for_rapidjson(std::string_view text);

}  // namespace penstock
