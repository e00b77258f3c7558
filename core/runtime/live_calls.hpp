#pragma once

#include <memory>
#include <vector>

#include <boost/intrusive/list.hpp>

#include <penstock/error.hpp>

namespace penstock::runtime {
class Instance;
}

namespace penstock::runtime {

/// A call that may have to be ended from outside. Used on its loop only.
class LiveCall : public std::enable_shared_from_this<LiveCall>,
                 public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual ~LiveCall() = default;

  /// Ends the call with that error, unless it has ended.
  virtual void abort(Error error) = 0;

  /// A function of the plugin does not return. A call that is in it, or waits for it, ends.
  virtual void on_plugin_lost(const host::Instance& instance) = 0;
};

/// The calls of one loop that have begun and not ended. Used on the loop only.
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
