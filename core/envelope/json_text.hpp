#pragma once

#include <span>
#include <string>
#include <string_view>

#include <penstock/headers.hpp>

namespace penstock {

/// Appends `{"name":"value","repeated":["one","two"]}` in order of first appearance. Values that
/// are not UTF-8 are read as ISO 8859-1, the historical charset of header fields.
void append_json_headers(std::string& out, const Headers& headers);

/// Appends `[{"message":"…"}]`.
void append_json_warnings(std::string& out, std::span<const std::string> warnings);

}  // namespace penstock
