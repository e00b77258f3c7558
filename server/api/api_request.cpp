#include "api/api_request.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <random>
#include <utility>

#include <penstock/engine.hpp>
#include <penstock/envelope.hpp>
#include <penstock/hex.hpp>

#include "api/api_handler.hpp"
#include "api/catalog_json.hpp"
#include "api/proxy_stream.hpp"
#include "http/request_errors.hpp"

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
  std::string id(16, '0');
  for (char& c : id) {
    c = hex_digits[z & 15U];
    z >>= 4U;
  }
  return id;
}

void add_slots(HttpResponse& response, const ConcurrencySlots& slots) {
  if (slots.limit == 0) return;
  response.headers.add("Concurrency-Limit", std::to_string(slots.limit));
  response.headers.add("Concurrency-Remaining", std::to_string(slots.remaining));
}

HttpResponse response_of(const Error& error) {
  HttpResponse response{error.http_status, {}, error_json(error)};
  add_slots(response, error.concurrency_slots);
  if (error.http_status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  if (error.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
    response.headers.add("Retry-After", std::to_string(std::max<long long>(seconds, 1)));
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
Error with_problems_of_the_rest(std::vector<Problem> problems, Result<Preview> rest) {
  if (!rest && rest.error().code == Code::input_invalid) {
    for (Problem& problem : rest.error().details) {
      // A value that could not be read is absent from the call; errors about it are redundant.
      const bool is_redundant = std::ranges::any_of(problems, [&](const Problem& known) {
        return is_within(problem.pointer, known.pointer);
      });
      if (!is_redundant) problems.push_back(std::move(problem));
    }
  }
  return input_invalid(std::move(problems));
}

}  // namespace

ApiRequest::ApiRequest(ApiHandler& api, const Client& client) : api_(api) {
  record_.event = "refused";
  record_.request_id = new_request_id();
  record_.client = client.address;
}

void ApiRequest::respond(std::string body, Disconnected disconnected, Done done) {
  switch (route_->endpoint) {
  case Endpoint::passthrough:
  case Endpoint::validate:
    return call(body, std::move(disconnected), std::move(done));
  case Endpoint::verify:
    return verify(std::move(done));
  default:
    auto page = api_.page(route_->endpoint, arguments_);
    done(page ? finish({200, {}, *std::move(page)}) : refuse(std::move(page).error()));
  }
}

void ApiRequest::stream(std::shared_ptr<Connection> connection, Disconnected disconnected) {
  ProxyCall call = *std::move(proxied_);
  call.call.client_disconnected = std::move(disconnected);
  const auto peer = std::make_shared<ProxyStream>(std::move(connection), shared_from_this(), call);
  api_.engine().proxy(std::move(call), peer);
}

bool ApiRequest::holds_up_others(Clock::time_point now) const {
  return api_.contention().is_recent(integration_id_, now);
}

void ApiRequest::on_slow_client(std::string_view message) const {
  CallRecord record = record_;
  record.integration = integration_id_;
  api_.write_log(slow_client_line(record, message, std::chrono::system_clock::now()));
}

HttpResponse ApiRequest::finish(HttpResponse response) {
  response.headers.add("X-Request-Id", record_.request_id);
  if (!is_probe()) log(response.status);
  return response;
}

void ApiRequest::log(int status) {
  record_.http_status = status;
  record_.total = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started_);
  api_.write_log(log_line(record_, std::chrono::system_clock::now()));
}

HttpResponse ApiRequest::refuse(Error error) {
  HttpResponse response = response_of(error);
  if (route_ != nullptr && route_->endpoint == Endpoint::proxy) {
    response.headers.add("Penstock-Answer", "engine");
    response.headers.add("Penstock-Request-Id", record_.request_id);
  }
  if (error.code == Code::concurrency_limit_exceeded && !integration_id_.empty())
    api_.contention().note(integration_id_, Clock::now());
  record_.error = std::move(error);
  return finish(std::move(response));
}

void ApiRequest::verify(Done done) {
  record_.event = "verify";
  const std::string id = record_.integration = arguments_[0];
  api_.engine().verify(id, [self = shared_from_this(), done = std::move(done)](
                               Result<std::vector<ProbeResult>> checks) mutable {
    if (!checks) return done(self->refuse(std::move(checks.error())));
    done(self->finish({200, {}, success_json(verification_json(*checks))}));
  });
}

void ApiRequest::call(std::string_view body, Disconnected disconnected, Done done) {
  record_.event = route_->endpoint == Endpoint::validate ? "validate" : "call";
  record_.tool = arguments_[0];
  record_.api = arguments_[1];
  record_.integration = integration_id_;
  auto parsed = read_envelope(body);
  if (!parsed) return done(refuse(std::move(parsed.error())));

  Call call = std::move(parsed->call);
  record_.method = call.method;
  record_.path = call.path;
  if (integration_id_.empty()) {
    Error error = input_invalid("the header X-Integration-Id is required");
    error.phase = Phase::route;
    return done(refuse(std::move(error)));
  }
  call.tool = arguments_[0];
  call.api = arguments_[1];
  call.integration_id = integration_id_;
  call.respect_rate_limit = respects_rate_limit_;
  call.client_disconnected = std::move(disconnected);
  if (!parsed->problems.empty()) {
    return api_.engine().validate(
        std::move(call), [self = shared_from_this(), problems = std::move(parsed->problems),
                          done = std::move(done)](Result<Preview> rest) mutable {
          done(self->refuse(with_problems_of_the_rest(std::move(problems), std::move(rest))));
        });
  }
  if (route_->endpoint == Endpoint::validate)
    return validate(std::move(call), std::move(parsed->warnings), std::move(done));

  const bool as_base64 = call.response_as_base64;
  api_.engine().start(std::move(call),
                      [self = shared_from_this(), warnings = std::move(parsed->warnings), as_base64,
                       done = std::move(done)](Result<Response> result) mutable {
                        done(self->render(std::move(result), warnings, as_base64));
                      });
}

void ApiRequest::validate(Call call, std::vector<std::string> warnings, Done done) {
  const bool with_session = wants_session_;
  auto show = [self = shared_from_this(), with_session, warnings = std::move(warnings),
               done = std::move(done)](Result<Preview> preview) mutable {
    if (!preview) return done(self->refuse(std::move(preview.error())));
    std::ranges::move(warnings, std::back_inserter(preview->warnings));
    HttpResponse response{200, {}, preview_json(*preview)};
    if (with_session) response.headers.add("Preference-Applied", "session");
    done(self->finish(std::move(response)));
  };
  if (!with_session) return api_.engine().validate(std::move(call), std::move(show));
  api_.engine().validate_with_session(std::move(call), std::move(show));
}

HttpResponse ApiRequest::render(Result<Response> result, const std::vector<std::string>& warnings,
                                bool as_base64) {
  if (!result) return refuse(std::move(result.error()));
  result->warnings.insert(result->warnings.begin(), warnings.begin(), warnings.end());
  record_response(*result);
  try {
    HttpResponse response{200, {}, response_json(*result, as_base64)};
    add_slots(response, result->concurrency_slots);
    return finish(std::move(response));
  } catch (const std::exception&) {  // Out of memory, after the vendor has processed the call.
    return refuse(engine_failed("the response could not be written", Phase::receive, Sent::yes));
  }
}

HttpResponse ApiRequest::refuse_method(std::string message, std::string allow) {
  HttpResponse response = refuse(request_error(405, "Method not allowed", std::move(message)));
  response.headers.add("Allow", std::move(allow));
  return response;
}

void ApiRequest::record_response(const Response& head) {
  record_.vendor_status = head.status;
  record_.vendor = head.vendor;
  record_.plugin = head.plugin;
}

void ApiRequest::end_stream(std::optional<Error> error) {
  record_.error = std::move(error);
  log(record_.vendor_status);
}

}  // namespace penstock::server
