#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/config.hpp>
#include <penstock/engine.hpp>
#include <penstock/error.hpp>

#include "api/api_keys.hpp"
#include "api/api_request.hpp"
#include "api/examples.hpp"
#include "api/routes.hpp"
#include "api/slot_contention.hpp"
#include "http/allowed_networks.hpp"
#include "http/byte_budget.hpp"
#include "http/request_handler.hpp"
#include "log/call_log.hpp"

namespace penstock::server {

/// What the proxy checks of an API before it calls the engine.
struct ProxiedApi {
  std::vector<std::string> methods;  ///< including HEAD and OPTIONS if it accepts GET
  bool soap = false;
  std::string docs_url;
};

/// The HTTP API without the transport: admits requests by their heads; each then continues as an
/// ApiRequest. Does not use sockets. [any-thread]
class ApiHandler final : public RequestHandler {
 public:
  /// `engine` and `log` must outlive the handler.
  ApiHandler(Engine& engine, const ServerConfig& config, AllowedNetworks networks, LogSink log);

  Client recognise(const IpAddress& address, std::string text) const override;
  /// Checks address, route, key, rate and size, in this order.
  Admission admit(const RequestHead& head, const Client& client) override;
  HttpResponse refuse(const HeadError& refusal, const Client& client) override;
  void on_slow_client(const Client& client, std::string_view message) const override;
  /// The catalogue's examples show this address.
  void on_listening(std::string_view address) override { address_ = reachable(address); }

  /// Makes readyz report that the server is not ready.
  void begin_draining() { draining_ = true; }

  // For ApiRequest.

  Engine& engine() const { return engine_; }
  /// Which integrations rejected calls recently because all their concurrency slots were taken.
  SlotContention& contention() { return contention_; }
  void write_log(std::string line) const { log_(std::move(line)); }
  /// The body of a GET endpoint. `arguments`: what the route's `*` matched.
  Result<std::string> page(Endpoint endpoint, const std::vector<std::string>& arguments) const;

 private:
  // Admission, admission.cpp and proxy_admission.cpp.
  std::optional<HttpResponse> check(const RequestHead& head, const Client& client,
                                    ApiRequest& request);
  std::optional<Error> check_key(const RequestHead& head, ApiRequest& request);
  std::optional<Error> check_body(const RequestHead& head, ApiRequest& request) const;
  std::optional<HttpResponse> check_proxied(const RequestHead& head, ApiRequest& request);
  std::optional<Error> read_proxy_call(const RequestHead& head, ApiRequest& request);
  std::optional<HttpResponse> check_proxied_method(const RequestHead& head, ApiRequest& request);
  void log_intermediary_header(std::string_view header);

  std::optional<Error> why_not_ready() const;
  Result<std::string> api_page(const std::string& id) const;
  Result<std::string> integration_page(const std::string& id) const;

  Engine& engine_;
  std::shared_ptr<ByteBudget> budget_;
  ApiKeys keys_;
  SlotContention contention_;
  AllowedNetworks networks_;
  LogSink log_;
  std::string environment_id_;
  std::string address_;
  std::uint64_t max_request_bytes_;
  // The catalogue does not change while the engine is open.
  std::string openapi_;
  std::map<std::string, ProxiedApi, std::less<>> apis_;   ///< key: "tool/api"
  std::vector<std::atomic<bool>> intermediaries_logged_;  ///< index: the rule
  std::atomic<bool> draining_{false};
};

}  // namespace penstock::server
