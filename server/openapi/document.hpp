#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <penstock/catalog.hpp>
#include <penstock/json_writer.hpp>

namespace penstock::server::openapi {

/// The facts about this server that the document contains.
struct ServerFacts {
  std::string url = "/";  ///< URL of the API; "/": where the document was fetched from
  std::uint64_t max_request_bytes = 0;
};

/// The OpenAPI 3.1 document of the HTTP API: two operations for each {tool}/{api}, the other
/// routes, every error. The same input always gives the same bytes. A pure function, [any-thread].
std::string document(std::vector<ApiInfo> apis, const ServerFacts& facts,
                     JsonLayout layout = JsonLayout::compact);

}  // namespace penstock::server::openapi
