#include "route.hpp"

#include "http_text.hpp"
#include "vendors.hpp"

#include <utility>

namespace penstock::sandbox {
namespace {

using Handler = Response (*)(const Request&, SandboxState&);

struct Host {
  std::string_view vendor;
  Handler handler;
  std::string_view token_path = {};  ///< where credentials are exchanged for a token or a session
  Handler token_handler = nullptr;
};

Response not_found(const Request&, SandboxState&) {
  return text_response(404, "text/html", "<html><body>Not Found</body></html>");
}

const std::map<std::string, Host, std::less<>>& hosts() {
  static const std::map<std::string, Host, std::less<>> all{
      {"api.hibob.com", {"hibob", hibob_api}},
      {"api.sandbox.hibob.com", {"hibob", hibob_api}},
      {"app.hibob.com", {"hibob", hibob_docs}},
      {"acme.hire.hibob.com", {"hibob", hibob_hire}},
      {"wd5-impl-services1.workday.com",
       {"workday", workday, "/ccx/oauth2/acme/token", workday_token}},
      {"impl.workday.com", {"workday", not_found}},  // the host of the UI, which serves no API
      {"api.nmbrs.nl", {"nmbrs", nmbrs}},
      {"api-sandbox.nmbrs.nl", {"nmbrs", nmbrs}},
      {"api.nmbrsapp.com", {"nmbrs_rest", nmbrs_rest}},
      {"identityservice.nmbrs.com",
       {"nmbrs_rest", nmbrs_identity, "/connect/token", nmbrs_identity}},
      {"acme.taleo.net", {"taleo", taleo}},
      {"tbe.taleo.net", {"taleo_business", taleo_business_dispatcher}},
      {"chp.tbe.taleo.net",
       {"taleo_business", taleo_business, "/chp03/ats/api/v1/login", taleo_business_login}},
      {"api.hroffice.nl", {"hroffice", hroffice}},
  };
  return all;
}

bool is_token_request(const Host& host, const Request& request) {
  auto target = parse_target(request.target);
  return host.token_handler && target && match(*target, host.token_path);
}

Response misdirected() {
  return text_response(421, "text/plain",
                       "this host is not served here, or the SNI names another\n");
}

bool malformed(const Request& request) {
  return request.count("Host") != 1 ||
         (request.has_header("Content-Length") && request.has_header("Transfer-Encoding"));
}

void note(Ledger& ledger, const Request& request, const Response& response, bool is_token) {
  ++ledger.statuses[response.status];
  if (is_token) {
    ++ledger.token_requests;
    ++ledger.grants[response.kind];
    ledger.token_refusals += response.refused;
    ledger.last_token = request;
  } else {
    ++ledger.calls;
    ++ledger.kinds[response.kind];
    ledger.refusals += response.refused;
    ledger.last = request;
  }
}

}  // namespace

const std::vector<std::string>& host_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{std::string{control_host}};
    for (const auto& [name, host] : hosts())
      all.push_back(name);
    return all;
  }();
  return names;
}

Delivery deliver(const Request& request, SandboxState& state) {
  if (malformed(request)) return {text_response(400, "text/plain", "the request is ambiguous\n")};
  if (request.host == control_host) return {control(request, state)};
  auto host = hosts().find(request.host);
  if (host == hosts().end() || request.sni != request.host) return {misdirected()};

  bool is_token = is_token_request(host->second, request);
  auto& vendor = state.vendors[std::string{host->second.vendor}];
  auto& faults = is_token ? vendor.tokens : vendor.calls;
  Delivery delivery;
  delivery.delay = std::chrono::milliseconds{faults.delay_ms};
  if (faults.fail_next > 0) {
    --faults.fail_next;
    delivery.response = text_response(faults.status, "text/plain", "ordered to fail\n");
    delivery.response.kind = "ordered_failure";
  } else {
    delivery.response = is_token ? host->second.token_handler(request, state)
                                 : host->second.handler(request, state);
  }
  if (faults.raw_answer && !delivery.response.refused) {
    delivery.raw = std::exchange(faults.raw_answer, std::nullopt);
    delivery.response.kind = "ordered_answer";
  }
  note(vendor.ledger, request, delivery.response, is_token);
  if (faults.reset_before_answer > 0) {
    --faults.reset_before_answer;
    delivery.reset = true;
  } else if (faults.cut_after_bytes) {
    delivery.cut_after = std::exchange(faults.cut_after_bytes, std::nullopt);
  }
  return delivery;
}

}  // namespace penstock::sandbox
