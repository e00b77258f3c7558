#include "api/api_handler.hpp"

#include <algorithm>

#include <penstock/http.hpp>
#include <penstock/json_writer.hpp>
#include <penstock/text.hpp>

#include "api/catalog_json.hpp"
#include "http/request_errors.hpp"
#include "openapi/document.hpp"

namespace penstock::server {
namespace {

/// Limits for bodies and responses that wait for slow clients, as multiples of the maximum body.
constexpr std::uint64_t bodies_of_a_key = 8;
constexpr std::uint64_t bodies_in_all = 32;

}  // namespace

ApiHandler::ApiHandler(Engine& engine, const ServerConfig& config, AllowedNetworks networks,
                       LogSink log)
    : engine_(engine),
      budget_(std::make_shared<ByteBudget>(bodies_in_all * config.max_request_bytes)),
      keys_(config.api_keys, budget_, bodies_of_a_key * config.max_request_bytes),
      networks_(std::move(networks)), log_(std::move(log)), environment_id_(config.environment_id),
      address_(reachable(config.listen)), max_request_bytes_(config.max_request_bytes),
      intermediaries_logged_(intermediary_header_rules()) {
  const std::vector<ApiInfo> catalog = engine.catalog();
  openapi_ = openapi::document(catalog, {.max_request_bytes = max_request_bytes_});
  for (const ApiInfo& api : catalog) {
    ProxiedApi& known = apis_[api.tool + "/" + api.api];
    known = {api.methods, api.soap, api.docs_url};
    if (std::ranges::find(api.methods, "GET") != api.methods.end())
      known.methods.insert(known.methods.end(), {"HEAD", "OPTIONS"});
  }
}

Client ApiHandler::recognise(const IpAddress& address, std::string text) const {
  return {std::move(text), networks_.admits(address)};
}

void ApiHandler::on_slow_client(const Client& client, std::string_view message) const {
  CallRecord record;
  record.client = client.address;
  write_log(slow_client_line(record, message, std::chrono::system_clock::now()));
}

Result<std::string> ApiHandler::page(Endpoint endpoint,
                                     const std::vector<std::string>& arguments) const {
  const std::string ok = R"({"status":"ok"})";
  switch (endpoint) {
  case Endpoint::healthz:
    return ok;
  case Endpoint::readyz:
    if (auto error = why_not_ready()) return failure(*std::move(error));
    return ok;
  case Endpoint::check_api_key:
    return success_json(JsonObject().text("environment_id", environment_id_).done());
  case Endpoint::apis:
    return success_json(
        apis_json(engine_.catalog(), example_contexts(address_, engine_.integrations())));
  case Endpoint::openapi:
    return openapi_;
  case Endpoint::integrations:
    return success_json(integrations_json(engine_.integrations()));
  case Endpoint::api:
    return api_page(arguments[0] + "/" + arguments[1]);
  default:
    return integration_page(arguments[0]);
  }
}

std::optional<Error> ApiHandler::why_not_ready() const {
  if (draining_) return shutting_down();
  const std::vector<std::string> reasons = engine_.out_of_service();
  if (reasons.empty()) return std::nullopt;
  std::string all;
  for (const std::string& reason : reasons)
    all += (all.empty() ? "" : "; ") + reason;
  return not_ready(std::move(all));
}

Result<std::string> ApiHandler::api_page(const std::string& id) const {
  std::vector<std::string> names;
  for (const ApiInfo& api : engine_.catalog()) {
    names.push_back(api.tool + "/" + api.api);
    if (names.back() == id)
      return success_json(api_json(api, example_contexts(address_, engine_.integrations())));
  }
  return failure(request_error(
      404, "Not found",
      "there is no API of that name" +
          (names.empty()
               ? std::string("; no plugin is loaded (penstock plugins shows their folder)")
               : did_you_mean(id, names))));
}

Result<std::string> ApiHandler::integration_page(const std::string& id) const {
  std::vector<std::string> ids;
  for (const IntegrationInfo& integration : engine_.integrations()) {
    if (integration.id == id) return success_json(integration_json(integration));
    ids.push_back(integration.id);
  }
  return failure(integration_not_found("there is no integration of that id" +
                                       did_you_mean(id, ids) +
                                       " (GET /v1/integrations lists them)"));
}

}  // namespace penstock::server
