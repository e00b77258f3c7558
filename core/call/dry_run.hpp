#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "call/call_outlet.hpp"
#include "call/signing.hpp"
#include "runtime/live_calls.hpp"
#include "runtime/loop.hpp"
#include "runtime/registry.hpp"

namespace penstock::call {

struct CallContext;

using PreviewHandler = std::function<void(Result<Preview>)>;

/// The request that `call` would send, with secrets redacted, or the error that it would return.
/// Sends nothing, not even for a session: what a missing one would add is left out, with a warning.
Result<Preview> preview(const runtime::Registry& registry, const Call& call);

/// A dry run with the session that the call would use: all steps of a call before sending.
class DryRun final : public CallOutlet {
 public:
  explicit DryRun(PreviewHandler handler) : handler_(std::move(handler)) {}

  Result<PreparedCall> prepare(const runtime::Registry& registry, const Call& call) override;
  bool is_dry_run() const override { return true; }
  void on_preview(Preview preview) override { handler_(std::move(preview)); }
  void on_response(Response /*response*/) override {}
  void on_error(Error error) override { handler_(failure(std::move(error))); }

 private:
  PreviewHandler handler_;
};

/// preview() on a loop, where the watchdog monitors the plugin.
class PreviewRun final : public runtime::LiveCall {
 public:
  /// The caller has already called context.calls.enter().
  PreviewRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry, Call call,
             PreviewHandler handler)
      : context_(context), registry_(std::move(registry)), call_(std::move(call)),
        handler_(std::move(handler)) {}

  void start(runtime::Loop& loop);
  void abort(Error error) override { end(failure(std::move(error))); }
  /// Runs while start() has not returned: start() is what hangs.
  void on_plugin_lost(const host::Instance& instance) override;

 private:
  void end(Result<Preview> preview);

  CallContext& context_;
  std::shared_ptr<const runtime::Registry> registry_;
  Call call_;
  PreviewHandler handler_;
};

/// A request that is already signed as a preview.
Preview preview_of(const PreparedCall& prepared, const session::Snapshot& snapshot,
                   SignedRequest request);

}  // namespace penstock::call
