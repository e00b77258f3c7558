#include "call/dry_run.hpp"

#include <algorithm>

#include <penstock/text.hpp>

#include "call/call_run.hpp"
#include "runtime/loop_environment.hpp"

namespace penstock::call {
namespace {

/// "Basic dXNlcjp…" → "Basic ***". The value is hidden whole: a credential derived from secrets
/// need not contain one literally.
std::string redacted_credential(std::string_view value) {
  const std::size_t space = value.find(' ');
  return space == std::string_view::npos ? "***" : std::string(value.substr(0, space)) + " ***";
}

}  // namespace

Preview preview_of(const PreparedCall& prepared, const session::Snapshot& snapshot,
                   SignedRequest request) {
  const Redactor redactor = redactor_for(snapshot);
  Preview out;
  out.warnings = prepared.warnings;
  if (prepared.fetches_parts)
    out.warnings.emplace_back("the files of data_url are fetched for the call, and not shown here");
  out.method = std::move(request.method);
  out.url = redactor.redact(request.url.text());
  const auto& owned = prepared.api->owned_headers;
  for (Field& field : request.headers) {
    const bool credential = std::ranges::find(owned, lower(field.name)) != owned.end() ||
                            lower(field.name) == "authorization";
    out.headers.push_back({field.name, credential ? redacted_credential(field.value)
                                                  : redactor.redact(std::move(field.value))});
  }
  out.body = redactor.redact(std::move(request.body).value_or(""));
  return out;
}

Result<Preview> preview(const runtime::Registry& registry, const Call& call) {
  auto prepared = prepare_call(registry, call, preview_boundary);
  if (!prepared) return failure(std::move(prepared).error());
  const session::SnapshotPtr now =
      prepared->integration->state(prepared->plugin->manifest().id)->current();

  host::CallInput input = call_input(*prepared, call);
  const std::string url = prepared->url.origin() + prepared->url.path;
  input.url = url;
  const host::Env env{0, runtime::wall_clock_ms(), 0, runtime::fresh_entropy()};
  const host::SessionState* const session =
      prepared->api->session ? now->session_for(prepared->api->session->format, env.now_unix_ms)
                             : nullptr;
  host::Outcome outcome =
      prepared->plugin->instance().prepare(env, now->connection, session, input);
  for (const Field& note : outcome.notes)
    prepared->warnings.push_back(redactor_for(*now).redact(note.name + ": " + note.value));
  const bool needs_session = outcome.verdict == host::Verdict::need_session;
  if (needs_session) {
    prepared->warnings.emplace_back(
        "a session would be made first; what it adds to the request is not shown");
    outcome = {};
    outcome.verdict = host::Verdict::ok;
  } else if (outcome.verdict != host::Verdict::ok) {
    Error error = prepare_error(outcome.failure, *prepared->plugin);
    error.message = redactor_for(*now).redact(std::move(error.message));
    return failure(std::move(error));
  }
  auto request = build_request(*prepared, call, std::move(outcome), *now);
  if (!request) return failure(std::move(request).error());
  if (needs_session && prepared->api->base_url.of_session()) {
    prepared->warnings.emplace_back("so would the base URL: the host that is shown stands for it");
  } else if (auto permitted = check_egress(*prepared, request->url); !permitted) {
    return failure(std::move(permitted).error());
  }
  return preview_of(*prepared, *now, *std::move(request));
}

}  // namespace penstock::call
