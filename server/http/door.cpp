#include "http/door.hpp"

#include <algorithm>
#include <random>

#include <penstock/envelope.hpp>

#include "base/text.hpp"
#include "http/catalog_json.hpp"
#include "http/door_errors.hpp"
#include "openapi/document.hpp"

namespace penstock::server {
namespace {

/// Unlike any other of this process, and most likely of any other; says nothing about how many came
/// before.
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

void add_places(Reply& reply, const Places& places) {
  if (places.limit == 0) return;
  reply.headers.push_back({"Concurrency-Limit", std::to_string(places.limit)});
  reply.headers.push_back({"Concurrency-Remaining", std::to_string(places.remaining)});
}

Reply reply_of(const Error& error) {
  Reply reply{error.http_status, {}, error_json(error)};
  add_places(reply, error.places);
  if (error.http_status == 401) reply.headers.push_back({"WWW-Authenticate", "Bearer"});
  if (error.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
    reply.headers.push_back({"Retry-After", std::to_string(std::max<long long>(seconds, 1))});
  }
  return reply;
}

/// Whether a Prefer header (RFC 7240) names `preference`.
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

/// The slips of an envelope together with what is wrong with the rest of it: one round for the
/// caller.
Error with_what_the_api_says(std::vector<Problem> slips, Result<Preview> rest) {
  if (!rest && rest.error().code == Code::input_invalid) {
    for (Problem& problem : rest.error().details) {
      // What could not be read stands in the call as if it were absent.
      const bool told = std::ranges::any_of(
          slips, [&](const Problem& slip) { return problem.pointer.starts_with(slip.pointer); });
      if (!told) slips.push_back(std::move(problem));
    }
  }
  return input_invalid(std::move(slips));
}

bool is_probe(const Ticket& ticket) { return ticket.route != nullptr && !ticket.route->needs_key; }

}  // namespace

Door::Door(CallPort& port, const ServerConfig& config, AllowedNetworks networks, LogSink log)
    : port_(port), keys_(config.api_keys), networks_(std::move(networks)), log_(std::move(log)),
      environment_id_(config.environment_id), address_(reachable(config.listen)),
      max_request_bytes_(config.max_request_bytes),
      openapi_(openapi::document(port.catalog(), {.max_request_bytes = max_request_bytes_})) {}

Client Door::recognise(const Address& address, std::string text) const {
  return {std::move(text), networks_.admits(address)};
}

Reply Door::finish(Ticket& ticket, Reply reply) {
  reply.headers.push_back({"X-Request-Id", ticket.record.request_id});
  if (!is_probe(ticket)) log(ticket, reply.status);
  return reply;
}

void Door::log(Ticket& ticket, int status) {
  ticket.record.http_status = status;
  ticket.record.total =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - ticket.started);
  log_(log_line(ticket.record, std::chrono::system_clock::now()));
}

Reply Door::refuse(Error error, Ticket& ticket) {
  Reply reply = reply_of(error);
  if (ticket.route != nullptr && ticket.route->page == Page::proxy)
    reply.headers.push_back({"Penstock-Answer", "engine"});
  ticket.record.error = std::move(error);
  return finish(ticket, std::move(reply));
}

Reply Door::refuse(const HeadRefusal& refusal, const Client& client) {
  Ticket ticket;
  ticket.started = Clock::now();
  ticket.record.event = "refused";
  ticket.record.request_id = new_request_id();
  ticket.record.client = client.address;
  Reply reply = refuse(at_the_door(refusal.status, "Malformed request", refusal.message), ticket);
  reply.close = true;
  return reply;
}

