// Completion tokens and handlers of every kind, for calls that succeed, fail at once, and come too
// late.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/execution/executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "local_vendor.hpp"

namespace penstock {
namespace {

namespace asio = boost::asio;
using testing::hibob_call;
using testing::invalid_call;

struct Outcome {
  std::string name;
  bool stopped;
  Call call;
  int status;  ///< of the answer, or of the error
};

int status_of(const Result<Response>& result) {
  return result ? result->status : result.error().http_status;
}

/// For each outcome of a call, an engine that gives it.
void for_each_outcome(const std::function<void(Engine&, const Outcome&)>& test) {
  testing::LocalVendor vendor;
  const auto running = testing::local_engine(vendor);
  const auto stopped = testing::local_engine(vendor);
  stopped->stop(std::chrono::milliseconds(0));
  for (const Outcome& one : {Outcome{"answered", false, hibob_call(), 200},
                             Outcome{"refused at once", false, invalid_call(), 400},
                             Outcome{"too late", true, hibob_call(), 503}}) {
    SCOPED_TRACE(one.name);
    test(one.stopped ? *stopped : *running, one);
  }
}

/// As an embedder's event loop: run() has to wait for the call by itself.
TEST(Completion, keeps_the_io_context_of_the_handlers_executor_at_work) {
  for_each_outcome([](Engine& engine, const Outcome& outcome) {
    asio::io_context own;
    int seen = 0;
    std::thread::id ran_on;
    engine.async_call(outcome.call, asio::bind_executor(own, [&](const Result<Response>& result) {
                        seen = status_of(result);
                        ran_on = std::this_thread::get_id();
                      }));
    own.run();
    EXPECT_EQ(seen, outcome.status);
    EXPECT_EQ(ran_on, std::this_thread::get_id());
  });
}

TEST(Completion, runs_on_a_strand) {
  for_each_outcome([](Engine& engine, const Outcome& outcome) {
    asio::io_context own;
    const auto strand = asio::make_strand(own);
    bool inside = false;
    engine.async_call(outcome.call, asio::bind_executor(strand, [&](const Result<Response>&) {
                        inside = strand.running_in_this_thread();
                      }));
    own.run();
    EXPECT_TRUE(inside);
  });
}

/// Counts its copies, and those that keep the context at work.
struct Ledger {
  std::atomic<int> copies = 0;
  std::atomic<int> at_work = 0;
  std::atomic<bool> begun = false;
  std::atomic<int> left_at_the_end = -1;  ///< copies, once nothing was at work any more
};

/// Runs what it is given at once, but not before the call has been begun: until then its thread has
/// copies of its own.
class CountedExecutor {
 public:
  explicit CountedExecutor(Ledger& ledger, bool tracked = false)
      : ledger_(&ledger), tracked_(tracked) {
    ++ledger_->copies;
    if (tracked_) ++ledger_->at_work;
  }
  CountedExecutor(const CountedExecutor& other) noexcept
      : CountedExecutor(*other.ledger_, other.tracked_) {}
  CountedExecutor& operator=(const CountedExecutor&) = delete;
  ~CountedExecutor() {
    const int copies = --ledger_->copies;
    if (tracked_ && --ledger_->at_work == 0) ledger_->left_at_the_end = copies;
  }

  template <class Function>
  void execute(Function&& function) const {
    ledger_->begun.wait(false);
    std::forward<Function>(function)();
  }
  CountedExecutor require(asio::execution::outstanding_work_t::tracked_t) const {
    return CountedExecutor(*ledger_, true);
  }
  CountedExecutor require(asio::execution::outstanding_work_t::untracked_t) const {
    return CountedExecutor(*ledger_, false);
  }
  static constexpr asio::execution::outstanding_work_t
  query(asio::execution::outstanding_work_t) noexcept {
    return asio::execution::outstanding_work.untracked;
  }
  friend bool operator==(const CountedExecutor& a, const CountedExecutor& b) noexcept {
    return a.ledger_ == b.ledger_ && a.tracked_ == b.tracked_;
  }
  friend bool operator!=(const CountedExecutor& a, const CountedExecutor& b) noexcept {
    return !(a == b);
  }

