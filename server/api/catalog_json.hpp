#pragma once

#include <string>
#include <vector>

#include <penstock/catalog.hpp>

#include "api/examples.hpp"

namespace penstock::server {

/// `[{"tool","api","title","docs_url","base_urls","methods","soap","api_options","connection",…}]`:
/// what can be called, the schemas and examples as JSON of their own, each example also as commands
/// and a program. `indent`: for people.
std::string apis_json(const std::vector<ApiInfo>& apis, const ExampleContextOf& place,
                      bool indent = false);
std::string api_json(const ApiInfo& api, const ExampleContextOf& place, bool indent = false);

std::string integrations_json(const std::vector<IntegrationInfo>& integrations);
std::string integration_json(const IntegrationInfo& integration);

/// `{"works":…,"checks":[{"api","works","message","status"}]}`; it works if every check does and
/// there is one.
std::string verification_json(const std::vector<ProbeResult>& checks);

std::string plugins_json(const std::vector<PluginInfo>& plugins);

/// `{"status":"success","data":…}` around JSON.
std::string success_json(std::string_view data);

}  // namespace penstock::server
