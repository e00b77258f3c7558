// Checks of the head of a request whose bodies are streamed.
#include <algorithm>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "api/api_handler.hpp"

namespace penstock::server {
namespace {

/// Converts percent-encoded pairs, joined by `separator`, to the JSON of api_options. `place` names
/// the source in messages.
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

/// The {api} segment of a target, as received. It may contain options, for clients that take an
/// address more easily than a header: `/v1/proxy/workday/soap;service_name=Staffing/`.
std::string_view api_segment(std::string_view target) {
  for (int i = 0; i < 4; ++i)
    target.remove_prefix(target.find('/') + 1);
  return target.substr(0, target.find_first_of("/?"));
}

/// Whether the query asks for a service description, in one of the forms of SOAP toolkits.
bool asks_for_wsdl(std::string_view path) {
  const std::size_t mark = path.find('?');
  if (mark == std::string_view::npos) return false;
  std::string_view query = path.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::string name = lower(pair.substr(0, pair.find('=')));
    if (name == "wsdl" || name == "singlewsdl" || name == "xsd" || name == "disco") return true;
  }
  return false;
}

}  // namespace

std::optional<HttpResponse> ApiHandler::check_proxied(const RequestHead& head,
                                                      ApiRequest& request) {
  if (auto error = read_proxy_call(head, request)) return request.refuse(*std::move(error));
  return check_proxied_method(head, request);
}

std::optional<HttpResponse> ApiHandler::check_proxied_method(const RequestHead& head,
                                                             ApiRequest& request) {
  const Call& call = request.proxied_->call;
  if (head.method == "TRACE") {
    return request.refuse_method("TRACE is refused: it would return the credentials",
                                 std::string(all_methods));
  }
  const auto api = apis_.find(call.tool + "/" + call.api);
  if (api == apis_.end()) return std::nullopt;  // The engine reports the unknown tool or API.
  const std::vector<std::string>& methods = api->second.methods;
  if (std::ranges::find(methods, head.method) != methods.end()) return std::nullopt;
  std::string allow = joined(methods);
  std::string message = api->first + " takes " + allow + ", not " + std::string(head.method);
  if (api->second.soap && asks_for_wsdl(call.path)) {
    message = "the proxy takes only the calls of " + api->first +
              " and does not serve its WSDL: load the WSDL from the vendor (see " +
              api->second.docs_url +
              ") or from a file, and set the address of this proxy as the service's address in the "
              "SOAP toolkit";
  }
  return request.refuse_method(std::move(message), std::move(allow));
}

/// Logs a dropped header once per kind: it is not an error, but explains a missing header.
void ApiHandler::log_intermediary_header(std::string_view header) {
  const auto rule = intermediary_header(header);
  if (!rule || intermediaries_logged_[*rule].exchange(true, std::memory_order_relaxed)) return;
  log_(log_line(Level::info, "header_left_behind",
                "the proxy does not forward " + std::string(header) +
                    ", which software adds by itself; this is logged once",
                std::chrono::system_clock::now()));
}

std::optional<Error> ApiHandler::read_proxy_call(const RequestHead& head, ApiRequest& request) {
  CallRecord& record = request.record_;
  record.event = "proxy";
  record.tool = request.arguments_[0];
  record.api = request.arguments_[1];
  record.integration = request.integration_id_;
  if (request.integration_id_.empty()) {
    Error error = input_invalid("the header X-Integration-Id is required");
    error.phase = Phase::route;
    return error;
  }
  ProxyCall& proxied = request.proxied_.emplace();
  Call& call = proxied.call;
  call.tool = request.arguments_[0];
  call.api = request.arguments_[1];
  call.integration_id = request.integration_id_;
  call.method = head.method;
  call.path = request.arguments_[2];
  call.respect_rate_limit = request.respects_rate_limit_;
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
        return input_invalid(
            "api_options are given twice; use one X-Api-Options header, or the address");
      auto json = options_of_header(std::string(line.value));
      if (!json) return std::move(json).error();
      call.api_options = *std::move(json);
    } else if (!equal_ignoring_case(line.name, "authorization") &&
               !equal_ignoring_case(line.name, "x-integration-id")) {
      call.headers.add(std::string(line.name), std::string(line.value));
      log_intermediary_header(line.name);
    }
    if (equal_ignoring_case(line.name, "te"))
      proxied.accepts_trailers = lower(line.value).find("trailers") != std::string::npos;
  }
  proxied.has_body = head.has_body();
  if (!head.chunked) proxied.body_length = head.content_length;
  return std::nullopt;
}

}  // namespace penstock::server
