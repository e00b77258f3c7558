#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/catalog.hpp>
#include <penstock/error.hpp>
#include <penstock/proxy.hpp>

#include "api/api_keys.hpp"
#include "api/routes.hpp"
#include "http/request_handler.hpp"
#include "log/call_log.hpp"

namespace penstock::server {

class ApiHandler;

/// One request to the HTTP API: what its head says, and from there to its response and its log
/// line. Made and filled in by ApiHandler::admit(); alive as long as the connection or the engine
/// needs it.
class ApiRequest final : public Exchange, public std::enable_shared_from_this<ApiRequest> {
 public:
  ApiRequest(ApiHandler& api, const Client& client);

  std::uint64_t max_body() const override { return max_body_; }
  bool is_streamed() const override { return proxied_.has_value(); }
  std::shared_ptr<ByteBudget> budget() const override {
    return key_ != nullptr ? key_->budget() : nullptr;
  }
  void respond(std::string body, Disconnected disconnected,
               std::function<void(HttpResponse)> done) override;
  void stream(std::shared_ptr<Connection> connection, Disconnected disconnected) override;
  bool holds_up_others(Clock::time_point now) const override;
  void on_slow_client(std::string_view message) const override;

  const std::string& id() const { return record_.request_id; }

  /// Records the vendor's response to a streamed request for the log line.
  void record_response(const Response& head);
  /// Ends a streamed request of which a response was sent, whole or in part.
  void end_stream(std::optional<Error> error);
  /// Ends the request with an error response.
  HttpResponse refuse(Error error);

 private:
  friend class ApiHandler;  // admit() fills in the members

  using Done = std::function<void(HttpResponse)>;

  void call(std::string_view body, Disconnected disconnected, Done done);
  void validate(Call call, std::vector<std::string> warnings, Done done);
  void verify(Done done);
  HttpResponse render(Result<Response> result, const std::vector<std::string>& warnings,
                      bool as_base64);
  HttpResponse refuse_method(std::string message, std::string allow);
  HttpResponse finish(HttpResponse response);
  void log(int status);
  /// The route needs no key: such requests are not logged.
  bool is_probe() const { return route_ != nullptr && !route_->needs_key; }

  ApiHandler& api_;
  const Clock::time_point started_ = Clock::now();
  const Route* route_ = nullptr;
  ApiKey* key_ = nullptr;       ///< of the caller; null if the route needs none
  std::uint64_t max_body_ = 0;  ///< of a request that is read whole
  std::vector<std::string> arguments_;
  std::string integration_id_;
  bool respects_rate_limit_ = false;  ///< Prefer: respect-rate-limit
  bool wants_session_ = false;        ///< Prefer: session
  std::optional<ProxyCall> proxied_;  ///< of a request whose bodies are streamed
  CallRecord record_;
};

}  // namespace penstock::server
