#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <penstock/config.hpp>
#include <penstock/engine.hpp>
#include <penstock/error.hpp>

#include "api/api_keys.hpp"
#include "api/examples.hpp"
#include "api/routes.hpp"
#include "api/slot_contention.hpp"
#include "http/byte_budget.hpp"
#include "http/message.hpp"
#include "http/network.hpp"
#include "log/call_log.hpp"

namespace penstock::server {

/// The client of a connection.
struct Client {
  std::string address;  ///< for the log
  bool allowed = true;  ///< by server.allowed_networks
};

/// State of an admitted request, from its head to its response.
struct RequestContext {
  const Route* route = nullptr;
  ApiKey* key = nullptr;       ///< of the caller; null if the route needs none
  std::uint64_t max_body = 0;  ///< of a request that is read whole: its maximum body size
  std::vector<std::string> arguments;
  std::string integration_id;
  bool respects_rate_limit = false;  ///< Prefer: respect-rate-limit
  bool wants_session = false;        ///< Prefer: session
  std::optional<ProxyCall> proxied;  ///< of a request whose bodies are streamed
  std::shared_ptr<const std::atomic<bool>> client_disconnected;  ///< see Call::client_disconnected
  Clock::time_point started;
  CallRecord record;

  bool is_probe() const { return route != nullptr && !route->needs_key; }
};

/// What the proxy checks of an API before it calls the engine.
struct ProxiedApi {
  std::vector<std::string> methods;  ///< including HEAD and OPTIONS if it accepts GET
  bool soap = false;
  std::string docs_url;
};

/// The HTTP API without the transport: turns a checked head and a body into a response.
/// Thread-safe; does not use sockets.
class ApiHandler {
 public:
  /// `engine` and `log` must outlive the handler.
  ApiHandler(Engine& engine, const ServerConfig& config, AllowedNetworks networks, LogSink log);

  Client recognise(const Address& address, std::string text) const;

  /// Checks everything that does not need the body: address, route, key, rate, size. A returned
  /// response ends the request; none means that `context` is filled in, and serve() or proxy()
  /// follows.
  std::optional<HttpResponse> admit(const RequestHead& head, const Client& client,
                                    RequestContext& context);

  /// Processes an admitted request. `done` runs exactly once, possibly on another thread, possibly
  /// before this returns.
  void serve(RequestContext context, std::string body, std::function<void(HttpResponse)> done);

  /// Starts an admitted request whose bodies are streamed.
  void proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer);
  /// Records the vendor's response for the log line written at the end.
  static void record_response(RequestContext& context, const Response& head);
  void end_proxied(RequestContext& context, std::optional<Error> error);
  /// The response to the client if the vendor sent none.
  HttpResponse fail_proxied(RequestContext& context, Error error);

  /// The response to a request that is not valid HTTP. It closes the connection.
  HttpResponse refuse(const HeadRefusal& refusal, const Client& client);

  /// Logs that a connection was closed because its client was too slow.
  void note_slow_client(const CallRecord& request, std::string_view message) const;

  /// Sets the address of this server shown in the catalogue's examples. Call before the first
  /// request.
  void set_address(std::string_view listening) { address_ = reachable(listening); }

  /// Whether calls of that integration were rejected recently because all its concurrency slots
  /// were taken.
  bool wants_places_of(const std::string& integration_id, Clock::time_point now) {
    return contention_.is_recent(integration_id, now);
  }

  /// Makes readyz report that the server is not ready.
  void begin_draining() { draining_ = true; }

 private:
  HttpResponse refuse(Error error, RequestContext& context);
  HttpResponse finish(RequestContext& context, HttpResponse response);
  void log(RequestContext& context, int status);
  HttpResponse render(RequestContext& context, Result<Response> result,
                      const std::vector<std::string>& warnings, bool as_base64);
  std::optional<Error> check_key(const RequestHead& head, RequestContext& context);
  std::optional<Error> check_body(const RequestHead& head, RequestContext& context) const;
  HttpResponse refuse_method(RequestContext& context, std::string message, std::string allow);
  std::optional<Error> why_not_ready() const;
  std::string item_page(const RequestContext& context, std::optional<Error>& error) const;
  std::optional<HttpResponse> admit_proxied(const RequestHead& head, RequestContext& context);
  std::optional<Error> read_proxy_call(const RequestHead& head, RequestContext& context);
  std::optional<HttpResponse> check_method(const RequestHead& head, RequestContext& context);
  void note_intermediary(std::string_view header);
  void verify(RequestContext context, std::function<void(HttpResponse)> done);
  void call(RequestContext context, std::string_view body, std::function<void(HttpResponse)> done);
  void validate(RequestContext context, Call call, std::vector<std::string> warnings,
                std::function<void(HttpResponse)> done);

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
  std::map<std::string, ProxiedApi, std::less<>> apis_;  ///< key: "tool/api"
  std::vector<std::atomic<bool>> intermediaries_noted_;  ///< index: the rule
  std::atomic<bool> draining_{false};
};

}  // namespace penstock::server
