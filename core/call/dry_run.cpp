#include "call/dry_run.hpp"

#include <algorithm>

#include <penstock/text.hpp>

#include "call/call_run.hpp"
#include "runtime/loop_environment.hpp"

namespace penstock::call {
namespace {

/// "Basic dXNlcjp…" → "Basic ***": a credential that is made of secrets need not hold one of them
/// literally.
std::string masked_credential(std::string_view value) {
  const std::size_t space = value.find(' ');
  return space == std::string_view::npos ? "***" : std::string(value.substr(0, space)) + " ***";
}

}  // namespace

Preview preview_of(const Draft& draft, const session::Snapshot& snapshot, SignedRequest request) {
  const Masker masker = masker_for(snapshot);
  Preview out;
  out.warnings = draft.warnings;
  if (draft.fetches_parts)
    out.warnings.emplace_back("the files of data_url are fetched for the call, and not shown here");
  out.method = std::move(request.method);
  out.url = masker.mask(request.url.text());
  const auto& owned = draft.api->owned_headers;
  for (Field& field : request.headers) {
    const bool credential = std::ranges::find(owned, lower(field.name)) != owned.end() ||
                            lower(field.name) == "authorization";
    out.headers.push_back({field.name, credential ? masked_credential(field.value)
                                                  : masker.mask(std::move(field.value))});
  }
  out.body = masker.mask(std::move(request.body).value_or(""));
  return out;
}

Result<Preview> preview(const runtime::World& world, const Call& call) {
  auto draft = make_draft(world, call, preview_boundary);
  if (!draft) return failure(std::move(draft).error());
  const session::SnapshotPtr now =
      draft->integration->state(draft->plugin->manifest().id)->current();

  host::CallInput input = call_input(*draft, call);
  const std::string url = draft->url.origin() + draft->url.path;
  input.url = url;
  const host::Env env{0, runtime::wall_clock_ms(), 0, runtime::fresh_entropy()};
  const host::State* const session =
      draft->api->session ? now->session_for(draft->api->session->format, env.now_unix_ms)
                          : nullptr;
  host::Outcome outcome = draft->plugin->instance().prepare(env, now->connection, session, input);
  for (const Field& note : outcome.notes)
    draft->warnings.push_back(masker_for(*now).mask(note.name + ": " + note.value));
  const bool needs_session = outcome.verdict == host::Verdict::need_session;
  if (needs_session) {
    draft->warnings.emplace_back(
        "a session would be made first; what it adds to the request is not shown");
    outcome = {};
    outcome.verdict = host::Verdict::ok;
  } else if (outcome.verdict != host::Verdict::ok) {
    Error error = prepare_error(outcome.failure, *draft->plugin);
    error.message = masker_for(*now).mask(std::move(error.message));
    return failure(std::move(error));
  }
  auto request = compose(*draft, call, std::move(outcome), *now);
  if (!request) return failure(std::move(request).error());
  if (needs_session && draft->api->base_url.of_session()) {
    draft->warnings.emplace_back("so would the base URL: the host that is shown stands for it");
  } else if (auto permitted = check_egress(*draft, request->url); !permitted) {
    return failure(std::move(permitted).error());
  }
  return preview_of(*draft, *now, *std::move(request));
}

}  // namespace penstock::call
