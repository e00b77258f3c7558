// Checks of a request's head, before the first byte of its body is read.
#include <memory>
#include <utility>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "api/api_handler.hpp"
#include "http/request_errors.hpp"

namespace penstock::server {
namespace {

/// Whether a Prefer header (RFC 7240) contains `preference`.
bool prefers(const RequestHead& head, std::string_view preference) {
  bool found = false;
  for (const RequestHead::Line& line : head.fields) {
    if (!equal_ignoring_case(line.name, "prefer")) continue;
    for_each_list_member(line.value, [&](std::string_view member) {
      const std::string_view name = member.substr(0, member.find_first_of(" \t;="));
      found = found || equal_ignoring_case(name, preference);
    });
  }
  return found;
}

}  // namespace

HttpResponse ApiHandler::refuse(const HeadError& refusal, const Client& client) {
  const auto request = std::make_shared<ApiRequest>(*this, client);
  HttpResponse response =
      request->refuse(request_error(refusal.status, "Malformed request", refusal.message));
  if (!refusal.allow.empty()) response.headers.add("Allow", refusal.allow);
  response.close = true;
  return response;
}

Admission ApiHandler::admit(const RequestHead& head, const Client& client) {
  const auto request = std::make_shared<ApiRequest>(*this, client);
  return {request, check(head, client, *request)};
}

std::optional<HttpResponse> ApiHandler::check(const RequestHead& head, const Client& client,
                                              ApiRequest& request) {
  request.record_.method = head.method;
  request.record_.path = head.target;
  RouteMatch match = find_route(head.method, head.target);
  request.route_ = match.route;
  if (!client.allowed && !request.is_probe()) {
    return request.refuse(
        address_refused("calls from this address are not allowed (server.allowed_networks)"));
  }
  if (match.route == nullptr && match.allow.empty()) {
    return request.refuse(request_error(
        404, "Not found", "there is no such path; the API is under /v1, see GET /v1/apis"));
  }
  if (match.route == nullptr)
    return request.refuse_method("this path takes " + match.allow, match.allow);
  if (match.route->needs_key) {
    if (auto error = check_key(head, request)) return request.refuse(*std::move(error));
  }
  request.arguments_ = std::move(match.arguments);
  request.integration_id_ = head.field("x-integration-id");
  request.respects_rate_limit_ = prefers(head, "respect-rate-limit");
  request.wants_session_ = prefers(head, "session");
  if (match.route->endpoint == Endpoint::proxy) return check_proxied(head, request);
  if (auto error = check_body(head, request)) {
    HttpResponse response = request.refuse(*std::move(error));
    response.close = true;
    return response;
  }
  request.record_.event = "request";
  return std::nullopt;
}

std::optional<Error> ApiHandler::check_key(const RequestHead& head, ApiRequest& request) {
  const std::string_view authorization = head.field("authorization");
  request.key_ = keys_.find(authorization);
  if (request.key_ == nullptr) {
    return authentication_invalid(authorization.empty()
                                      ? "send Authorization: Bearer <api key>"
                                      : "the API key is not one of this server's");
  }
  request.record_.key = request.key_->name();
  if (const auto wait = request.key_->throttle(request.started_))
    return rate_limited("too many calls with this API key", *wait);
  return std::nullopt;
}

/// For requests that are read whole; the proxy forwards a content coding to the vendor and drops
/// trailers.
std::optional<Error> ApiHandler::check_body(const RequestHead& head, ApiRequest& request) const {
  const Endpoint endpoint = request.route_->endpoint;
  const bool is_call = endpoint == Endpoint::passthrough || endpoint == Endpoint::validate;
  request.max_body_ = is_call ? max_request_bytes_ : endpoint == Endpoint::verify ? 65'536 : 0;
  if (head.has_body() && request.max_body_ == 0)
    return request_error(413, "Request too large", "a GET of this path must not have a body");
  const std::string_view coding = head.field("content-encoding");
  if (!coding.empty() && !equal_ignoring_case(coding, "identity")) {
    return request_error(415, "Unsupported coding",
                         "a Content-Encoding is not supported; send the body uncompressed");
  }
  if (!head.field("trailer").empty())
    return request_error(400, "Malformed request", "trailers are not supported");
  if (head.content_length > request.max_body_) {
    return request_error(413, "Request too large",
                         "the body is larger than " + quantity(request.max_body_, "byte"));
  }
  if (is_call && request.key_->budget()->is_spent()) {
    return rate_limited("responses and bodies of this API key's calls use " +
                            quantity(request.key_->budget()->held(), "byte") +
                            " of memory; read the pending responses first",
                        std::chrono::seconds(1));
  }
  if (is_call && budget_->is_spent()) return overloaded();
  return std::nullopt;
}

}  // namespace penstock::server
