// The door's part in calls whose bodies stream.
#include <algorithm>

#include "base/text.hpp"
#include "http/door.hpp"

namespace penstock::server {
namespace {

/// One pair after another, percent-encoded, as the JSON that api_options are. `place` names them in
/// messages.
Result<std::string> read_options(std::string_view text, char separator, const std::string& place) {
  std::vector<Field> values;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return failure(input_invalid(place + " must be encoded like service_name=Staffing" +
                                   separator + "version=v6"));
    }
    Field value{percent_decode(pair.substr(0, equals)), percent_decode(pair.substr(equals + 1))};
    if (std::ranges::find(values, value.name, &Field::name) != values.end())
      return failure(input_invalid(place + " names \"" + value.name + "\" twice"));
    values.push_back(std::move(value));
  }
  return options(values);
}

Result<std::string> options_of_header(std::string form) {
  std::ranges::replace(form, '+', ' ');
  return read_options(form, '&', "X-Api-Options");
}

/// The {api} of a target, as it was written: with it may stand its options, for clients that are
/// given an address more easily than a header: `/v1/proxy/workday/soap;service_name=Staffing/`.
std::string_view api_segment(std::string_view target) {
  for (int i = 0; i < 4; ++i)
    target.remove_prefix(target.find('/') + 1);
  return target.substr(0, target.find_first_of("/?"));
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
  const std::string_view segment = api_segment(head.target);
  const std::size_t semicolon = segment.find(';');
  int options = 0;
  if (semicolon != std::string_view::npos) {
    ++options;
    call.api = record.api = percent_decode(segment.substr(0, semicolon));
    auto json = read_options(segment.substr(semicolon + 1), ';', "the address behind the API");
    if (!json) return std::move(json).error();
    call.api_options = *std::move(json);
  }
  for (const RequestHead::Line& line : head.fields) {
    if (equal_ignoring_case(line.name, "x-api-options")) {
      if (++options > 1)
        return input_invalid("api_options are given twice; one X-Api-Options, or in the address");
      auto json = options_of_header(std::string(line.value));
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
