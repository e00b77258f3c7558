#include "upstream/exchange_error.hpp"

namespace penstock::upstream {
namespace {

std::string with(std::string message, const std::string& summary) {
  return summary.empty() ? message : std::move(message) + "; " + summary;
}

}  // namespace

Sent furthest(Sent a, Sent b) {
  if (a == Sent::yes || b == Sent::yes) return Sent::yes;
  return a == Sent::unknown || b == Sent::unknown ? Sent::unknown : Sent::no;
}

Sent sent_of(const Connection::ExchangeResult& result) {
  if (result.any_byte_received && !result.unsolicited) return Sent::yes;
  return result.any_byte_sent ? Sent::unknown : Sent::no;
}

Error client_disconnected_error(Sent sent) {
  Error error = input_invalid("the client disconnected during the call");
  error.phase = Phase::send;
  error.sent = sent;
  return error;
}

Error exchange_error(const Request& request, const Connection::ExchangeResult& result, Sent sent) {
  const std::string& host = request.to.host;
  if (result.client_disconnected) return client_disconnected_error(sent);
  if (result.too_large) {
    Error error = vendor_unreachable(with("the response of " + host +
                                              " is larger than upstream.max_response_bytes (" +
                                              std::to_string(request.max_response_bytes) + ")",
                                          result.summary),
                                     Phase::receive, Sent::yes);
    error.title = "The vendor's response is too large";
    error.origin = Origin::vendor;
    return error;
  }
  Error error = vendor_unreachable(with(host + ": " + result.error, result.summary),
                                   result.any_byte_sent ? Phase::receive : Phase::send, sent);
  if (result.any_byte_received) error.title = "The vendor's response is truncated or malformed";
  return error;
}

Error no_connection_in_time(const Request& request, Sent sent) {
  return vendor_timed_out("no connection to " + request.to.host + " in time", Phase::connect, sent);
}

Error no_response_in_time(const Request& request, const std::string& summary, Sent sent) {
  return vendor_timed_out(with(request.to.host + " did not respond in time", summary),
                          sent == Sent::no ? Phase::send : Phase::receive, sent);
}

Error no_free_connection(const Request& request, const std::string& why, Sent sent) {
  Error error = concurrency_exceeded(
      "all connections to " + request.to.host + " are in use (upstream.max_connections: " +
          std::to_string(request.limits.connections) + "), and " + why,
      std::chrono::seconds(1));
  error.phase = Phase::connect;
  error.sent = sent;
  error.retryable = sent == Sent::no;
  return error;
}

}  // namespace penstock::upstream
