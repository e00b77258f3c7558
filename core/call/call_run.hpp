#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <penstock/engine.hpp>
#include <penstock/proxy.hpp>

#include "call/guarded_peer.hpp"
#include "call/prepared_call.hpp"
#include "call/response_rules.hpp"
#include "call/signing.hpp"
#include "call/streaming.hpp"
#include "runtime/backoff.hpp"
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
  runtime::ErrorReporter trouble;
  runtime::InFlight calls;
  runtime::InFlight background;  ///< session renewals; they may outlive their calls

  /// Counts one background renewal until the returned pointer is released.
  std::shared_ptr<void> hold() {
    background.enter();
    return std::shared_ptr<void>(nullptr, [this](void*) { background.leave(); });
  }
};

/// The error that the caller gets when the plugin's prepare() fails with `why`.
Error prepare_error(const host::PluginFailure& why, const loader::Plugin& plugin);

/// One call from start to finish:
///   start → (prepared call) → prepare ⇄ session → send → receive ─┬→ finish
///                                ↑                                │
///                                ├── session expired, once ───────┤
///                                └── transient, once ─────────────┘
/// With a ProxyPeer the bodies stream: the steps are the same, but the response passes through a
/// ResponseBuffer to the caller as it arrives. Runs on one loop; each pending operation keeps it
/// alive.
///
/// It is counted in context.calls from construction to its end, and listed in its loop's LiveCalls
/// from start() to its end. An abort or a cancellation after the end sees ended_ and does nothing.
class CallRun final : public runtime::LiveCall {
 public:
  using Completion = detail::CompletionPtr<Result<Response>>;

  /// `registry` is the snapshot of plugins and integrations that the call uses to its end. The
  /// caller has already called context.calls.enter().
  CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
          runtime::Loop& loop, Call call, Completion completion);
  CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
          runtime::Loop& loop, ProxyCall call, std::shared_ptr<ProxyPeer> peer);
  /// A preview: all steps before sending, including a session renewal if one is needed. `handler`
  /// gets the request, and nothing of the call itself is sent.
  CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
          runtime::Loop& loop, Call call, Engine::PreviewHandler handler);
  ~CallRun() override;

  void start();

  /// Subscribes the call to `request`, which can then cancel it. Call before start(). [any-thread]
  void listen_to(std::shared_ptr<detail::CancelRequest> request);

  void abort(Error error) override;
  void on_plugin_lost(const host::Instance& instance) override;

 private:
  std::shared_ptr<CallRun> self() { return std::static_pointer_cast<CallRun>(shared_from_this()); }
  template <class Step>
  void guarded(Step step);
  void on_cancel();
  bool is_cancelled() const { return cancel_ && *cancel_ != upstream::Cancel::no; }

  void begin();
  bool enter();
  std::optional<Error> check_backoff() const;
  void load_body();
  std::string boundary() const;
  void prepare();
  void request_session(std::optional<session::FetchResponse> challenge);
  session::SessionRequest session_request() const;
  std::shared_ptr<session::Environment> session_environment() const;
  void refresh_early() const;
  void on_session(Result<session::SnapshotPtr> session);
  void send(host::Outcome outcome);
  void show(SignedRequest request);
  void receive(Result<upstream::Response> response);
  host::Outcome call_prepare();
  host::CallInput plugin_input() const;
  void collect_notes(const host::Outcome& outcome);
  Classification classify(const upstream::Response& response);
  bool should_retry(const Classification& classification);
  bool should_renew_session(const Classification& classification) const;
  bool ends_session(const Classification& classification) const;
  bool should_renew_expiring();
  bool may_use_expiring_session() const;
  std::chrono::steady_clock::time_point session_deadline() const;
  void note_unreachable(const Error& error);
  void record_outcome(const upstream::Response& response, const Classification& classification);
  void invalidate_rejected_session(const Classification& classification);
  void repeat(upstream::Response refused);
  Response make_response(upstream::Response response, const Classification& classification);

  bool open_buffer(upstream::Request& request);
  bool admit(const upstream::Response& seen);
  void streamed(Result<upstream::Response> end);

  void fail(Error error);
  void finish(Result<Response> result);
  template <class Deliver>
  void end(Deliver deliver_result);
  void observe(const Result<Response>& result) const;
  void deliver(Result<Response> result);
  void deliver_preview(Result<Preview> preview);

  host::Env env() const;
  const host::SessionState* session_in_use() const;

  CallContext& context_;
  std::shared_ptr<const runtime::Registry> registry_;
  runtime::Loop& loop_;
  Call call_;
  bool ended_ = false;
  std::optional<Phase> in_plugin_;  ///< set while a plugin function runs: its phase
  bool sending_ = false;            ///< the upstream client has the request
  std::shared_ptr<detail::CancelRequest> cancel_request_;  ///< null: cannot be cancelled
  std::shared_ptr<std::atomic<upstream::Cancel>> cancel_;  ///< null if cancel_request_ is null
  Completion completion_;                                  ///< buffered calls only
  Engine::PreviewHandler preview_;                         ///< previews only
  std::shared_ptr<ProxyPeer> peer_;                        ///< streamed calls only
  bool streams_body_ = false;  ///< the caller's body is forwarded as it arrives
  std::optional<std::uint64_t> body_length_;
  bool takes_trailers_ = false;
  std::shared_ptr<ResponseBuffer> buffer_;
  Response head_;  ///< the response head that the peer received
  std::vector<Field> trailers_;
  std::chrono::steady_clock::time_point started_, deadline_;

  PreparedCall prepared_;
  bool entered_ = false;  ///< holds one of the integration's concurrency slots
  session::SnapshotPtr snapshot_;
  const host::SessionState* used_session_ =
      nullptr;                       ///< passed to prepare(); points into snapshot_
  std::uint32_t prepare_count_ = 0;  ///< how often prepare() was called
  std::uint64_t session_seq_ = 0;    ///< of the last prepare(); see pst_env
  int session_rounds_ = 0;           ///< how often prepare() asked for a session
  bool renewed_expiring_ = false;    ///< renewed a due session, or tried to
  bool renewed_after_rejection_ = false;
  bool retried_ = false;              ///< a transient failure is retried once only
  bool next_is_plain_retry_ = false;  ///< the next repeat is a retry without a session renewal
  Sent sent_state_ = Sent::no;        ///< how far the completed requests of this call got
  std::optional<boost::asio::steady_timer> session_timer_;
  bool session_pending_ = false;
  std::string call_url_;  ///< the URL as plugins see it, before their additions
  std::string sent_url_;
  std::chrono::microseconds vendor_time_{0};
};

}  // namespace penstock::call
