// A token endpoint's response, parsed by a plugin's code.
// No answer makes a header that cannot be sent, a session that is dead at birth, or a message with
// a secret in it.
#include <array>
#include <memory>

#include <penstock/http.hpp>
#include <penstock/sdk/plugin_abi.h>

#include "base/redactor.hpp"
#include "fuzz.hpp"
#include "host/invocation.hpp"

extern "C" {
extern const pst_plugin pst_plugin_v1;        // plugins/workday_rest/plugin.cpp, linked in
extern const char pst_manifest_bytes[] = "";  // no loader here to read it
}

namespace penstock::fuzz {
namespace {

constexpr std::string_view old_refresh_token = "0ld-Refresh-T0ken";
constexpr std::array canaries = {"Cl1ent-S3cret", "0ld-Refresh-T0ken"};
constexpr std::int64_t now_ms = 1'790'000'000'000;

host::Connection connection(const char* grant) {
  const auto plain = [](const char* name, std::string_view value) {
    return host::NamedValue{name, Secret(value), false};
  };
  const auto secret = [](const char* name, std::string_view value) {
    return host::NamedValue{name, Secret(value), true};
  };
  return {"workday:fuzz",
          {plain("domain", "wd5-services1.workday.com"), plain("tenant", "acme"),
           plain("grant", grant), secret("client_id", "Cl1ent-1d"),
           secret("client_secret", canaries[0]), secret("refresh_token", old_refresh_token)}};
}

const host::Instance& plugin() {
  static const std::unique_ptr<host::Instance> instance =
      *host::Instance::create(pst_plugin_v1, *Egress::parse({"https://*.workday.com"}));
  return *instance;
}

void check_failure(const host::Outcome& outcome) {
  require(outcome.failure.kind >= PST_E_INTERNAL && outcome.failure.kind <= PST_E_BAD_REQUEST,
          "a failure has a kind", outcome.failure.message);
  require(outcome.failure.kind != PST_E_INTERNAL, "a vendor's answer never breaks the plugin",
          outcome.failure.message);
  require(!outcome.failure.message.empty(), "a failure says why");
  require(outcome.session.empty(), "a failure leaves no session behind");
  require(outcome.credentials.size() <= 1, "nor more than the refresh token that came with it");
  // As the engine tells it: the vendor's words may quote what they were sent.
  Redactor redactor;
  for (const std::string_view canary : canaries)
    redactor.add(canary);
  const std::string told = redactor.redact(outcome.failure.message).substr(0, 1000);
  for (const std::string_view canary : canaries) {
    require(told.find(canary) == std::string::npos &&
                outcome.failure.vendor_code.find(canary) == std::string::npos,
            "a failure shows no secret", told);
  }
}

void check_session(const host::Outcome& outcome, const host::Connection& conn, bool refreshes) {
  require(outcome.session.size() == 1 && outcome.session[0].name == "access_token" &&
              outcome.session[0].secret,
          "a session is one secret token");
  const std::string_view token = outcome.session[0].value.reveal();
  require(!token.empty() && token.find_first_of(" \t\r\n") == std::string_view::npos &&
              is_field_value(token),
          "a token can stand in a header", token);
  require(outcome.session_expires_ms > now_ms &&
              outcome.session_expires_ms <= now_ms + 100'000'000'000,
          "a session has a life, and an end", std::to_string(outcome.session_expires_ms));
  require(outcome.credentials.size() <= (refreshes ? 1U : 0U), "only a refresh token is replaced");
  for (const host::NamedValue& rotated : outcome.credentials) {
    require(rotated.name == "refresh_token" && rotated.secret && !rotated.value.empty() &&
                rotated.value.reveal() != old_refresh_token,
            "a rotated credential is a new one");
  }
  // The session as the engine keeps it signs the next call.
  const host::SessionState state{outcome.session, now_ms, outcome.session_expires_ms};
  host::Env env;
  env.now_unix_ms = now_ms;
  host::CallInput call;
  call.api = "rest";
  call.method = "GET";
  const host::Outcome prepared = plugin().prepare(env, conn, &state, call);
  require(prepared.verdict == host::Verdict::ok, "a session that was just made is fresh",
          prepared.failure.message);
  require(prepared.headers.size() == 1 && prepared.headers[0].name == "Authorization" &&
              prepared.headers[0].value == "Bearer " + std::string(token),
          "the call is signed with the token");
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  constexpr std::array statuses = {200, 201, 204, 400, 401, 403, 429, 500, 503};
  fuzz::Input input(data, size);
  const std::uint8_t flags = input.byte();
  const int status = statuses[(flags >> 1U) % statuses.size()];
  const bool refreshes = (flags & 1U) == 0;
  const host::Connection conn =
      fuzz::connection(refreshes ? "refresh_token" : "client_credentials");
  const Headers headers = {{"content-type", "application/json"}};
  const std::string body(input.rest());
  const host::ResponseInput response{status, &headers, body, false};
  host::Env env;
  env.now_unix_ms = fuzz::now_ms;
  const host::Outcome outcome =
      fuzz::plugin().session(PST_EV_FETCHED, env, conn, nullptr, {}, &response);
  if (outcome.verdict == host::Verdict::ok) {
    fuzz::require(status == 200, "only a 200 makes a session");
    fuzz::check_session(outcome, conn, refreshes);
  } else {
    fuzz::require(outcome.verdict == host::Verdict::failed, "else it fails");
    fuzz::check_failure(outcome);
  }
  return 0;
}
