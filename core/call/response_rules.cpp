#include "call/response_rules.hpp"

#include <algorithm>
#include <array>

namespace penstock::call {
namespace {

constexpr std::size_t searched_bytes = 65536;
constexpr std::int64_t max_wait_ms = 86'400'000;

bool matches(const catalog::ClassifyRule& rule, const upstream::Response& response) {
  if (response.status < rule.status_from || response.status > rule.status_to) return false;
  const std::string_view body = std::string_view(response.body).substr(0, searched_bytes);
  return rule.body_contains.empty() || body.find(rule.body_contains) != std::string_view::npos;
}

std::optional<catalog::ResponseKind> kind_of(const host::PluginFailure& failure) {
  switch (failure.kind) {
  case PST_E_AUTH_REJECTED:
  case PST_E_CONSENT_REVOKED:
    return catalog::ResponseKind::auth_rejected;
  case PST_E_RATE_LIMITED:
    return catalog::ResponseKind::rate_limited;
  default:
    return catalog::ResponseKind::vendor_fault;
  }
}

}  // namespace

Classification
classify_response(const catalog::Api& api,
                  const std::function<host::Outcome(const host::ResponseInput&)>& inspect,
                  const upstream::Response& response) {
  Classification classification;
  const auto rule =
      std::ranges::find_if(api.classify, [&](const auto& one) { return matches(one, response); });
  if (rule != api.classify.end()) {
    classification.kind = rule->kind;
    classification.before_processing = rule->before_processing;
  }
  const bool in_window = api.inspect && response.status >= api.inspect->status_from &&
                         response.status <= api.inspect->status_to;
  if (!in_window) return classification;

  const std::string_view seen = std::string_view(response.body).substr(0, api.inspect->max_bytes);
  const host::Outcome outcome =
      inspect({response.status, &response.headers, seen, seen.size() < response.body.size()});
  classification.retry_after_ms =
      std::clamp<std::int64_t>(outcome.retry_after_ms.value_or(0), 0, max_wait_ms);
  if (outcome.verdict == host::Verdict::reauth) {
    classification.kind = catalog::ResponseKind::session_expired;
    classification.before_processing = true;
  } else if (outcome.verdict == host::Verdict::retry) {
    classification.transient = true;
    if (!classification.kind) classification.kind = catalog::ResponseKind::vendor_fault;
  } else if (outcome.verdict == host::Verdict::failed && outcome.failure.kind != PST_E_INTERNAL) {
    classification.kind = kind_of(outcome.failure);
    classification.message = outcome.failure.message;
    if (!outcome.failure.vendor_code.empty()) {
      classification.message = outcome.failure.vendor_code +
                               (classification.message.empty() ? "" : ": ") +
                               classification.message;
    }
  }
  return classification;
}

runtime::CredentialsVerdict credentials_verdict(const Classification& classification, int status,
                                                bool ends_session) {
  using Kind = catalog::ResponseKind;
  if (ends_session) return runtime::CredentialsVerdict::session_over;
  // The classification takes precedence over the status: SOAP services reject credentials with 500.
  if (classification.kind == Kind::auth_rejected || classification.kind == Kind::session_expired ||
      status == 401)
    return runtime::CredentialsVerdict::refused;
  if (classification.kind) return runtime::CredentialsVerdict::unknown;
  // These say nothing about the credentials: gateways send them before checking any, vendors after.
  const bool of_any_kind =
      status == 403 || status == 407 || status == 408 || status == 429 || status >= 500;
  return of_any_kind ? runtime::CredentialsVerdict::unknown : runtime::CredentialsVerdict::accepted;
}

Meaning meaning_of(const Classification& classification) {
  if (!classification.kind) return Meaning::none;
  switch (*classification.kind) {
  case catalog::ResponseKind::session_expired:
    return Meaning::session_expired;
  case catalog::ResponseKind::auth_rejected:
    return Meaning::credentials_refused;
  case catalog::ResponseKind::rate_limited:
    return Meaning::rate_limited;
  case catalog::ResponseKind::vendor_fault:
    break;
  }
  return Meaning::fault;
}

std::size_t inspected_bytes(const catalog::Api& api, int status) {
  std::size_t bytes = 0;
  if (api.inspect && status >= api.inspect->status_from && status <= api.inspect->status_to)
    bytes = api.inspect->max_bytes;
  for (const catalog::ClassifyRule& rule : api.classify) {
    const bool looks =
        !rule.body_contains.empty() && status >= rule.status_from && status <= rule.status_to;
    if (looks) bytes = std::max(bytes, searched_bytes);
  }
  return bytes;
}

bool may_repeat(std::string_view method, const Classification& classification) {
  constexpr std::array idempotent = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  return classification.before_processing ||
         std::ranges::find(idempotent, method) != idempotent.end();
}

}  // namespace penstock::call
