#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <penstock/catalog.hpp>

namespace penstock::server::openapi {

/// What the document says of this very server.
struct ServerFacts {
  std::string url = "/";  ///< where the API is; "/": where the document was fetched from
  std::uint64_t max_request_bytes = 0;
};

/// The OpenAPI 3.1 document of the HTTP API: two operations of their own for each {tool}/{api}, the
/// other routes, every error. Of the same input it is always the same bytes. `indent`: for people.
/// A pure function, [any-thread].
std::string document(std::vector<ApiInfo> apis, const ServerFacts& facts, bool indent = false);

}  // namespace penstock::server::openapi
