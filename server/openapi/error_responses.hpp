#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/json_writer.hpp>

namespace penstock::server::openapi {

/// The error entries of components/responses, one for each HTTP status. The engine itself produces
/// the examples from each cause.
std::string error_responses(std::uint64_t max_request_bytes);

/// The schema of every error response; its enumerated words are the engine's.
std::string error_schema();

/// Adds `"401":{"$ref":…}` and so on to an operation's responses, and `default`: the API handler's
/// response to a request that is not valid HTTP.
void add_errors(JsonObject& responses, const std::vector<std::string_view>& statuses);

}  // namespace penstock::server::openapi
