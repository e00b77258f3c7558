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
#include "runtime/world.hpp"
#include "session/environment.hpp"
#include "session/renewal_gate.hpp"

namespace penstock::call {

/// What all calls of an engine share. Outlives them.
struct CallContext {
  const Config* config = nullptr;
  std::shared_ptr<CredentialStore> store;
  boost::asio::thread_pool* blocking = nullptr;
  std::shared_ptr<session::RenewalGate> renewals;
  std::vector<std::shared_ptr<Observer>> observers;
  runtime::Trouble trouble;
  runtime::InFlight calls;
  runtime::InFlight background;  ///< renewals, which outlive their calls

  /// Counts a renewal as long as the result lives.
  std::shared_ptr<void> hold() {
    background.enter();
    return std::shared_ptr<void>(nullptr, [this](void*) { background.leave(); });
  }
};

/// What a plugin's failure in prepare() means for the caller.
Error prepare_error(const host::PluginFailure& why, const loader::Plugin& plugin);

/// The life of one call, read from top to bottom:
///   start → (validated draft) → prepare ⇄ session → send → receive ─┬→ finish
///                                  ↑                                │
///                                  ├── session expired, once ───────┤
///                                  └── transient, once ─────────────┘
/// With a peer the bodies stream: the same steps, but that the answer passes a gate to the caller
/// as it comes. Lives on one loop; each pending operation holds it.
///
/// It is one of context.calls from its making to its end, and among its loop's live calls from
/// start() to its end. What comes after the end (an abort, a cancellation) finds ended_ and does
/// nothing.
class CallRun final : public runtime::LiveCall {
 public:
  using Completion = detail::CompletionPtr<Result<Response>>;

  /// `world` is the moment that the call is judged against. context.calls was entered.
  CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
          runtime::Loop& loop, Call call, Completion completion);
  CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
          runtime::Loop& loop, ProxyCall call, std::shared_ptr<ProxyPeer> peer);
  /// A call that goes up to sending, and no further.
  CallRun(CallContext& context, std::shared_ptr<const runtime::Registry> registry,
          runtime::Loop& loop, Call call, Engine::PreviewHandler handler);
  ~CallRun() override;

  void start();

  /// Lets `request` cancel the call. Before start(). [any-thread]
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
  std::optional<Error> held_back() const;
  void get_body();
  std::string boundary() const;
  void prepare();
  void get_session(std::optional<session::FetchResponse> challenge);
  session::SessionRequest need() const;
  std::shared_ptr<session::Environment> session_environment() const;
  void refresh_early() const;
  void got_session(Result<session::SnapshotPtr> session);
  void send(host::Outcome outcome);
  void show(SignedRequest request);
  void receive(Result<upstream::Response> response);
  host::Outcome ask_plugin();
  host::CallInput plugin_input() const;
  void hear(const host::Outcome& outcome);
  Classification classify(const upstream::Response& response);
  bool must_repeat(const Classification& classification);
  bool must_renew(const Classification& classification) const;
  bool ends_session(const Classification& classification) const;
  bool renews_when_due();
  bool may_use_due_session() const;
  std::chrono::steady_clock::time_point session_deadline() const;
  void note_unreachable(const Error& error);
  void record_outcome(const upstream::Response& response, const Classification& classification);
  void drop_refused_session(const Classification& classification);
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
  const host::State* session_in_use() const;

  CallContext& context_;
  std::shared_ptr<const runtime::Registry> registry_;
  runtime::Loop& loop_;
  Call call_;
  bool ended_ = false;
  std::optional<Phase> in_plugin_;  ///< a function of the plugin is running, in that phase
  bool sending_ = false;            ///< the client has the request
  std::shared_ptr<detail::CancelRequest> cancel_request_;  ///< null: nobody can cancel
  std::shared_ptr<std::atomic<upstream::Cancel>> cancel_;  ///< null together with it
  Completion completion_;                                  ///< of a call without a peer
  Engine::PreviewHandler preview_;                         ///< of one that is not sent
  std::shared_ptr<ProxyPeer> peer_;                        ///< of a streamed call
  bool streams_body_ = false;  ///< the caller's body goes to the vendor as it comes
  std::optional<std::uint64_t> body_length_;
  bool takes_trailers_ = false;
  std::shared_ptr<ResponseBuffer> buffer_;
  Response head_;  ///< what the peer was given
  std::vector<Field> trailers_;
  std::chrono::steady_clock::time_point started_, deadline_;

  PreparedCall prepared_;
  bool entered_ = false;  ///< holds one of the integration's places
  session::SnapshotPtr snapshot_;
  const host::State* used_session_ = nullptr;  ///< by prepare(); lives in snapshot_
  std::uint32_t prepare_count_ = 0;            ///< times that prepare() was called
  std::uint64_t session_seq_ = 0;              ///< of the last one; see pst_env
  int session_rounds_ = 0;                     ///< times that prepare() asked for a session
  bool renewed_when_due_ = false;              ///< or tried to
  bool renewed_after_answer_ = false;
  bool retried_ = false;        ///< once is enough for what the plugin calls transient
  bool repeats_as_is_ = false;  ///< the repeat that comes next is a retry, not a renewal
  Sent reached_ = Sent::no;     ///< by requests of this call that are over
  std::optional<boost::asio::steady_timer> session_timer_;
  bool session_pending_ = false;
  std::string call_url_;  ///< as plugins see it: before they add anything
  std::string sent_url_;
  std::chrono::microseconds vendor_time_{0};
};

}  // namespace penstock::call
