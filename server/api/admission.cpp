// Checks of a request's head, before the first byte of its body is read.
#include <algorithm>
#include <random>

#include <penstock/text.hpp>

#include "api/api_errors.hpp"
#include "api/api_handler.hpp"

namespace penstock::server {
namespace {

/// Returns an id that is unique in this process and very likely across processes, and that does not
/// reveal how many came before.
std::string new_request_id() {
  static const std::uint64_t origin =
      (std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}();
  static std::atomic<std::uint64_t> count{0};
  std::uint64_t z = origin + count.fetch_add(1, std::memory_order_relaxed) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  z ^= z >> 31U;
  constexpr std::string_view hex = "0123456789abcdef";
  std::string id(16, '0');
  for (char& c : id) {
    c = hex[z & 15U];
    z >>= 4U;
  }
  return id;
}

/// Whether a Prefer header (RFC 7240) contains `preference`.
bool prefers(const RequestHead& head, std::string_view preference) {
  for (const RequestHead::Line& line : head.fields) {
    if (!equal_ignoring_case(line.name, "prefer")) continue;
    std::string_view rest = line.value;
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(one.size() + 1, rest.size()));
      const std::size_t begin = std::min(one.find_first_not_of(" \t"), one.size());
      const std::string_view name = one.substr(begin, one.find_first_of(" \t;=", begin) - begin);
      if (equal_ignoring_case(name, preference)) return true;
    }
  }
  return false;
}

}  // namespace

HttpResponse ApiHandler::refuse(const HeadRefusal& refusal, const Client& client) {
  RequestContext context;
  context.started = Clock::now();
  context.record.event = "refused";
  context.record.request_id = new_request_id();
  context.record.client = client.address;
  HttpResponse response =
      refuse(request_error(refusal.status, "Malformed request", refusal.message), context);
  if (!refusal.allow.empty()) response.headers.push_back({"Allow", refusal.allow});
  response.close = true;
  return response;
}

std::optional<HttpResponse> ApiHandler::admit(const RequestHead& head, const Client& client,
                                              RequestContext& context) {
  context = {};
  context.started = Clock::now();
  CallRecord& record = context.record;
  record.event = "refused";
  record.request_id = new_request_id();
  record.client = client.address;
  record.method = head.method;
  record.path = head.target;

  RouteMatch match = find_route(head.method, head.target);
  context.route = match.route;
  if (!client.allowed && !context.is_probe()) {
    return refuse(
        address_refused("calls from this address are not allowed (server.allowed_networks)"),
        context);
  }
  if (match.route == nullptr && match.allow.empty()) {
    return refuse(request_error(404, "Not found",
                                "there is no such path; the API is under /v1, see GET /v1/apis"),
                  context);
  }
  if (match.route == nullptr)
    return refuse_method(context, "this path takes " + match.allow, match.allow);
  if (match.route->needs_key) {
    if (auto error = check_key(head, context)) return refuse(*std::move(error), context);
  }
  context.arguments = std::move(match.arguments);
  context.integration_id = head.field("x-integration-id");
  context.respects_rate_limit = prefers(head, "respect-rate-limit");
  context.wants_session = prefers(head, "session");
  if (match.route->page == Endpoint::proxy) return admit_proxied(head, context);
  if (auto error = check_body(head, context)) {
    HttpResponse response = refuse(*std::move(error), context);
    response.close = true;
    return response;
  }
  record.event = "request";
  return std::nullopt;
}

HttpResponse ApiHandler::refuse_method(RequestContext& context, std::string message,
                                       std::string allow) {
  HttpResponse response =
      refuse(request_error(405, "Method not allowed", std::move(message)), context);
  response.headers.push_back({"Allow", std::move(allow)});
  return response;
}

std::optional<Error> ApiHandler::check_key(const RequestHead& head, RequestContext& context) {
  const std::string_view authorization = head.field("authorization");
  context.key = keys_.find(authorization);
  if (context.key == nullptr) {
    return authentication_invalid(authorization.empty()
                                      ? "send Authorization: Bearer <api key>"
                                      : "the API key is not one of this server's");
  }
  context.record.key = context.key->name();
  if (const auto wait = context.key->throttle(context.started))
    return rate_limited("too many calls with this API key", *wait);
  return std::nullopt;
}

/// For requests that are read whole; the proxy forwards a content coding to the vendor and drops
/// trailers.
std::optional<Error> ApiHandler::check_body(const RequestHead& head,
                                            RequestContext& context) const {
  const Endpoint page = context.route->page;
  const bool is_call = page == Endpoint::passthrough || page == Endpoint::validate;
  context.max_body = is_call ? max_request_bytes_ : page == Endpoint::verify ? 65'536 : 0;
  if (head.has_body() && context.max_body == 0)
    return request_error(413, "Request too large", "a GET of this path takes no body");
  const std::string_view coding = head.field("content-encoding");
  if (!coding.empty() && !equal_ignoring_case(coding, "identity")) {
    return request_error(415, "Unsupported coding",
                         "a Content-Encoding is not taken; send the body as it is");
  }
  if (!head.field("trailer").empty())
    return request_error(400, "Malformed request", "trailers are not taken");
  if (head.content_length > context.max_body) {
    return request_error(413, "Request too large",
                         "the body is larger than " + counted(context.max_body, "byte"));
  }
  if (is_call && context.key->budget()->is_spent()) {
    return rate_limited("answers and bodies of this API key's calls hold " +
                            counted(context.key->budget()->held(), "byte") +
                            " of memory; read the answers that are on their way first",
                        std::chrono::seconds(1));
  }
  if (is_call && budget_->is_spent()) return overloaded();
  return std::nullopt;
}

}  // namespace penstock::server
