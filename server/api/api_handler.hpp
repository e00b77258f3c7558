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
#include <penstock/error.hpp>

#include "api/api_keys.hpp"
#include "api/call_port.hpp"
#include "api/examples.hpp"
#include "api/routes.hpp"
#include "api/slot_contention.hpp"
#include "http/byte_budget.hpp"
#include "http/message.hpp"
#include "http/network.hpp"
#include "log/call_log.hpp"

namespace penstock::server {

/// Who is at the other end of a connection.
struct Client {
  std::string address;  ///< for the log
  bool allowed = true;  ///< by server.allowed_networks
};

/// What the head of an admitted request said; goes with it until it is answered.
struct RequestContext {
  const Route* route = nullptr;
  ApiKey* key = nullptr;       ///< of the caller; null where none is needed
  std::uint64_t max_body = 0;  ///< of a request that is read whole: the largest body it may have
  std::vector<std::string> arguments;
  std::string integration_id;
  bool respects_rate_limit = false;  ///< Prefer: respect-rate-limit
  bool wants_session = false;        ///< Prefer: session
  std::optional<ProxyCall> proxied;  ///< of a request whose body streams
  std::shared_ptr<const std::atomic<bool>> client_disconnected;  ///< see Call::abandoned
  Clock::time_point started;
  CallRecord record;

  bool is_probe() const { return route != nullptr && !route->needs_key; }
};

/// What the proxy has to know of an API before it asks the engine.
struct ProxiedApi {
  std::vector<std::string> methods;  ///< with HEAD and OPTIONS where it takes GET
  bool soap = false;
  std::string docs_url;
};

/// The HTTP API without HTTP: from a checked head and a body to a reply. Thread-safe; knows nothing
/// of sockets.
class ApiHandler {
 public:
  /// `port` and `log` must outlive the door.
  ApiHandler(CallPort& port, const ServerConfig& config, AllowedNetworks networks, LogSink log);

  Client recognise(const Address& address, std::string text) const;

  /// All that can be decided before the body is read: address, route, key, rate, size. A reply is
  /// the end of the request; none means that `ticket` is filled in and serve() comes next.
  std::optional<HttpResponse> admit(const RequestHead& head, const Client& client,
                                    RequestContext& context);

  /// Answers an admitted request; `done` runs exactly once, maybe on another thread, maybe before
  /// this returns.
  void serve(RequestContext context, std::string body, std::function<void(HttpResponse)> done);

  /// Starts an admitted request whose bodies stream.
  void proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer);
  /// Takes down what the vendor answered, for the log line that the end gives.
  static void record_response(RequestContext& context, const Response& head);
  void end_proxied(RequestContext& context, std::optional<Error> error);
  /// The reply where there is no answer of the vendor.
  HttpResponse fail_proxied(RequestContext& context, Error error);

  /// The reply to what is not a proper request. It closes the connection.
  HttpResponse refuse(const HeadRefusal& refusal, const Client& client);

  /// Logs that a connection was closed because its client was too slow.
  void note_slow_client(const CallRecord& request, std::string_view message) const;

  /// Where callers reach this server, for the examples of the catalogue. Before the first request.
  void set_address(std::string_view listening) { address_ = reachable(listening); }

  /// Whether calls of that integration were refused a moment ago because all its places were taken.
  bool wants_places_of(const std::string& integration_id, Clock::time_point now) {
    return contention_.is_recent(integration_id, now);
  }

  /// From now on readyz says no.
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

  CallPort& port_;
  std::shared_ptr<ByteBudget> budget_;
  ApiKeys keys_;
  SlotContention contention_;
  AllowedNetworks networks_;
  LogSink log_;
  std::string environment_id_;
  std::string address_;
  std::uint64_t max_request_bytes_;
  // The catalogue is the same as long as the engine is open.
  std::string openapi_;
  std::map<std::string, ProxiedApi, std::less<>> apis_;  ///< by "tool/api"
  std::vector<std::atomic<bool>> intermediaries_noted_;  ///< by rule
  std::atomic<bool> draining_{false};
};

}  // namespace penstock::server
