#pragma once

#include <string>
#include <vector>

#include <penstock/catalog.hpp>

#include "json/json_object.hpp"

namespace penstock::server::openapi {

struct NamedApi {
  ApiInfo info;
  std::string name;  ///< "workday_rest": fit for an identifier, of no other API
};

/// In the order of {tool}/{api}.
std::vector<NamedApi> named(std::vector<ApiInfo> apis);

/// The paths of one API's call and of its validation.
void add_call_paths(JsonObject& paths, const NamedApi& api);

/// The API's own `api_options`, as its manifest has them, and the envelope around them.
void add_call_schemas(JsonObject& schemas, const NamedApi& api);

/// The envelope as a request's body, with the manifest's examples.
std::string call_body(const NamedApi& api);

}  // namespace penstock::server::openapi
