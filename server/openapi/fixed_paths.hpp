#pragma once

#include <string>
#include <vector>

#include <penstock/json_writer.hpp>

#include "openapi/call_operations.hpp"

namespace penstock::server::openapi {

/// Adds the paths that do not depend on the APIs: the proxy, the catalogue, integrations, the
/// server itself.
void add_fixed_paths(JsonObject& paths, const std::vector<NamedApi>& apis);

/// The tags of these paths.
extern const std::vector<std::string> fixed_tags;

}  // namespace penstock::server::openapi
