#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_object.hpp"

namespace penstock::server::openapi {

/// What components/responses holds for errors, one for each HTTP status. The examples are what the
/// engine itself makes of each cause.
std::string error_responses(std::uint64_t max_request_bytes);

/// The schema of every error answer; its words are those of the engine.
std::string error_schema();

/// Adds `"401":{"$ref":…}` and so on to an operation's responses, and `default`, which is what the
/// door makes of a request that is not proper HTTP.
void add_errors(JsonObject& responses, const std::vector<std::string_view>& statuses);

}  // namespace penstock::server::openapi
