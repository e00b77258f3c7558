#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <penstock/result.hpp>
#include <rapidjson/document.h>

namespace penstock {

/// Parses JSON into a tree under the limits that RapidJSON 1.1.0 needs to be safe on foreign input:
/// depth 64, at most 100,000 values, no number literal over 64 characters or with more than 4
/// exponent digits (one such aborts the process), no half of a surrogate pair (it would become
/// bytes that are no UTF-8), UTF-8 checked, no NUL, nothing behind the document. The error is a
/// sentence with the offset.
Result<std::unique_ptr<rapidjson::Document>, std::string> parse_json(std::string_view text);

/// The first half of parse_json(): what no RapidJSON parser may be given. Empty: fine.
std::string unsafe_for_rapidjson(std::string_view text);

}  // namespace penstock
