#include "call/response_rules.hpp"

#include <algorithm>
#include <array>

namespace penstock::call {
namespace {

constexpr std::size_t searched_bytes = 65536;
constexpr std::int64_t longest_wait_ms = 86'400'000;

bool matches(const catalog::ClassifyRule& rule, const upstream::Reply& reply) {
  if (reply.status < rule.status_from || reply.status > rule.status_to) return false;
  const std::string_view body = std::string_view(reply.body).substr(0, searched_bytes);
  return rule.body_contains.empty() || body.find(rule.body_contains) != std::string_view::npos;
}

std::optional<catalog::AnswerKind> kind_of(const host::PluginFailure& failure) {
  switch (failure.kind) {
  case PST_E_AUTH_REJECTED:
  case PST_E_CONSENT_REVOKED:
    return catalog::AnswerKind::auth_rejected;
  case PST_E_RATE_LIMITED:
    return catalog::AnswerKind::rate_limited;
  default:
    return catalog::AnswerKind::vendor_fault;
  }
}

}  // namespace

Judgement judge(const catalog::Api& api,
                const std::function<host::Outcome(const host::ReplyInput&)>& inspect,
                const upstream::Reply& reply) {
  Judgement judgement;
  const auto rule =
      std::ranges::find_if(api.classify, [&](const auto& one) { return matches(one, reply); });
  if (rule != api.classify.end()) {
    judgement.kind = rule->kind;
    judgement.before_processing = rule->before_processing;
  }
  const bool in_window = api.inspect && reply.status >= api.inspect->status_from &&
                         reply.status <= api.inspect->status_to;
  if (!in_window) return judgement;

  const std::string_view seen = std::string_view(reply.body).substr(0, api.inspect->max_bytes);
  const host::Outcome outcome =
      inspect({reply.status, &reply.headers, seen, seen.size() < reply.body.size()});
  judgement.asked_wait_ms =
      std::clamp<std::int64_t>(outcome.retry_after_ms.value_or(0), 0, longest_wait_ms);
  if (outcome.verdict == host::Verdict::reauth) {
    judgement.kind = catalog::AnswerKind::session_expired;
    judgement.before_processing = true;
  } else if (outcome.verdict == host::Verdict::retry) {
    judgement.transient = true;
    if (!judgement.kind) judgement.kind = catalog::AnswerKind::vendor_fault;
  } else if (outcome.verdict == host::Verdict::failed && outcome.failure.kind != PST_E_INTERNAL) {
    judgement.kind = kind_of(outcome.failure);
    judgement.message = outcome.failure.message;
    if (!outcome.failure.vendor_code.empty()) {
      judgement.message =
          outcome.failure.vendor_code + (judgement.message.empty() ? "" : ": ") + judgement.message;
    }
  }
  return judgement;
}

runtime::CredentialsVerdict credentials_verdict(const Judgement& judgement, int status,
                                                bool ends_session) {
  using Kind = catalog::AnswerKind;
  if (ends_session) return runtime::CredentialsVerdict::session_over;
  // What the manifest or the plugin has read there goes before the status: SOAP refuses with 500.
  if (judgement.kind == Kind::auth_rejected || judgement.kind == Kind::session_expired ||
      status == 401)
    return runtime::CredentialsVerdict::refused;
  if (judgement.kind) return runtime::CredentialsVerdict::unsaid;
  // Gateways give these before, and vendors after, they have looked at the credentials.
  const bool of_any_kind =
      status == 403 || status == 407 || status == 408 || status == 429 || status >= 500;
  return of_any_kind ? runtime::CredentialsVerdict::unsaid : runtime::CredentialsVerdict::accepted;
}

Meaning meaning_of(const Judgement& judgement) {
  if (!judgement.kind) return Meaning::nothing_special;
  switch (*judgement.kind) {
  case catalog::AnswerKind::session_expired:
    return Meaning::session_expired;
  case catalog::AnswerKind::auth_rejected:
    return Meaning::credentials_refused;
  case catalog::AnswerKind::rate_limited:
    return Meaning::rate_limited;
  case catalog::AnswerKind::vendor_fault:
    break;
  }
  return Meaning::fault;
}

std::size_t judged_bytes(const catalog::Api& api, int status) {
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

bool may_repeat(std::string_view method, const Judgement& judgement) {
  constexpr std::array idempotent = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  return judgement.before_processing || std::ranges::find(idempotent, method) != idempotent.end();
}

}  // namespace penstock::call