 private:
  Ledger* ledger_;
  bool tracked_;
};
static_assert(asio::execution::is_executor<CountedExecutor>::value);

/// An embedder's io_context may end, and be destroyed, as soon as no work is left.
TEST(Completion, leaves_no_executor_behind_that_outlives_its_work) {
  for_each_outcome([](Engine& engine, const Outcome& outcome) {
    Ledger ledger;
    std::promise<int> seen;
    {
      const CountedExecutor executor(ledger);
      engine.async_call(outcome.call,
                        asio::bind_executor(executor, [&](const Result<Response>& result) {
                          seen.set_value(status_of(result));
                        }));
      ledger.begun = true;
      ledger.begun.notify_all();
      EXPECT_EQ(seen.get_future().get(), outcome.status);
      const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      while (ledger.left_at_the_end < 0 && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
      EXPECT_EQ(ledger.left_at_the_end, 1) << "the one of the caller";
    }
    EXPECT_EQ(ledger.copies, 0);
  });
}

TEST(Completion, takes_every_token) {
  for_each_outcome([](Engine& engine, const Outcome& outcome) {
    EXPECT_EQ(status_of(engine.async_call(outcome.call, asio::use_future).get()), outcome.status);

    auto later = engine.async_call(outcome.call, asio::deferred);
    EXPECT_EQ(status_of(std::move(later)(asio::use_future).get()), outcome.status);

    engine.async_call(outcome.call, asio::detached);

    asio::io_context own;
    int awaited = 0, as_a_tuple = 0;
    asio::co_spawn(
        own,
        [&]() -> asio::awaitable<void> {
          Call first = outcome.call, second = outcome.call;
          const Result<Response> one =
              co_await engine.async_call(std::move(first), asio::use_awaitable);
          awaited = status_of(one);
          constexpr auto tuple_token = asio::as_tuple(asio::use_awaitable);
          const auto all = co_await engine.async_call(std::move(second), tuple_token);
          as_a_tuple = status_of(std::get<0>(all));
        },
        asio::detached);
    own.run();
    EXPECT_EQ(awaited, outcome.status);
    EXPECT_EQ(as_a_tuple, outcome.status);

    std::promise<int> plain;
    engine.start(outcome.call,
                 [&](const Result<Response>& result) { plain.set_value(status_of(result)); });
    EXPECT_EQ(plain.get_future().get(), outcome.status);
  });
}

TEST(Completion, takes_a_handler_that_can_only_be_moved) {
  for_each_outcome([](Engine& engine, const Outcome& outcome) {
    std::promise<int> seen;
    auto owned = std::make_unique<std::promise<int>*>(&seen);
    engine.async_call(outcome.call, [owned = std::move(owned)](const Result<Response>& result) {
      (*owned)->set_value(status_of(result));
    });
    EXPECT_EQ(seen.get_future().get(), outcome.status);
  });
}

struct Counts {
  std::atomic<int> allocated{0}, live{0};
};

template <class T>
struct CountingAllocator {
  using value_type = T;
  explicit CountingAllocator(Counts& the_counts) : counts(&the_counts) {}
  template <class U>
  CountingAllocator(const CountingAllocator<U>& other) : counts(other.counts) {}
  T* allocate(std::size_t n) {
    ++counts->allocated;
    ++counts->live;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* memory, std::size_t n) {
    --counts->live;
    std::allocator<T>().deallocate(memory, n);
  }
  template <class U>
  bool operator==(const CountingAllocator<U>& other) const {
    return counts == other.counts;
  }
  Counts* counts;
};

TEST(Completion, uses_the_handlers_allocator_and_gives_its_memory_back_before_the_handler_runs) {
  for_each_outcome([](Engine& engine, const Outcome& outcome) {
    Counts counts;
    asio::io_context own;
    int live_inside = -1;
    engine.async_call(outcome.call,
                      asio::bind_executor(own, asio::bind_allocator(CountingAllocator<char>(counts),
                                                                    [&](const Result<Response>&) {
                                                                      live_inside = counts.live;
                                                                    })));
    own.run();
    EXPECT_GT(counts.allocated, 0);
    EXPECT_EQ(live_inside, 0);
    EXPECT_EQ(counts.live, 0);
  });
}

/// Each handler makes the next call, on the engine's loop: neither inside the function that starts
/// it nor on an ever deeper stack.
TEST(Completion, of_a_call_that_fails_at_once_never_runs_inside_the_initiating_function) {
  constexpr int depth = 100'000;
  testing::LocalVendor vendor;
  const auto engine = testing::local_engine(vendor);
  struct Chain {
    Engine& engine;
    int left;
    bool initiating = false, nested = false;
    std::promise<void> done;

    void next() {
      initiating = true;
      engine.async_call(invalid_call(), [this](const Result<Response>&) {
        nested = nested || initiating;
        if (--left == 0) return done.set_value();
        next();
      });
      initiating = false;
    }
  } chain{*engine, depth, false, false, {}};
  asio::post(engine->loop(0), [&] { chain.next(); });
  chain.done.get_future().get();
  EXPECT_FALSE(chain.nested);
}

TEST(Completion, of_the_other_functions_does_not_run_inside_them_either) {
  for_each_outcome([](Engine& engine, const Outcome& outcome) {
    if (outcome.status == 200) return;
    struct Peer final : ProxyPeer {
      void read(ReadHandler) override {}
      void interim(Response) override {}
      void head(Response) override {}
      void write(std::string, std::function<void(bool)>) override {}
      void finish(Result<ProxyEnd>) override { done(); }
      std::function<void()> done;
    };
    const std::function<void(std::function<void()>)> starts[] = {
        [&](auto done) { engine.start(outcome.call, [=](auto) { done(); }); },
        [&](auto done) { engine.validate(outcome.call, [=](auto) { done(); }); },
        [&](auto done) { engine.validate_with_session(outcome.call, [=](auto) { done(); }); },
        [&](auto done) { engine.verify("no-such-integration", [=](auto) { done(); }); },
        [&](auto done) {
          const auto peer = std::make_shared<Peer>();
          peer->done = done;
          engine.proxy({outcome.call, false, {}, false}, peer);
        },
    };
    for (const auto& start : starts) {
      std::promise<void> ended;
      std::atomic<std::thread::id> inside{std::this_thread::get_id()};
      bool nested = false;
      start([&] {
        nested = inside.load() == std::this_thread::get_id();
        ended.set_value();
      });
      ended.get_future().get();
      EXPECT_FALSE(nested);
    }
  });
}

}  // namespace
}  // namespace penstock
