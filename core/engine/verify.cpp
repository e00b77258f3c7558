#include "engine/verify.hpp"

#include <algorithm>
#include <array>

#include <penstock/json.hpp>

#include "call/signing.hpp"

namespace penstock::engine {
namespace {

using session::SessionStatus;

/// In the order of SessionStatus::Health: from the least to the most urgent.
constexpr std::array<const char*, 6> healths = {"ok",          "expiring", "cooling_down",
                                                "unreachable", "refused",  "needs_credentials"};

std::size_t rank(SessionStatus::Health health) { return static_cast<std::size_t>(health); }

std::string in_quotes(const std::string& vendor_message) {
  return vendor_message.empty() ? std::string() : ", \"" + vendor_message + "\"";
}

bool proves_credentials(const catalog::VerifySpec& verify, const Response& answer) {
  return std::ranges::any_of(verify.accepts, [&](const catalog::ProofOfCredentials& one) {
    return answer.status >= one.status_from && answer.status <= one.status_to &&
           (one.body_contains.empty() || answer.body.find(one.body_contains) != std::string::npos);
  });
}

bool refuses_credentials(const Response& answer) {
  return answer.status != 403 &&
         (answer.meaning == Meaning::credentials_refused ||
          answer.meaning == Meaning::session_expired || answer.status == 401);
}

/// The outcome of a probe call that got no response.
const char* outcome_of(const Error& error) {
  if (error.origin == Origin::network || error.phase == Phase::connect ||
      error.code == Code::task_timed_out)
    return "unreachable";
  const bool by_vendor = error.origin == Origin::vendor && error.code == Code::none;
  return by_vendor && !error.retryable ? "refused" : "failed";
}

std::string complaint(const Response& answer) {
  const std::string what =
      " (HTTP " + std::to_string(answer.status) + in_quotes(answer.vendor_message) + ")";
  if (answer.status == 403)
    return "the vendor accepts the credentials, but they are not authorized for the test call" +
           what;
  if (refuses_credentials(answer)) return "the vendor refuses the credentials" + what;
  if (answer.meaning == Meaning::rate_limited || answer.status == 429)
    return "the vendor demands a pause" + what + "; verify again later";
  if (answer.status == 404)
    return "the vendor has no such address" + what +
           ": check the connection's host, tenant or domain";
  if (answer.status >= 500 && answer.meaning != Meaning::fault)
    return "the vendor itself failed" + what + "; verify again later";
  return "the vendor refuses the test call" + what;
}

}  // namespace

IntegrationInfo integration_info(const runtime::Integration& integration,
                                 const loader::PluginSet& plugins, std::int64_t now_ms) {
  const IntegrationConfig& config = integration.config();
  IntegrationInfo info;
  info.id = config.id;
  info.tool = config.tool;
  info.enabled = config.enabled;
  std::size_t worst = 0;
  const auto note = [&](std::size_t health, std::int64_t until_ms) {
    worst = std::max(worst, health);
    info.cooling_down_until_ms = std::max(info.cooling_down_until_ms, until_ms);
  };
  for (const loader::Plugin* plugin : plugins.of_tool(config.tool)) {
    const std::string& id = plugin->manifest().id;
    for (const catalog::Api& api : plugin->manifest().apis) {
      if (integration.missing(api, id).empty()) info.apis.push_back(api.id());
    }
    const session::SessionSlots* sessions = integration.sessions(id);
    if (sessions == nullptr) continue;
    for (const auto& slot : sessions->all()) {
      const SessionStatus status = slot->status(now_ms);
      note(rank(status.health), status.not_before_ms);
      info.last_renewal_ms = std::max(info.last_renewal_ms, status.renewed_ms);
      info.session_expires_ms = std::max(info.session_expires_ms, status.expires_ms);
      if (!status.error.empty() && status.failed_ms >= info.last_error_ms) {
        info.last_error = call::redactor_for(*slot->current()).redact(status.error);
        info.last_error_ms = status.failed_ms;
      }
    }
  }
  const runtime::Backoff& backoff = integration.backoff();
  const runtime::SteadyTime now = std::chrono::steady_clock::now();
  const auto until = [&](std::chrono::milliseconds time) {
    return time.count() == 0 ? 0 : now_ms + time.count();
  };
  if (const int auth_failures = backoff.refusals_in_a_row(); auth_failures > 0) {
    note(rank(SessionStatus::Health::refused), until(backoff.open_for(now)));
    if (info.last_error.empty())
      info.last_error =
          "the vendor refused the credentials of the last " +
          (auth_failures == 1 ? std::string("call") : std::to_string(auth_failures) + " calls");
  }
  if (const auto unreachable = backoff.unreachable()) {
    note(rank(SessionStatus::Health::unreachable), 0);
    if (unreachable->unix_ms >= info.last_error_ms) {
      info.last_error = unreachable->why;
      info.last_error_ms = unreachable->unix_ms;
    }
  }
  if (const auto patience = backoff.rate_limited_for(now); patience.count() > 0)
    note(rank(SessionStatus::Health::cooling_down), until(patience));
  info.health = config.enabled ? healths.at(worst) : "disabled";
  return info;
}

std::vector<ProbeCall> probe_calls(const runtime::Integration& integration,
                                   const loader::PluginSet& plugins) {
  std::vector<ProbeCall> out;
  const IntegrationConfig& config = integration.config();
  for (const loader::Plugin* plugin : plugins.of_tool(config.tool)) {
    for (const catalog::Api& api : plugin->manifest().apis) {
      if (!api.verify || !integration.missing(api, plugin->manifest().id).empty()) continue;
      const ExampleCall& example = api.verify->call;
      ProbeCall probe{&api, {}};
      probe.call.tool = api.tool;
      probe.call.api = api.name;
      probe.call.integration_id = config.id;
      probe.call.method = example.method;
      probe.call.path = example.path;
      probe.call.params = example.params;
      probe.call.api_options = example.api_options;
      probe.call.ignore_backoff = true;
      if (!example.data.empty()) {
        const auto data = parse_json(example.data);
        const bool is_text = data && data->is_string();
        probe.call.body = is_text ? data->text : example.data;
        probe.call.body_is_json = !is_text;
      }
      out.push_back(std::move(probe));
    }
  }
  return out;
}

ProbeResult probe_result(const ProbeCall& probe, const Result<Response>& result) {
  ProbeResult check;
  check.api = probe.api->id();
  if (!result) {
    check.outcome = outcome_of(result.error());
    check.message = result.error().message;
    return check;
  }
  const Response& answer = *result;
  check.status = answer.status;
  const std::string status = "HTTP " + std::to_string(answer.status);
  if (answer.status >= 200 && answer.status < 300 && answer.meaning == Meaning::none) {
    check.works = true;
    check.outcome = "works";
    check.message = "works: the vendor returns " + status;
  } else if (proves_credentials(*probe.api->verify, answer)) {
    check.works = true;
    check.outcome = "works";
    check.message =
        "the vendor accepts the credentials; they are not authorized for the test call (" + status +
        in_quotes(answer.vendor_message) + ")";
  } else {
    check.outcome = refuses_credentials(answer) ? "refused" : "failed";
    check.message = complaint(answer);
  }
  return check;
}

}  // namespace penstock::engine
