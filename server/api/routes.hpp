#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::server {

enum class Endpoint : std::uint8_t {
  passthrough,
  validate,
  proxy,
  apis,
  api,
  integrations,
  integration,
  verify,
  check_api_key,
  healthz,
  readyz,
  openapi,
};

/// One route of the HTTP API. In the pattern, `*` matches one segment; a `**` at its end matches
/// the rest as received, including slash and query. The method `*` matches any.
struct Route {
  std::string_view method;
  std::string_view pattern;
  Endpoint endpoint;
  bool needs_key = true;
};

/// All routes.
std::span<const Route> all_routes();

struct RouteMatch {
  const Route* route = nullptr;        ///< null: see `allow`
  std::vector<std::string> arguments;  ///< matches of `*`, decoded, and of `**`, as received
  std::string allow;  ///< the path's methods if the method is wrong; empty: no such path
};

/// Finds the route for a method and a target, ignoring the query. HEAD matches where GET does.
RouteMatch find_route(std::string_view method, std::string_view target);

}  // namespace penstock::server
