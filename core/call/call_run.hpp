#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <penstock/completion.hpp>
#include <penstock/config.hpp>
#include <penstock/credential_store.hpp>
#include <penstock/observer.hpp>

#include "call/call_outlet.hpp"
#include "call/prepared_call.hpp"
#include "call/response_rules.hpp"
#include "call/signing.hpp"
#include "runtime/in_flight.hpp"
#include "runtime/live_calls.hpp"
#include "runtime/loop.hpp"
#include "runtime/registry.hpp"
#include "session/environment.hpp"
#include "session/renewal_gate.hpp"

namespace penstock::call {

/// State shared by all calls of an engine. Outlives them.
struct CallContext {
  const Config* config = nullptr;
  std::shared_ptr<CredentialStore> store;
  boost::asio::thread_pool* blocking = nullptr;
  std::shared_ptr<session::RenewalGate> renewals;
  std::vector<std::shared_ptr<Observer>> observers;
  runtime::ErrorReporter report_error;
  runtime::InFlight calls;
  runtime::InFlight background;  ///< session renewals; they may outlive their calls

  /// Counts one background renewal until the returned pointer is released.
  std::shared_ptr<void> keep_alive() {
    background.enter();
    return std::shared_ptr<void>(nullptr, [this](void*) { background.leave(); });
  }
};

/// One call from start to finish:
///
///   start → prepare → (load_body) → sign ⇄ session → send → on_exchange_end ─┬→ finish
///                                    ↑                                       │
///                                    ├── session expired, once ──────────────┤
///                                    └── transient, once ────────────────────┘
///
/// The CallOutlet decides what is particular to a whole, a streamed and a dry-run call. Runs on one
/// loop; each pending operation keeps it alive.
///
/// It is counted in context.calls from construction to its end, and listed in its loop's LiveCalls
/// from start() to its end. An abort or a cancellation after the end sees ended() and does nothing.
class CallRun final : public runtime::LiveCall {
 public:
  /// `registry` is the snapshot of plugins and integrations that the call uses to its end. The
  /// caller has already called context.calls.enter().
  CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
          runtime::Loop& loop, Call call, std::unique_ptr<CallOutlet> outlet);
  ~CallRun() override;

  void start();

  /// Subscribes the call to `request`, which can then cancel it. Call before start(). [any-thread]
  void listen_to(std::shared_ptr<detail::CancelRequest> request);

  void abort(Error error) override;
  void on_plugin_lost(const host::Instance& instance) override;

  // For the outlet.

  std::shared_ptr<CallRun> self() { return std::static_pointer_cast<CallRun>(shared_from_this()); }
  runtime::Loop& loop() { return loop_; }
  bool ended() const { return ended_; }
  const PreparedCall& prepared() const { return prepared_; }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }
  std::chrono::milliseconds time_limit() const;
  std::uint64_t max_body_bytes() const { return context_.config->server.max_request_bytes; }
  std::vector<FormPart> take_form() { return std::move(call_.form); }

  /// Runs one step of the call. An exception, from a library or for lack of memory, ends this call
  /// only.
  template <class Step>
  void guarded(Step step) {
    if (!ended_ && !runtime::run_guarded(context_.report_error, "a step of a call", step))
      fail_step();
  }

  /// Continues with a complete body.
  void on_body(Result<PreparedCall> prepared);

  /// Classifies a response of which the head, and as much of the body as inspected_bytes() says,
  /// have arrived. Returns what the caller gets, without the body, and moves it out of `received`;
  /// none: the call is to be repeated, or has ended.
  std::optional<Response> inspect(upstream::Response& received);

  /// Makes the request again, with a new session if the last response rejected the old one.
  void repeat(upstream::Response rejected);
  void finish(Response response);
  void fail(Error error);
  /// Fails because the vendor could not be reached or did not respond properly.
  void fail_exchange(Error error);

 private:
  // The steps, call_run.cpp.
  void begin();
  bool acquire_slot();
  std::optional<Error> check_backoff() const;
  void sign();
  void send(SignedRequest request);
  void show(SignedRequest request);
  void on_sent(Result<upstream::Response> end);
  void on_cancel();
  bool is_cancelled() const { return cancel_ && *cancel_ != upstream::Cancel::no; }
  void fail_step();
  template <class Deliver>
  void end(Deliver deliver_result);
  template <class Notify>
  void observe(Notify notify) const;

  // Sessions, call_run_session.cpp.
  bool should_renew_expiring();
  void on_session_needed();
  void request_session(std::optional<session::FetchResponse> challenge);
  void on_session(Result<session::SnapshotPtr> session);
  bool may_use_expiring_session() const;
  std::chrono::steady_clock::time_point session_deadline() const;
  session::SessionRequest session_request() const;
  std::shared_ptr<session::Environment> session_environment() const;
  void refresh_early() const;

  // Responses, call_run_response.cpp.
  Classification classify(const upstream::Response& response);
  bool should_retry(const Classification& classification);
  bool should_renew_session(const Classification& classification) const;
  bool ends_session(const Classification& classification) const;
  void record_outcome(const upstream::Response& response, const Classification& classification);
  void invalidate_rejected_session(const Classification& classification);
  Response make_response(upstream::Response& from, const Classification& classification);
  void collect_notes(const std::vector<Field>& notes, const std::vector<host::LogText>& logs);
  host::Env env() const;

  CallContext& context_;
  std::shared_ptr<const runtime::Registry> registry_;
  runtime::Loop& loop_;
  Call call_;
  const std::unique_ptr<CallOutlet> outlet_;
  std::chrono::steady_clock::time_point started_, deadline_;
  bool ended_ = false;
  std::optional<Phase> in_plugin_;  ///< set while a plugin function runs: its phase
  bool sending_ = false;            ///< the upstream client has the request
  std::shared_ptr<detail::CancelRequest> cancel_request_;  ///< null: cannot be cancelled
  std::shared_ptr<std::atomic<upstream::Cancel>> cancel_;  ///< null if cancel_request_ is null

  PreparedCall prepared_;
  bool has_slot_ = false;  ///< holds one of the integration's concurrency slots
  std::vector<std::string> warnings_;

  session::SnapshotPtr snapshot_;
  const host::SessionState* used_session_ = nullptr;  ///< of the last sign(); points into snapshot_
  std::uint32_t sign_count_ = 0;                      ///< how often sign() was called
  std::uint64_t session_seq_ = 0;                     ///< of the last sign(); see pst_env
  int session_rounds_ = 0;                            ///< how often sign() needed a session
  bool renewed_expiring_ = false;                     ///< renewed a due session, or tried to
  bool renewed_after_rejection_ = false;
  std::optional<boost::asio::steady_timer> session_timer_;
  bool session_pending_ = false;

  bool retried_ = false;              ///< a transient failure is retried once only
  bool next_is_plain_retry_ = false;  ///< the next repeat is a retry without a session renewal
  Sent sent_state_ = Sent::no;        ///< how far the completed requests of this call got
  std::string call_url_;              ///< the URL before the plugin's additions
  std::string base_host_;             ///< the host of that URL
  std::string shown_url_;             ///< the URL that was sent, redacted
  std::chrono::microseconds vendor_time_{0};
};

}  // namespace penstock::call
