#include "openapi/error_responses.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <penstock/envelope.hpp>
#include <penstock/error.hpp>
#include <penstock/text.hpp>

#include "http/request_errors.hpp"
#include "openapi/references.hpp"

namespace penstock::server::openapi {
namespace {

using std::chrono_literals::operator""s;

struct Example {
  std::string name;
  std::string summary;
  Error error;
};

struct Row {
  std::string_view status;
  std::string description;
  std::vector<std::string_view> headers;  ///< of components/headers, in addition to X-Request-Id
  std::vector<Example> examples;
};

constexpr std::pair<std::string_view, std::string_view> names[] = {
    {"400", "BadRequest"},        {"401", "Unauthorized"},     {"403", "Forbidden"},
    {"404", "NotFound"},          {"405", "MethodNotAllowed"}, {"413", "ContentTooLarge"},
    {"415", "UnsupportedCoding"}, {"429", "TooManyRequests"},  {"500", "EngineFailed"},
    {"502", "VendorUnreachable"}, {"503", "ShuttingDown"},     {"504", "VendorTimedOut"},
    {"default", "Malformed"},
};

/// The name in components/responses.
std::string_view name_of(std::string_view status) {
  const auto* found = std::ranges::find(names, status, [](const auto& row) { return row.first; });
  return found->second;
}

Error unknown_api() {
  Error error = input_invalid(
      "unknown API \"workday/rst\"; did you mean \"workday/rest\"? (GET /v1/apis lists the APIs)");
  error.phase = Phase::route;
  return error;
}

Error credentials_rest() {
  Error error = credentials_refused("the vendor refuses the credentials of workday:acme: "
                                    "invalid_grant; not tried again for 60 s");
  error.retry_after = 60s;
  return error;
}

/// The headers of a call that had taken a concurrency slot.
constexpr std::string_view limit = "Concurrency-Limit", remaining = "Concurrency-Remaining";

std::vector<Row> rows_for_callers(std::uint64_t max_request_bytes) {
  return {
      {"400",
       "The envelope, the method, the path, a header or `api_options` is wrong, or there is no "
       "such "
       "`{tool}/{api}`. `details` names each place; nothing was sent to the vendor.",
       {limit, remaining},
       {{"options", "An option is missing",
         input_invalid("api_options.service_name is required",
                       {{"/api_options/service_name", "is required", "required"}})},
        {"unknown_api", "No such API", unknown_api()}}},
      {"401",
       "No API key, or a wrong one.",
       {"WWW-Authenticate"},
       {{"missing", "No key", authentication_invalid("send Authorization: Bearer <api key>")},
        {"wrong", "A wrong key",
         authentication_invalid("the API key is not one of this server's")}}},
      {"403",
       "The caller's address is not within `server.allowed_networks`.",
       {},
       {{"address", "A foreign address",
         address_refused("calls from this address are not allowed (server.allowed_networks)")}}},
      {"404",
       "The integration is unknown, of another tool, disabled, or not set up for this API; or "
       "there "
       "is no such path.",
       {},
       {{"integration", "No such integration",
         integration_not_found("there is no integration \"workday:acme\"")},
        {"path", "No such path",
         request_error(404, "Not found",
                       "there is no such path; the API is under /v1, see GET /v1/apis")}}},
      {"405",
       "The path takes another method; `Allow` names it.",
       {"Allow"},
       {{"method", "A wrong method",
         request_error(405, "Method not allowed", "this path takes POST")}}},
      {"413",
       "The request's body is larger than this server accepts (`server.max_request_bytes`).",
       {limit, remaining},
       {{"body", "A large body",
         request_error(413, "Request too large",
                       "the body is larger than " + quantity(max_request_bytes, "byte"))}}},
      {"415",
       "The request has a `Content-Encoding`.",
       {},
       {{"coding", "A compressed body",
         request_error(415, "Unsupported coding",
                       "a Content-Encoding is not supported; send the body uncompressed")}}},
      {"429",
       "Too many calls with this key, or too many in flight for the integration; or, with `Prefer: "
       "respect-rate-limit`, the vendor demanded a pause that is not over. Nothing was sent.",
       {"Retry-After", limit, remaining},
       {{"rate", "Too many for the key", rate_limited("too many calls with this API key", 1s)},
        {"in_flight", "Too many in flight",
         concurrency_exceeded("workday:acme has 30 calls in flight, which is its limit", 1s)}}},
  };
}

std::vector<Row> upstream_error_rows() {
  return {
      {"500",
       "The engine or a plugin failed. `sent` says whether the vendor may have acted.",
       {limit, remaining},
       {{"engine", "The engine failed",
         engine_failed("the response could not be written", Phase::receive, Sent::yes)},
        {"plugin", "The plugin failed",
         plugin_failed("workday_rest 1.0.0 gave no Authorization", Phase::authorize)}}},
      {"502",
       "The vendor cannot be reached, its certificate is wrong, its response is too large or "
       "breaks "
       "off; or it refuses the stored credentials at login. `code` is null; if `sent` is "
       "`unknown` it may have acted on the request.",
       {"Retry-After", limit, remaining},
       {{"connect", "No connection",
         vendor_unreachable("wd5-impl-services1.workday.com: connection refused", Phase::connect,
                            Sent::no)},
        {"cut_off", "A response that breaks off",
         vendor_unreachable("wd5-impl-services1.workday.com: the response breaks off",
                            Phase::receive, Sent::unknown)},
        {"credentials", "Credentials refused at login", credentials_rest()}}},
      {"503",
       "The server is shutting down; nothing was sent.",
       {"Retry-After"},
       {{"draining", "Shutdown", shutting_down()}}},
      {"504",
       "The vendor is too slow (`upstream.timeout_ms`, `upstream.connect_timeout_ms`).",
       {limit, remaining},
       {{"answer", "No response in time",
         vendor_timed_out("wd5-impl-services1.workday.com did not respond in time", Phase::receive,
                          Sent::unknown)}}},
      {"default",
       "An invalid HTTP/1.1 or 1.0 request: 400, 405 (CONNECT), 414 (target over 8 KiB), "
       "417, 431 (head over 32 KiB, or over 100 fields), 501 or 505. The connection is closed.",
       {},
       {{"head", "A large head",
         request_error(431, "Malformed request",
                       "the head of the request is larger than 32 KiB")}}},
  };
}

std::string response(const Row& row) {
  JsonObject headers;
  headers.json("X-Request-Id", ref_to("headers/RequestId"));
  for (const std::string_view header : row.headers) {
    std::string component(header);
    std::erase(component, '-');
    headers.json(header, ref_to("headers/" + component));
  }
  JsonObject examples;
  for (const Example& example : row.examples) {
    examples.json(example.name, JsonObject()
                                    .text("summary", example.summary)
                                    .json("value", error_json(example.error))
                                    .done());
  }
  return JsonObject()
      .text("description", row.description)
      .json("headers", headers.done())
      .json("content", json_content(ref_to("schemas/Error"), examples.done()))
      .done();
}

/// Every value from the first to the last, in the engine's spelling.
template <class Word>
std::vector<std::string> words(Word first, Word last) {
  std::vector<std::string> out;
  for (int i = static_cast<int>(first); i <= static_cast<int>(last); ++i)
    out.emplace_back(text(static_cast<Word>(i)));
  return out;
}

std::string word(std::string_view description, const std::vector<std::string>& values) {
  return JsonObject()
      .text("type", "string")
      .text("description", description)
      .json("enum", json_strings(values))
      .done();
}

}  // namespace

std::string error_responses(std::uint64_t max_request_bytes) {
  JsonObject out;
  for (const auto& rows : {rows_for_callers(max_request_bytes), upstream_error_rows()}) {
    for (const Row& row : rows)
      out.json(name_of(row.status), response(row));
  }
  return out.done();
}

std::string error_schema() {
  std::string codes = json_strings(words(Code::authentication_invalid, Code::unknown_error));
  codes.insert(codes.size() - 1, ",null");
  JsonObject members;
  members
      .json("code", JsonObject()
                        .json("type", R"(["string","null"])")
                        .text("description", "The kind of failure; null if it is none of these")
                        .json("enum", codes)
                        .done())
      .json("title", R"({"type":"string","description":"A fixed text for each cause"})")
      .json("message",
            R"({"type":"string","description":"What happened, where, and what to change"})")
      .json("log_url", R"({"type":["string","null"],"description":"Always null here"})")
      .json("origin", word("Whose failure it is", words(Origin::caller, Origin::vendor)))
      .json("phase", word("How far the call came", words(Phase::route, Phase::receive)))
      .json("retryable",
            R"({"type":"boolean","description":"Whether the same call may succeed later, safely"})")
      .json("sent",
            word("Whether the vendor may have received the request; unknown: it may have acted "
                 "on it",
                 words(Sent::no, Sent::unknown)))
      .json("details", R"({"type":"array","items":{"$ref":"#/components/schemas/Problem"},)"
                       R"("description":"Everything that is wrong with the request"})");
  const std::string error =
      JsonObject()
          .text("type", "object")
          .json("required", R"(["code","title","message","log_url","origin","phase","retryable",)"
                            R"("sent","details"])")
          .json("properties", members.done())
          .done();
  return JsonObject()
      .text("type", "object")
      .text("description", "Why there is no response of the vendor")
      .json("required", R"(["status","error"])")
      .json("properties", JsonObject()
                              .json("status", R"({"type":"string","const":"error"})")
                              .json("error", error)
                              .done())
      .done();
}

void add_errors(JsonObject& responses, const std::vector<std::string_view>& statuses) {
  for (const std::string_view status : statuses)
    responses.json(status, ref_to("responses/" + std::string(name_of(status))));
  responses.json("default", ref_to("responses/" + std::string(name_of("default"))));
}

}  // namespace penstock::server::openapi