std::optional<Reply> Door::admit(const RequestHead& head, const Client& client, Ticket& ticket) {
  ticket = {};
  ticket.started = Clock::now();
  CallRecord& record = ticket.record;
  record.event = "refused";
  record.request_id = new_request_id();
  record.client = client.address;
  record.method = head.method;
  record.path = head.target;

  RouteMatch match = find_route(head.method, head.target);
  ticket.route = match.route;
  if (!client.allowed && !is_probe(ticket)) {
    return refuse(
        address_refused("calls from this address are not allowed (server.allowed_networks)"),
        ticket);
  }
  if (match.route == nullptr && match.allow.empty()) {
    return refuse(at_the_door(404, "Not found",
                              "there is no such path; the API is under /v1, see GET /v1/apis"),
                  ticket);
  }
  if (match.route == nullptr) {
    Error error = at_the_door(405, "Method not allowed", "this path takes " + match.allow);
    Reply reply = refuse(std::move(error), ticket);
    reply.headers.push_back({"Allow", match.allow});
    return reply;
  }
  if (match.route->needs_key) {
    ApiKey* key = keys_.find(head.field("authorization"));
    if (key == nullptr) {
      return refuse(authentication_invalid(head.field("authorization").empty()
                                               ? "send Authorization: Bearer <api key>"
                                               : "the API key is not one of this server's"),
                    ticket);
    }
    record.key = key->name();
    if (const auto wait = key->throttle(ticket.started)) {
      return refuse(rate_limited("too many calls with this API key", *wait), ticket);
    }
  }
  ticket.arguments = std::move(match.arguments);
  ticket.integration_id = head.field("x-integration-id");
  ticket.respects_rate_limit = prefers(head, "respect-rate-limit");
  ticket.wants_session = prefers(head, "session");
  if (match.route->page == Page::proxy) {
    if (auto error = read_proxy_call(head, ticket)) return refuse(*std::move(error), ticket);
    return std::nullopt;
  }
  // Of calls that are read here; the proxy leaves a coding to the vendor and trailers behind.
  const std::string_view coding = head.field("content-encoding");
  const bool coded = !coding.empty() && !equal_ignoring_case(coding, "identity");
  if (coded || !head.field("trailer").empty()) {
    Reply reply =
        refuse(coded ? at_the_door(415, "Unsupported coding",
                                   "a Content-Encoding is not taken; send the body as it is")
                     : at_the_door(400, "Malformed request", "trailers are not taken"),
               ticket);
    reply.close = true;
    return reply;
  }
  const std::uint64_t most_body = match.route->method == "POST" ? max_request_bytes_ : 65'536;
  if (head.content_length > most_body) {
    return refuse(at_the_door(413, "Request too large",
                              "the body is larger than " + std::to_string(most_body) + " bytes"),
                  ticket);
  }
  record.event = "request";
  return std::nullopt;
}

void Door::serve(Ticket ticket, std::string body, std::function<void(Reply)> done) {
  const Page page_asked = ticket.route->page;
  if (page_asked == Page::passthrough || page_asked == Page::validate) {
    call(std::move(ticket), body, std::move(done));
  } else if (page_asked == Page::verify) {
    verify(std::move(ticket), std::move(done));
  } else {
    Reply reply;
    std::optional<Error> error;
    switch (page_asked) {
    case Page::healthz:
      reply.body = R"({"status":"ok"})";
      break;
    case Page::readyz:
      if (draining_) error = shutting_down();
      reply.body = R"({"status":"ok"})";
      break;
    case Page::check_api_key:
      reply.body = success_json("{\"environment_id\":" + quoted_json(environment_id_) + "}");
      break;
    case Page::apis:
      reply.body =
          success_json(apis_json(port_.catalog(), example_places(address_, port_.integrations())));
      break;
    case Page::openapi:
      reply.body = openapi_;
      break;
    case Page::integrations:
      reply.body = success_json(integrations_json(port_.integrations()));
      break;
    default:
      reply.body = item_page(ticket, error);
      break;
    }
    done(error ? refuse(std::move(*error), ticket) : finish(ticket, std::move(reply)));
  }
}

std::string Door::item_page(const Ticket& ticket, std::optional<Error>& error) const {
  if (ticket.route->page == Page::api) {
    const std::string wanted = ticket.arguments[0] + "/" + ticket.arguments[1];
    std::vector<std::string> names;
    for (const ApiInfo& api : port_.catalog()) {
      names.push_back(api.tool + "/" + api.api);
      if (names.back() == wanted)
        return success_json(api_json(api, example_places(address_, port_.integrations())));
    }
    error =
        at_the_door(404, "Not found", "there is no API of that name" + did_you_mean(wanted, names));
  } else {
    for (const IntegrationInfo& integration : port_.integrations()) {
      if (integration.id == ticket.arguments[0]) return success_json(integration_json(integration));
    }
    error = integration_not_found("there is no integration of that id; see GET /v1/integrations");
  }
  return {};
}

