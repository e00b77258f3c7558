#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/system_executor.hpp>

/// Adapts Asio completion handlers for the engine. Embedders do not use it directly.
namespace penstock::detail {

/// A type-erased completion handler that receives one T.
template <class T>
class Completion {
 public:
  /// Destroys this object, then runs the handler. Asio requires this order: memory from the
  /// handler's allocator is released before the handler runs.
  virtual void complete(T result) = 0;
  /// Destroys this object and the handler without running it.
  virtual void drop() noexcept = 0;

 protected:
  ~Completion() = default;
};

struct DropCompletion {
  template <class T>
  void operator()(Completion<T>* completion) const noexcept {
    completion->drop();
  }
};

template <class T>
using CompletionPtr = std::unique_ptr<Completion<T>, DropCompletion>;

/// Returns an executor or work guard that keeps its execution context running. A tracked executor
/// is preferred because its last copy can be destroyed safely: a strand is destroyed before the
/// work count drops. A work guard drops the work count first and destroys the strand after it, when
/// the strand's io_context may already be gone.
template <class Executor>
auto keep_at_work(const Executor& executor) {
  if constexpr (boost::asio::execution::is_executor<Executor>::value) {
    return boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
  } else {
    return boost::asio::make_work_guard(executor);
  }
}

/// Keeps the handler's executor running until the handler has been submitted to it, so an otherwise
/// idle io_context waits for the call. Allocated with the handler's own allocator. Once the work
/// guard is released, the context and the allocator may be gone, so neither is used after that.
template <class T, class Handler>
class HandlerCompletion final : public Completion<T> {
 public:
  static CompletionPtr<T> make(Handler handler) {
    Allocator allocator{boost::asio::get_associated_allocator(handler)};
    HandlerCompletion* const memory = Traits::allocate(allocator, 1);
    return CompletionPtr<T>(::new (static_cast<void*>(memory))
                                HandlerCompletion(std::move(handler)));
  }

  void complete(T result) override {
    [[maybe_unused]] const auto work = std::move(work_);
    Handler handler(std::move(handler_));
    end();
    // Called directly: the system executor terminates the process if the handler throws.
    if constexpr (std::is_same_v<Executor, boost::asio::system_executor>) {
      return std::move(handler)(std::move(result));
    }
    const auto executor = boost::asio::get_associated_executor(handler);
    const auto allocator = boost::asio::get_associated_allocator(handler);
    boost::asio::dispatch(
        executor, boost::asio::bind_allocator(allocator, [handler = std::move(handler),
                                                          result = std::move(result)]() mutable {
          std::move(handler)(std::move(result));
        }));
  }

  void drop() noexcept override {
    [[maybe_unused]] const auto work = std::move(work_);
    end();
  }

 private:
  using Executor = boost::asio::associated_executor_t<Handler>;
  using Allocator = typename std::allocator_traits<
      boost::asio::associated_allocator_t<Handler>>::template rebind_alloc<HandlerCompletion>;
  using Traits = std::allocator_traits<Allocator>;

  explicit HandlerCompletion(Handler handler)
      : work_(keep_at_work(boost::asio::get_associated_executor(handler))),
        handler_(std::move(handler)) {}
  ~HandlerCompletion() = default;

  void end() noexcept {
    Allocator allocator{boost::asio::get_associated_allocator(handler_)};
    this->~HandlerCompletion();
    Traits::deallocate(allocator, this, 1);
  }

  std::decay_t<decltype(keep_at_work(std::declval<const Executor&>()))> work_;
  Handler handler_;
};

/// Forwards the signal of a cancellation slot to the call. [any-thread]
class CancelRequest {
 public:
  using Listener = std::function<void(boost::asio::cancellation_type_t)>;

  /// Adds `types` to the requested cancellation types and notifies the listener.
  void ask(boost::asio::cancellation_type_t types) {
    const std::scoped_lock lock(mutex_);
    asked_ = asked_ | types;
    if (listener_) listener_(asked_);
  }

  /// Sets the listener. It runs on each ask(), and immediately if ask() was called before. Null
  /// removes it; when this returns, the old listener is not running.
  void listen(Listener listener) {
    const std::scoped_lock lock(mutex_);
    listener_ = std::move(listener);
    if (listener_ && asked_ != boost::asio::cancellation_type::none) listener_(asked_);
  }

 private:
  std::mutex mutex_;
  boost::asio::cancellation_type_t asked_ = boost::asio::cancellation_type::none;
  Listener listener_;
};

/// Connects the handler's cancellation slot; returns null if the handler has none.
template <class Handler>
std::shared_ptr<CancelRequest> cancel_request_of(const Handler& handler) {
  auto slot = boost::asio::get_associated_cancellation_slot(handler);
  if (!slot.is_connected()) return nullptr;
  auto request = std::make_shared<CancelRequest>();
  slot.assign([request](boost::asio::cancellation_type_t types) { request->ask(types); });
  return request;
}

}  // namespace penstock::detail
