// The door's part in calls whose bodies stream.
#include <algorithm>

#include "base/text.hpp"
#include "http/door.hpp"

namespace penstock::server {
namespace {

/// `service_name=Staffing&version=v6`, form-encoded, as the JSON that api_options are.
Result<std::string> options_from_query(std::string_view text) {
  std::vector<Field> values;
  while (!text.empty()) {
    std::string pair(text.substr(0, text.find('&')));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    std::ranges::replace(pair, '+', ' ');
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return failure(input_invalid(
          "X-Api-Options must be form-encoded, like service_name=Staffing&version=v6"));
    }
    Field value{percent_decode(pair.substr(0, equals)), percent_decode(pair.substr(equals + 1))};
    if (std::ranges::find(values, value.name, &Field::name) != values.end())
      return failure(input_invalid("X-Api-Options names \"" + value.name + "\" twice"));
    values.push_back(std::move(value));
  }
  return options(values);
}

}  // namespace

std::optional<Error> Door::read_proxy_call(const RequestHead& head, Ticket& ticket) const {
  CallRecord& record = ticket.record;
  record.event = "proxy";
  record.tool = ticket.arguments[0];
  record.api = ticket.arguments[1];
  record.integration = ticket.integration_id;
  if (ticket.integration_id.empty()) {
    Error error = input_invalid("the header X-Integration-Id is required");
    error.phase = Phase::route;
    return error;
  }
  ProxyCall& proxied = ticket.proxied.emplace();
  Call& call = proxied.call;
  call.tool = ticket.arguments[0];
  call.api = ticket.arguments[1];
  call.integration_id = ticket.integration_id;
  call.method = head.method;
  call.path = ticket.arguments[2];
  call.respect_rate_limit = ticket.respects_rate_limit;
  record.path = call.path;
  int options = 0;
  for (const RequestHead::Line& line : head.fields) {
    if (equal_ignoring_case(line.name, "x-api-options")) {
      if (++options > 1) return input_invalid("the header X-Api-Options is sent twice");
      auto json = options_from_query(line.value);
      if (!json) return std::move(json).error();
      call.api_options = *std::move(json);
    } else if (!equal_ignoring_case(line.name, "authorization") &&
               !equal_ignoring_case(line.name, "x-integration-id")) {
      call.headers.push_back({std::string(line.name), std::string(line.value)});
    }
    if (equal_ignoring_case(line.name, "te"))
      proxied.takes_trailers = lower(line.value).find("trailers") != std::string::npos;
  }
  proxied.has_body = head.has_body();
  if (!head.chunked) proxied.body_length = head.content_length;
  return std::nullopt;
}

void Door::proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) {
  port_.proxy(std::move(call), std::move(peer));
}

void Door::note_answer(Ticket& ticket, const Answer& head) {
  ticket.record.vendor_status = head.status;
  ticket.record.vendor = head.vendor;
  ticket.record.plugin = head.plugin;
}

void Door::end_proxied(Ticket& ticket, std::optional<Error> error) {
  ticket.record.error = std::move(error);
  log(ticket, ticket.record.vendor_status);
}

Reply Door::fail_proxied(Ticket& ticket, Error error) { return refuse(std::move(error), ticket); }

}  // namespace penstock::server
