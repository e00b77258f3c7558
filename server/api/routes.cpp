#include "api/routes.hpp"

#include <array>

#include <penstock/text.hpp>

namespace penstock::server {
namespace {

constexpr std::array<Route, 12> routes{{
    {"POST", "/v1/passthrough/*/*", Endpoint::passthrough},
    {"POST", "/v1/validate/*/*", Endpoint::validate},
    {"*", "/v1/proxy/*/*/**", Endpoint::proxy},
    {"GET", "/v1/apis", Endpoint::apis},
    {"GET", "/v1/apis/*/*", Endpoint::api},
    {"GET", "/v1/integrations", Endpoint::integrations},
    {"GET", "/v1/integrations/*", Endpoint::integration},
    {"POST", "/v1/integrations/*/verify", Endpoint::verify},
    {"GET", "/v1/check-api-key", Endpoint::check_api_key},
    {"GET", "/openapi.json", Endpoint::openapi},
    {"GET", "/healthz", Endpoint::healthz, false},
    {"GET", "/readyz", Endpoint::readyz, false},
}};

std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path,
                                              std::string_view query) {
  std::vector<std::string> arguments;
  const bool takes_rest = pattern.ends_with("/**");
  if (takes_rest) pattern.remove_suffix(3);
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view given = take_segment(path);
    if (wanted != "*" ? wanted != given : given.empty()) return std::nullopt;
    if (wanted == "*") arguments.push_back(percent_decode(given));
  }
  if (!pattern.empty() || (!path.empty() && !takes_rest)) return std::nullopt;
  if (takes_rest) arguments.push_back(std::string(path).append(query));
  return arguments;
}

}  // namespace

std::span<const Route> all_routes() { return routes; }

RouteMatch find_route(std::string_view method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = target.substr(path.size());
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  RouteMatch out;
  for (const Route& route : routes) {
    auto arguments = match(route.pattern, path, query);
    if (!arguments) continue;
    if (route.method == wanted || route.method == "*") {
      out.route = &route;
      out.arguments = std::move(*arguments);
      return out;
    }
    out.allow = route.method == "GET" ? "GET, HEAD" : std::string(route.method);
  }
  return out;
}

}  // namespace penstock::server