void Door::verify(Ticket ticket, std::function<void(Reply)> done) {
  ticket.record.event = "verify";
  const std::string id = ticket.record.integration = ticket.arguments[0];
  port_.verify(id, [this, ticket = std::move(ticket),
                    done = std::move(done)](Result<std::vector<Check>> checks) mutable {
    if (!checks) return done(refuse(std::move(checks.error()), ticket));
    done(finish(ticket, {200, {}, success_json(verification_json(*checks))}));
  });
}

void Door::call(Ticket ticket, std::string_view body, std::function<void(Reply)> done) {
  ticket.record.event = ticket.route->page == Page::validate ? "validate" : "call";
  ticket.record.tool = ticket.arguments[0];
  ticket.record.api = ticket.arguments[1];
  ticket.record.integration = ticket.integration_id;
  auto parsed = read_envelope(body);
  if (!parsed) return done(refuse(std::move(parsed.error()), ticket));

  Call call = std::move(parsed->call);
  ticket.record.method = call.method;
  ticket.record.path = call.path;
  if (ticket.integration_id.empty()) {
    Error error = input_invalid("the header X-Integration-Id is required");
    error.phase = Phase::route;
    return done(refuse(std::move(error), ticket));
  }
  call.tool = ticket.arguments[0];
  call.api = ticket.arguments[1];
  call.integration_id = ticket.integration_id;
  call.respect_rate_limit = ticket.respects_rate_limit;
  call.abandoned = std::move(ticket.abandoned);
  if (!parsed->problems.empty()) {
    Error all = with_what_the_api_says(std::move(parsed->problems), port_.validate(call));
    return done(refuse(std::move(all), ticket));
  }
  if (ticket.route->page == Page::validate)
    return validate(std::move(ticket), std::move(call), std::move(parsed->warnings),
                    std::move(done));

  const bool as_base64 = call.response_as_base64;
  port_.start(std::move(call),
              [this, ticket = std::move(ticket), warnings = std::move(parsed->warnings), as_base64,
               done = std::move(done)](Result<Answer> result) mutable {
                done(render(ticket, std::move(result), warnings, as_base64));
              });
}

void Door::validate(Ticket ticket, Call call, std::vector<std::string> warnings,
                    std::function<void(Reply)> done) {
  const bool with_session = ticket.wants_session;
  auto show = [this, with_session, ticket = std::move(ticket), warnings = std::move(warnings),
               done = std::move(done)](Result<Preview> preview) mutable {
    if (!preview) return done(refuse(std::move(preview.error()), ticket));
    std::ranges::move(warnings, std::back_inserter(preview->warnings));
    Reply reply{200, {}, preview_json(*preview)};
    if (with_session) reply.headers.push_back({"Preference-Applied", "session"});
    done(finish(ticket, std::move(reply)));
  };
  if (!with_session) return show(port_.validate(call));
  port_.validate_with_session(std::move(call), std::move(show));
}

Reply Door::render(Ticket& ticket, Result<Answer> result, const std::vector<std::string>& warnings,
                   bool as_base64) {
  if (!result) return refuse(std::move(result.error()), ticket);
  Answer& answer = *result;
  answer.warnings.insert(answer.warnings.begin(), warnings.begin(), warnings.end());
  ticket.record.vendor_status = answer.status;
  ticket.record.vendor = answer.vendor;
  ticket.record.plugin = answer.plugin;
  try {
    Reply reply{200, {}, answer_json(answer, as_base64)};
    add_places(reply, answer.places);
    return finish(ticket, std::move(reply));
  } catch (const std::exception&) {  // Out of memory: the vendor has acted all the same.
    return refuse(engine_failed("the answer could not be written", Phase::receive, Sent::yes),
                  ticket);
  }
}

}  // namespace penstock::server
