#include "api/api_handler.hpp"

#include <algorithm>

#include <penstock/envelope.hpp>
#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "api/api_errors.hpp"
#include "api/catalog_json.hpp"
#include "json/json_object.hpp"
#include "openapi/document.hpp"

namespace penstock::server {
namespace {

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

/// Whether `pointer` (RFC 6901) is `outer`, or points into what that points to.
bool is_within(std::string_view pointer, std::string_view outer) {
  return pointer.starts_with(outer) &&
         (pointer.size() == outer.size() || pointer[outer.size()] == '/');
}

/// The slips of an envelope together with what is wrong with the rest of it: one round for the
/// caller.
Error with_what_the_api_says(std::vector<Problem> slips, Result<Preview> rest) {
  if (!rest && rest.error().code == Code::input_invalid) {
    for (Problem& problem : rest.error().details) {
      // What could not be read stands in the call as if it were absent.
      const bool told = std::ranges::any_of(
          slips, [&](const Problem& slip) { return is_within(problem.pointer, slip.pointer); });
      if (!told) slips.push_back(std::move(problem));
    }
  }
  return input_invalid(std::move(slips));
}

/// Bodies and answers that wait for slow clients, as multiples of the largest body.
constexpr std::uint64_t bodies_of_a_key = 8;
constexpr std::uint64_t bodies_in_all = 32;

}  // namespace

Door::Door(CallPort& port, const ServerConfig& config, AllowedNetworks networks, LogSink log)
    : port_(port), budget_(std::make_shared<ByteBudget>(bodies_in_all * config.max_request_bytes)),
      keys_(config.api_keys, budget_, bodies_of_a_key * config.max_request_bytes),
      networks_(std::move(networks)), log_(std::move(log)), environment_id_(config.environment_id),
      address_(reachable(config.listen)), max_request_bytes_(config.max_request_bytes),
      intermediaries_noted_(intermediary_header_rules()) {
  const std::vector<ApiInfo> catalog = port.catalog();
  openapi_ = openapi::document(catalog, {.max_request_bytes = max_request_bytes_});
  for (const ApiInfo& api : catalog) {
    ProxiedApi& known = apis_[api.tool + "/" + api.api];
    known = {api.methods, api.soap, api.docs_url};
    if (std::ranges::find(api.methods, "GET") != api.methods.end())
      known.methods.insert(known.methods.end(), {"HEAD", "OPTIONS"});
  }
}

Client Door::recognise(const Address& address, std::string text) const {
  return {std::move(text), networks_.admits(address)};
}

Reply Door::finish(Ticket& ticket, Reply reply) {
  reply.headers.push_back({"X-Request-Id", ticket.record.request_id});
  if (!ticket.is_probe()) log(ticket, reply.status);
  return reply;
}

void Door::log(Ticket& ticket, int status) {
  ticket.record.http_status = status;
  ticket.record.total =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - ticket.started);
  log_(log_line(ticket.record, std::chrono::system_clock::now()));
}

void Door::note_slow_client(const CallRecord& request, std::string_view message) const {
  log_(slow_client_line(request, message, std::chrono::system_clock::now()));
}

Reply Door::refuse(Error error, Ticket& ticket) {
  Reply reply = reply_of(error);
  if (ticket.route != nullptr && ticket.route->page == Page::proxy) {
    reply.headers.push_back({"Penstock-Answer", "engine"});
    reply.headers.push_back({"Penstock-Request-Id", ticket.record.request_id});
  }
  if (error.code == Code::concurrency_limit_exceeded && !ticket.integration_id.empty())
    contention_.note(ticket.integration_id, Clock::now());
  ticket.record.error = std::move(error);
  return finish(ticket, std::move(reply));
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
      error = why_not_ready();
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

std::optional<Error> Door::why_not_ready() const {
  if (draining_) return shutting_down();
  const std::vector<std::string> reasons = port_.out_of_service();
  if (reasons.empty()) return std::nullopt;
  std::string all;
  for (const std::string& reason : reasons)
    all += (all.empty() ? "" : "; ") + reason;
  return not_ready(std::move(all));
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
        at_the_door(404, "Not found",
                    "there is no API of that name" +
                        (names.empty() ? std::string("; no plugin is loaded (penstock plugins says "
                                                     "where they are looked for)")
                                       : did_you_mean(wanted, names)));
  } else {
    std::vector<std::string> ids;
    for (const IntegrationInfo& integration : port_.integrations()) {
      if (integration.id == ticket.arguments[0]) return success_json(integration_json(integration));
      ids.push_back(integration.id);
    }
    error = integration_not_found("there is no integration of that id" +
                                  did_you_mean(ticket.arguments[0], ids) +
                                  " (GET /v1/integrations lists them)");
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
    return port_.validate(std::move(call), [this, ticket = std::move(ticket),
                                            problems = std::move(parsed->problems),
                                            done = std::move(done)](Result<Preview> rest) mutable {
      done(refuse(with_what_the_api_says(std::move(problems), std::move(rest)), ticket));
    });
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
  if (!with_session) return port_.validate(std::move(call), std::move(show));
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
