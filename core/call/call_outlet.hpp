#pragma once

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "call/prepared_call.hpp"
#include "upstream/client.hpp"

namespace penstock::call {

class CallRun;

/// The caller's side of a call: where the body comes from and where the result goes. The kinds of
/// calls (whole, streamed, dry run) differ here only; CallRun takes all of them the same way. Used
/// on the call's loop.
class CallOutlet {
 public:
  virtual ~CallOutlet() = default;

  virtual Result<PreparedCall> prepare(const runtime::Registry& registry, const Call& call) = 0;

  /// Completes a pending body, then calls CallRun::on_body() or fail(). The default leaves it
  /// pending.
  virtual void load_body(CallRun& run, PreparedCall prepared);

  /// True: the signed request is shown with on_preview() and not sent, and observers see nothing.
  virtual bool is_dry_run() const { return false; }
  virtual void on_preview(Preview /*preview*/) {}

  /// Adds a body source and a response sink to the request that is about to be sent.
  virtual void attach(CallRun& /*run*/, upstream::Request& /*request*/) {}

  /// The exchange with the vendor is over. Continues with repeat(), finish(), or fail() of `run`.
  virtual void on_exchange_end(CallRun& run, Result<upstream::Response> end);

  /// Delivers the result; one of the two is called, once, at the end of a call that is no dry run
  /// or that fails.
  virtual void on_response(Response response) = 0;
  virtual void on_error(Error error) = 0;
};

}  // namespace penstock::call
