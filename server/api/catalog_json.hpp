#pragma once

#include <string>
#include <vector>

#include <penstock/catalog.hpp>

#include "api/examples.hpp"

namespace penstock::server {

/// `[{"tool","api","title","docs_url","base_urls","methods","soap","api_options","connection",…}]`:
/// the callable APIs, with schemas and examples as embedded JSON, and each example also as commands
/// and a program.
std::string apis_json(const std::vector<ApiInfo>& apis, const ExampleContextOf& context_of);
std::string api_json(const ApiInfo& api, const ExampleContextOf& context_of);

std::string integrations_json(const std::vector<IntegrationInfo>& integrations);
std::string integration_json(const IntegrationInfo& integration);

/// `{"works":…,"checks":[{"api","works","message","status"}]}`; `works` is true if there is a check
/// and all succeeded.
std::string verification_json(const std::vector<ProbeResult>& checks);

std::string plugins_json(const std::vector<PluginInfo>& plugins);

/// Wraps JSON in `{"status":"success","data":…}`.
std::string success_json(std::string_view data);

}  // namespace penstock::server
