#pragma once

#include <string>
#include <vector>

#include <penstock/catalog.hpp>
#include <penstock/json_writer.hpp>

namespace penstock::server::openapi {

struct NamedApi {
  ApiInfo info;
  std::string name;  ///< "workday_rest": a valid identifier, unique to this API
};

/// Sorted by {tool}/{api}.
std::vector<NamedApi> named(std::vector<ApiInfo> apis);

/// Adds the paths of one API: its call and its validation.
void add_call_paths(JsonObject& paths, const NamedApi& api);

/// Adds the API's own `api_options`, as in its manifest, and the envelope around them.
void add_call_schemas(JsonObject& schemas, const NamedApi& api);

/// The envelope as a request body, with the manifest's examples.
std::string call_body(const NamedApi& api);

}  // namespace penstock::server::openapi
