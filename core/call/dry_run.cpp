#include "call/dry_run.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include <penstock/text.hpp>

#include "call/call_run.hpp"
#include "runtime/loop_environment.hpp"

namespace penstock::call {
namespace {

/// The multipart boundary of previews.
constexpr std::string_view boundary = "penstock-boundary";

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
  if (prepared.body_state == PreparedCall::Body::pending)
    out.warnings.emplace_back("the call fetches the files of data_url; they are not shown here");
  out.method = std::move(request.method);
  out.url = redactor.redact(request.url.text());
  const auto& owned = prepared.api->owned_headers;
  for (Field& field : request.headers) {
    const bool credential = std::ranges::find(owned, lower(field.name)) != owned.end() ||
                            lower(field.name) == "authorization";
    out.headers.add(std::move(field.name), credential ? redacted_credential(field.value)
                                                      : redactor.redact(std::move(field.value)));
  }
  out.body = redactor.redact(std::move(request.body).value_or(""));
  return out;
}

Result<PreparedCall> DryRun::prepare(const runtime::Registry& registry, const Call& call) {
  return prepare_call(registry, call, boundary);
}

Result<Preview> preview(const runtime::Registry& registry, const Call& call) {
  auto prepared = prepare_call(registry, call, boundary);
  if (!prepared) return failure(std::move(prepared).error());
  const session::SnapshotPtr now = prepared->slot->current();
  const Redactor redactor = redactor_for(*now);
  std::vector<std::string> warnings;
  const auto show = [&](SignedRequest request) {
    Preview out = preview_of(*prepared, *now, std::move(request));
    out.warnings.insert(out.warnings.begin(), std::make_move_iterator(warnings.begin()),
                        std::make_move_iterator(warnings.end()));
    return out;
  };
  Signing signing =
      sign(*prepared, call, *now, {0, runtime::wall_clock_ms(), 0, runtime::fresh_entropy()});
  for (const Field& note : signing.notes)
    warnings.push_back(redactor.redact(note.name + ": " + note.value));
  if (auto* error = std::get_if<Error>(&signing.result)) {
    error->message = redactor.redact(std::move(error->message));
    return failure(std::move(*error));
  }
  if (auto* request = std::get_if<SignedRequest>(&signing.result)) return show(std::move(*request));
  warnings.emplace_back(
      "the call would create a session first; what the session adds to the request is not shown");
  if (prepared->api->base_url.of_session())
    warnings.emplace_back(
        "the base URL comes with the session: the host that is shown is a placeholder");
  host::Outcome unsigned_outcome;
  unsigned_outcome.verdict = host::Verdict::ok;
  auto request = build_request(*prepared, call, prepared->url, std::move(unsigned_outcome), *now);
  if (!request) return failure(std::move(request).error());
  return show(*std::move(request));
}

void PreviewRun::start(runtime::Loop& loop) {
  loop.calls().add(*this);
  if (loop.closed_with()) return end(failure(*loop.closed_with()));
  Result<Preview> shown = failure(engine_failed("the preview failed", Phase::route, Sent::no));
  runtime::run_guarded(context_.report_error, "a preview",
                       [&] { shown = preview(*registry_, call_); });
  end(std::move(shown));
}

void PreviewRun::on_plugin_lost(const host::Instance& /*instance*/) {
  end(failure(plugin_failed("the plugin of " + call_.tool + "/" + call_.api +
                                " is out of service: one of its functions does not return",
                            Phase::authorize)));
}

void PreviewRun::end(Result<Preview> preview) {
  const auto handler = std::exchange(handler_, nullptr);
  if (!handler) return;
  runtime::LiveCalls::remove(*this);
  runtime::run_guarded(context_.report_error, "the handler of a preview",
                       [&] { handler(std::move(preview)); });
  context_.calls.leave();
}

}  // namespace penstock::call
