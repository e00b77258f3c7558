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

/// One row of the HTTP API. `*` in the pattern takes one segment; a `**` at its end all that
/// follows, slash and query included, as written. The method `*` is any.
struct Route {
  std::string_view method;
  std::string_view pattern;
  Endpoint page;
  bool needs_key = true;
};

/// Every row.
std::span<const Route> all_routes();

struct RouteMatch {
  const Route* route = nullptr;        ///< null: see `allow`
  std::vector<std::string> arguments;  ///< what `*` took, percent-decoded, and `**`, as written
  std::string allow;  ///< the path's methods where the method is wrong; empty: no such path
};

/// Finds the row for a method and a target; its query is not looked at. HEAD is served where GET
/// is.
RouteMatch find_route(std::string_view method, std::string_view target);

}  // namespace penstock::server
