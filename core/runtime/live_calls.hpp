#pragma once

#include <memory>
#include <vector>

#include <boost/intrusive/list.hpp>

#include <penstock/error.hpp>

namespace penstock::host {
class Instance;
}

namespace penstock::runtime {

/// A call that can be ended from outside. Used on its loop only.
class LiveCall : public std::enable_shared_from_this<LiveCall>,
                 public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual ~LiveCall() = default;

  /// Ends the call with `error`, unless it has already ended.
  virtual void abort(Error error) = 0;

  /// Called when a function of this plugin instance does not return. Ends the call if it is in that
  /// function or waits for it.
  virtual void on_plugin_lost(const host::Instance& instance) = 0;
};

/// The calls of one loop that have begun and not ended. Used on that loop only.
class LiveCalls {
 public:
  void add(LiveCall& call) { calls_.push_back(call); }
  static void remove(LiveCall& call) { call.unlink(); }

  /// `visit` may end any call.
  template <class Visit>
  void for_each(Visit visit) {
    std::vector<std::shared_ptr<LiveCall>> held;
    for (LiveCall& call : calls_)
      held.push_back(call.shared_from_this());
    for (const auto& call : held)
      visit(*call);
  }

 private:
  boost::intrusive::list<LiveCall, boost::intrusive::constant_time_size<false>> calls_;
};

}  // namespace penstock::runtime
