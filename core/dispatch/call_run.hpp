#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <penstock/engine.hpp>

#include "dispatch/answer_rules.hpp"
#include "dispatch/draft.hpp"
#include "dispatch/loop.hpp"
#include "dispatch/request.hpp"

namespace penstock::dispatch {

/// What all calls share.
struct CallContext {
  std::shared_ptr<const World> world;
  const Config* config = nullptr;
  std::shared_ptr<CredentialStore> store;
  boost::asio::thread_pool* blocking = nullptr;
  const std::vector<std::shared_ptr<Observer>>* observers = nullptr;
};

/// What a plugin's failure in prepare() means for the caller.
Error prepare_error(const host::PluginFailure& why, const loader::Plugin& plugin);

/// The life of one call, read from top to bottom:
///   start → (validated draft) → prepare ⇄ session → send → receive ─┬→ finish
///                                  ↑                                │
///                                  └── session expired, once ───────┘
/// Lives on one loop; each pending operation holds it.
class CallRun : public std::enable_shared_from_this<CallRun> {
 public:
  CallRun(CallContext context, Loop& loop, Call call, Engine::CallHandler handler);
  ~CallRun();

  void start();

 private:
  void prepare();
  void get_session(std::optional<session::FetchReply> challenge);
  void got_session(Result<session::SnapshotPtr> session);
  void send(host::Outcome outcome);
  void receive(Result<upstream::Reply> reply);
  void answer(upstream::Reply reply, const Judgement& judgement);
  void fail(Error error);
  void finish(Result<Answer> result);

  host::Env env() const;
  const host::State* session_in_use() const;

  CallContext context_;
  Loop& loop_;
  Call call_;
  Engine::CallHandler handler_;
  std::chrono::steady_clock::time_point started_, deadline_;

  Draft draft_;
  bool entered_ = false;  ///< holds one of the integration's places
  session::SnapshotPtr snapshot_;
  std::uint32_t attempt_ = 0;
  int session_rounds_ = 0;  ///< times that prepare() asked for a session
  bool renewed_after_answer_ = false;
  std::optional<boost::asio::steady_timer> session_timer_;
  bool session_pending_ = false;
  std::string sent_url_;
  std::chrono::microseconds vendor_time_{0};
};

}  // namespace penstock::dispatch
