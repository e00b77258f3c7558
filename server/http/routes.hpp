#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::server {

enum class Page : std::uint8_t {
  passthrough,
  validate,
  apis,
  api,
  integrations,
  integration,
  check_api_key,
  healthz,
  readyz,
};

/// One row of the HTTP API. `*` in the pattern takes one segment.
struct Route {
  std::string_view method;
  std::string_view pattern;
  Page page;
  bool needs_key = true;
};

struct RouteMatch {
  const Route* route = nullptr;        ///< null: see `allow`
  std::vector<std::string> arguments;  ///< the segments at `*`, percent-decoded
  std::string allow;  ///< the path's methods where the method is wrong; empty: no such path
};

/// Finds the row for a method and a target; its query is not looked at. HEAD is served where GET
/// is.
RouteMatch find_route(std::string_view method, std::string_view target);

}  // namespace penstock::server
