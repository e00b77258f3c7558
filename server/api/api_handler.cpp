#include "api/api_handler.hpp"

#include <algorithm>

#include <penstock/envelope.hpp>
#include <penstock/http.hpp>
#include <penstock/json_writer.hpp>
#include <penstock/text.hpp>

#include "api/api_errors.hpp"
#include "api/catalog_json.hpp"
#include "openapi/document.hpp"

namespace penstock::server {
namespace {

void add_places(HttpResponse& response, const ConcurrencySlots& places) {
  if (places.limit == 0) return;
  response.headers.push_back({"Concurrency-Limit", std::to_string(places.limit)});
  response.headers.push_back({"Concurrency-Remaining", std::to_string(places.remaining)});
}

HttpResponse response_of(const Error& error) {
  HttpResponse response{error.http_status, {}, error_json(error)};
  add_places(response, error.places);
  if (error.http_status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer"});
  if (error.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
    response.headers.push_back({"Retry-After", std::to_string(std::max<long long>(seconds, 1))});
  }
  return response;
}

/// Whether `pointer` (RFC 6901) equals `outer` or points inside it.
bool is_within(std::string_view pointer, std::string_view outer) {
  return pointer.starts_with(outer) &&
         (pointer.size() == outer.size() || pointer[outer.size()] == '/');
}

/// Combines the errors of an envelope with those of its remaining content, so that the caller gets
/// all of them at once.
Error with_what_the_api_says(std::vector<Problem> slips, Result<Preview> rest) {
  if (!rest && rest.error().code == Code::input_invalid) {
    for (Problem& problem : rest.error().details) {
      // A value that could not be read is absent from the call; errors about it are redundant.
      const bool told = std::ranges::any_of(
          slips, [&](const Problem& slip) { return is_within(problem.pointer, slip.pointer); });
      if (!told) slips.push_back(std::move(problem));
    }
  }
  return input_invalid(std::move(slips));
}

/// Limits for bodies and responses that wait for slow clients, as multiples of the maximum body.
constexpr std::uint64_t bodies_of_a_key = 8;
constexpr std::uint64_t bodies_in_all = 32;

}  // namespace

ApiHandler::ApiHandler(Engine& engine, const ServerConfig& config, AllowedNetworks networks,
                       LogSink log)
    : engine_(engine),
      budget_(std::make_shared<ByteBudget>(bodies_in_all * config.max_request_bytes)),
      keys_(config.api_keys, budget_, bodies_of_a_key * config.max_request_bytes),
      networks_(std::move(networks)), log_(std::move(log)), environment_id_(config.environment_id),
      address_(reachable(config.listen)), max_request_bytes_(config.max_request_bytes),
      intermediaries_noted_(intermediary_header_rules()) {
  const std::vector<ApiInfo> catalog = engine.catalog();
  openapi_ = openapi::document(catalog, {.max_request_bytes = max_request_bytes_});
  for (const ApiInfo& api : catalog) {
    ProxiedApi& known = apis_[api.tool + "/" + api.api];
    known = {api.methods, api.soap, api.docs_url};
    if (std::ranges::find(api.methods, "GET") != api.methods.end())
      known.methods.insert(known.methods.end(), {"HEAD", "OPTIONS"});
  }
}

Client ApiHandler::recognise(const Address& address, std::string text) const {
  return {std::move(text), networks_.admits(address)};
}

HttpResponse ApiHandler::finish(RequestContext& context, HttpResponse response) {
  response.headers.push_back({"X-Request-Id", context.record.request_id});
  if (!context.is_probe()) log(context, response.status);
  return response;
}

void ApiHandler::log(RequestContext& context, int status) {
  context.record.http_status = status;
  context.record.total =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - context.started);
  log_(log_line(context.record, std::chrono::system_clock::now()));
}

void ApiHandler::note_slow_client(const CallRecord& request, std::string_view message) const {
  log_(slow_client_line(request, message, std::chrono::system_clock::now()));
}

HttpResponse ApiHandler::refuse(Error error, RequestContext& context) {
  HttpResponse response = response_of(error);
  if (context.route != nullptr && context.route->page == Endpoint::proxy) {
    response.headers.push_back({"Penstock-Answer", "engine"});
    response.headers.push_back({"Penstock-Request-Id", context.record.request_id});
  }
  if (error.code == Code::concurrency_limit_exceeded && !context.integration_id.empty())
    contention_.note(context.integration_id, Clock::now());
  context.record.error = std::move(error);
  return finish(context, std::move(response));
}

void ApiHandler::serve(RequestContext context, std::string body,
                       std::function<void(HttpResponse)> done) {
  const Endpoint page_asked = context.route->page;
  if (page_asked == Endpoint::passthrough || page_asked == Endpoint::validate) {
    call(std::move(context), body, std::move(done));
  } else if (page_asked == Endpoint::verify) {
    verify(std::move(context), std::move(done));
  } else {
    HttpResponse response;
    std::optional<Error> error;
    switch (page_asked) {
    case Endpoint::healthz:
      response.body = R"({"status":"ok"})";
      break;
    case Endpoint::readyz:
      error = why_not_ready();
      response.body = R"({"status":"ok"})";
      break;
    case Endpoint::check_api_key:
      response.body = success_json(JsonObject().text("environment_id", environment_id_).done());
      break;
    case Endpoint::apis:
      response.body = success_json(
          apis_json(engine_.catalog(), example_contexts(address_, engine_.integrations())));
      break;
    case Endpoint::openapi:
      response.body = openapi_;
      break;
    case Endpoint::integrations:
      response.body = success_json(integrations_json(engine_.integrations()));
      break;
    default:
      response.body = item_page(context, error);
      break;
    }
    done(error ? refuse(std::move(*error), context) : finish(context, std::move(response)));
  }
}

std::optional<Error> ApiHandler::why_not_ready() const {
  if (draining_) return shutting_down();
  const std::vector<std::string> reasons = engine_.out_of_service();
  if (reasons.empty()) return std::nullopt;
  std::string all;
  for (const std::string& reason : reasons)
    all += (all.empty() ? "" : "; ") + reason;
  return not_ready(std::move(all));
}

std::string ApiHandler::item_page(const RequestContext& context,
                                  std::optional<Error>& error) const {
  if (context.route->page == Endpoint::api) {
    const std::string wanted = context.arguments[0] + "/" + context.arguments[1];
    std::vector<std::string> names;
    for (const ApiInfo& api : engine_.catalog()) {
      names.push_back(api.tool + "/" + api.api);
      if (names.back() == wanted)
        return success_json(api_json(api, example_contexts(address_, engine_.integrations())));
    }
    error = request_error(404, "Not found",
                          "there is no API of that name" +
                              (names.empty()
                                   ? std::string("; no plugin is loaded (penstock plugins says "
                                                 "where they are looked for)")
                                   : did_you_mean(wanted, names)));
  } else {
    std::vector<std::string> ids;
    for (const IntegrationInfo& integration : engine_.integrations()) {
      if (integration.id == context.arguments[0])
        return success_json(integration_json(integration));
      ids.push_back(integration.id);
    }
    error = integration_not_found("there is no integration of that id" +
                                  did_you_mean(context.arguments[0], ids) +
                                  " (GET /v1/integrations lists them)");
  }
  return {};
}

void ApiHandler::verify(RequestContext context, std::function<void(HttpResponse)> done) {
  context.record.event = "verify";
  const std::string id = context.record.integration = context.arguments[0];
  engine_.verify(id, [this, context = std::move(context),
                      done = std::move(done)](Result<std::vector<ProbeResult>> checks) mutable {
    if (!checks) return done(refuse(std::move(checks.error()), context));
    done(finish(context, {200, {}, success_json(verification_json(*checks))}));
  });
}

void ApiHandler::call(RequestContext context, std::string_view body,
                      std::function<void(HttpResponse)> done) {
  context.record.event = context.route->page == Endpoint::validate ? "validate" : "call";
  context.record.tool = context.arguments[0];
  context.record.api = context.arguments[1];
  context.record.integration = context.integration_id;
  auto parsed = read_envelope(body);
  if (!parsed) return done(refuse(std::move(parsed.error()), context));

  Call call = std::move(parsed->call);
  context.record.method = call.method;
  context.record.path = call.path;
  if (context.integration_id.empty()) {
    Error error = input_invalid("the header X-Integration-Id is required");
    error.phase = Phase::route;
    return done(refuse(std::move(error), context));
  }
  call.tool = context.arguments[0];
  call.api = context.arguments[1];
  call.integration_id = context.integration_id;
  call.respect_rate_limit = context.respects_rate_limit;
  call.client_disconnected = std::move(context.client_disconnected);
  if (!parsed->problems.empty()) {
    return engine_.validate(
        std::move(call),
        [this, context = std::move(context), problems = std::move(parsed->problems),
         done = std::move(done)](Result<Preview> rest) mutable {
          done(refuse(with_what_the_api_says(std::move(problems), std::move(rest)), context));
        });
  }
  if (context.route->page == Endpoint::validate)
    return validate(std::move(context), std::move(call), std::move(parsed->warnings),
                    std::move(done));

  const bool as_base64 = call.response_as_base64;
  engine_.start(std::move(call),
                [this, context = std::move(context), warnings = std::move(parsed->warnings),
                 as_base64, done = std::move(done)](Result<Response> result) mutable {
                  done(render(context, std::move(result), warnings, as_base64));
                });
}

void ApiHandler::validate(RequestContext context, Call call, std::vector<std::string> warnings,
                          std::function<void(HttpResponse)> done) {
  const bool with_session = context.wants_session;
  auto show = [this, with_session, context = std::move(context), warnings = std::move(warnings),
               done = std::move(done)](Result<Preview> preview) mutable {
    if (!preview) return done(refuse(std::move(preview.error()), context));
    std::ranges::move(warnings, std::back_inserter(preview->warnings));
    HttpResponse response{200, {}, preview_json(*preview)};
    if (with_session) response.headers.push_back({"Preference-Applied", "session"});
    done(finish(context, std::move(response)));
  };
  if (!with_session) return engine_.validate(std::move(call), std::move(show));
  engine_.validate_with_session(std::move(call), std::move(show));
}

HttpResponse ApiHandler::render(RequestContext& context, Result<Response> result,
                                const std::vector<std::string>& warnings, bool as_base64) {
  if (!result) return refuse(std::move(result.error()), context);
  Response& answer = *result;
  answer.warnings.insert(answer.warnings.begin(), warnings.begin(), warnings.end());
  context.record.vendor_status = answer.status;
  context.record.vendor = answer.vendor;
  context.record.plugin = answer.plugin;
  try {
    HttpResponse response{200, {}, response_json(answer, as_base64)};
    add_places(response, answer.places);
    return finish(context, std::move(response));
  } catch (const std::exception&) {  // Out of memory, after the vendor has processed the call.
    return refuse(engine_failed("the answer could not be written", Phase::receive, Sent::yes),
                  context);
  }
}

}  // namespace penstock::server
