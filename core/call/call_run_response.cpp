// The steps of a call that classify a response and act on it.
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/retry_after.hpp"
#include "call/call_run.hpp"
#include "policy/forwarded_headers.hpp"
#include "runtime/loop_environment.hpp"

namespace penstock::call {
namespace {

/// Tells the caller that the vendor rejected the stored credential, not the caller's API key.
std::string refused_credential_warning(const std::string& id) {
  return "the vendor refuses the credential stored for " + id +
         ", not the API key of this call; POST /v1/integrations/" + id +
         "/verify shows whether it works";
}

}  // namespace

std::optional<Response> CallRun::inspect(upstream::Response& received) {
  if (ended_) return std::nullopt;
  const Classification classification = classify(received);
  record_outcome(received, classification);
  if (should_retry(classification)) return std::nullopt;
  invalidate_rejected_session(classification);
  return make_response(received, classification);
}

Classification CallRun::classify(const upstream::Response& response) {
  in_plugin_ = Phase::receive;
  Classification classification = classify_response(
      *prepared_.api,
      [this](const host::ResponseInput& seen) {
        host::Outcome outcome =
            prepared_.plugin->instance().inspect(env(), snapshot_->connection, used_session_,
                                                 call_input(prepared_, call_, call_url_), seen);
        collect_notes(outcome.notes, outcome.logs);
        return outcome;
      },
      response);
  in_plugin_.reset();
  classification.retry_after_ms =
      std::max(classification.retry_after_ms,
               retry_after_ms(response.status, response.headers, prepared_.api->retry_after_header,
                              runtime::wall_clock_ms(), prepared_.api->retry_after_form));
  return classification;
}

/// Whether the call is repeated: with a new session, or with the same one because the plugin
/// classified the response as transient. No transient retry if the vendor asks for a pause.
bool CallRun::should_retry(const Classification& classification) {
  if (should_renew_session(classification)) return true;
  const bool now = classification.transient && !retried_ && classification.retry_after_ms == 0 &&
                   prepared_.body_state != PreparedCall::Body::streamed &&
                   may_repeat(call_.method, classification);
  if (now) retried_ = next_is_plain_retry_ = true;
  return now;
}

/// A streamed body has been consumed and cannot be sent again.
bool CallRun::should_renew_session(const Classification& classification) const {
  return ends_session(classification) && prepared_.body_state != PreparedCall::Body::streamed &&
         may_repeat(call_.method, classification);
}

/// A fresh session that is rejected is not merely expired.
bool CallRun::ends_session(const Classification& classification) const {
  return classification.kind == catalog::ResponseKind::session_expired && prepared_.api->session &&
         snapshot_->session && !renewed_after_rejection_;
}

/// Drops a rejected session where this call is not repeated, so that the next call does not get the
/// same rejection.
void CallRun::invalidate_rejected_session(const Classification& classification) {
  if (!ends_session(classification)) return;
  prepared_.slot->drop(snapshot_->generation);
}

void CallRun::repeat(upstream::Response rejected) {
  if (ended_) return;
  sent_state_ = Sent::yes;
  if (std::exchange(next_is_plain_retry_, false)) return sign();
  renewed_after_rejection_ = true;
  request_session(session::FetchResponse{rejected.status, std::move(rejected.headers),
                                         std::move(rejected.body)});
}

Response CallRun::make_response(upstream::Response& from, const Classification& classification) {
  Response out;
  out.url = std::move(shown_url_);
  out.status = from.status;
  out.reason = std::move(from.reason);
  out.headers = std::move(from.headers);
  policy::drop_hop_by_hop(out.headers);
  out.warnings = std::move(warnings_);
  std::ranges::move(from.warnings, std::back_inserter(out.warnings));
  out.meaning = meaning_of(classification);
  if (!classification.message.empty()) {
    out.vendor_message = redactor_for(*snapshot_).redact(classification.message);
    out.warnings.push_back("the vendor reports: " + out.vendor_message);
  }
  if (out.meaning == Meaning::credentials_refused ||
      (out.meaning == Meaning::none && out.status == 401))
    out.warnings.push_back(refused_credential_warning(prepared_.integration->config().id));
  out.vendor = vendor_time_;
  out.plugin = prepared_.plugin->label();
  out.concurrency_slots = prepared_.integration->slots();
  return out;
}

void CallRun::fail_exchange(Error error) {
  if (error.origin == Origin::network || error.phase == Phase::connect) {
    prepared_.integration->backoff().record_unreachable(
        redactor_for(*snapshot_).redact(std::string(error.message)), runtime::wall_clock_ms());
  }
  fail(std::move(error));
}

/// Records the response for the backoff, which may hold back later calls.
void CallRun::record_outcome(const upstream::Response& response,
                             const Classification& classification) {
  std::string told = prepared_.integration->backoff().record(
      credentials_verdict(classification, response.status, ends_session(classification)),
      std::chrono::milliseconds(classification.retry_after_ms), base_host_,
      *registry_->auth_failures, std::chrono::steady_clock::now());
  if (!told.empty()) warnings_.push_back(std::move(told));
}

/// Collects the notes and log lines of the plugin.
void CallRun::collect_notes(const std::vector<Field>& notes,
                            const std::vector<host::LogText>& logs) {
  if (notes.empty() && logs.empty()) return;
  const Redactor redactor = redactor_for(*snapshot_);
  for (const Field& note : notes) {
    std::string warning = redactor.redact(note.name + ": " + note.value);
    // A repeated call produces the same notes again.
    if (std::ranges::find(warnings_, warning) == warnings_.end())
      warnings_.push_back(std::move(warning));
  }
  for (const host::LogText& line : logs)
    runtime::log_of_plugin(context_.report_error, context_.observers, prepared_.plugin->instance(),
                           prepared_.integration->config().id,
                           {line.level, redactor.redact(line.text)});
}

/// The environment of the last sign(); the inspect() that follows it gets the same attempt and
/// session_seq.
host::Env CallRun::env() const {
  return {sign_count_ - 1, runtime::wall_clock_ms(), session_seq_, runtime::fresh_entropy()};
}

}  // namespace penstock::call
