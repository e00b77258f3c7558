#pragma once

#include <string>
#include <string_view>

#include <penstock/json_writer.hpp>

namespace penstock::server::openapi {

/// `{"$ref":"#/components/schemas/Error"}` for "schemas/Error".
inline std::string ref_to(std::string_view component) {
  return JsonObject().text("$ref", "#/components/" + std::string(component)).done();
}

/// `{"application/json":{"schema":…}}`, with the examples, if any.
inline std::string json_content(std::string_view schema, std::string_view examples = {}) {
  return JsonObject()
      .json("application/json",
            JsonObject().json("schema", schema).json("examples", examples).done())
      .done();
}

}  // namespace penstock::server::openapi
