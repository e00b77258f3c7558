// Calls that their caller cancels: by Asio's cancellation slots, of each type, at each stage.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <variant>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "local_vendor.hpp"

namespace penstock {
namespace {

namespace asio = boost::asio;
using asio::cancellation_type;
using std::chrono::seconds;
using testing::hibob_call;

/// Long before the call's own deadline of 60 s, and kind to a busy machine.
constexpr seconds promptly{15};

class CancelTest : public ::testing::Test {
 protected:
  /// Starts a call that `signal` cancels.
  std::future<Result<Response>> start(Call call) {
    return engine->async_call(std::move(call),
                              asio::bind_cancellation_slot(signal.slot(), asio::use_future));
  }

  testing::LocalVendor vendor;
  std::unique_ptr<Engine> engine = testing::local_engine(vendor);
  asio::cancellation_signal signal;
};

TEST_F(CancelTest, a_timer_beside_the_call_ends_it) {
  using namespace asio::experimental::awaitable_operators;
  asio::io_context own;
  bool timer_won = false;
  const auto began = std::chrono::steady_clock::now();
  asio::co_spawn(
      own,
      [&]() -> asio::awaitable<void> {
        asio::steady_timer timer(own, std::chrono::milliseconds(300));
        Call call = hibob_call("/slow");
        auto called = engine->async_call(std::move(call), asio::use_awaitable);
        auto waited = timer.async_wait(asio::use_awaitable);
        auto both = std::move(called) || std::move(waited);
        const auto first = co_await std::move(both);
        timer_won = first.index() == 1;
      },
      asio::detached);
  own.run();
  EXPECT_TRUE(timer_won);
  EXPECT_LT(std::chrono::steady_clock::now() - began, promptly);
}

struct SentCase {
  const char* name;
  const char* method;
  cancellation_type type;
  Sent sent;
};

TEST_F(CancelTest, says_that_the_vendor_may_have_acted_on_what_was_sent) {
  const SentCase cases[] = {
      {"terminal, GET", "GET", cancellation_type::terminal, Sent::unknown},
      {"terminal, POST", "POST", cancellation_type::terminal, Sent::unknown},
      {"partial, POST", "POST", cancellation_type::partial, Sent::unknown},
      {"all, POST", "POST", cancellation_type::all, Sent::unknown},
      {"total, GET, which only reads", "GET", cancellation_type::total, Sent::unknown},
  };
  int requests = 0;
  for (const SentCase& one : cases) {
    SCOPED_TRACE(one.name);
    auto future = start(hibob_call("/slow", one.method));
    vendor.wait_for_requests(++requests);
    signal.emit(one.type);
    ASSERT_EQ(future.wait_for(promptly), std::future_status::ready);
    const Result<Response> result = future.get();
    ASSERT_FALSE(result.has_value());
    EXPECT_TRUE(result.error().cancelled) << result.error().message;
    EXPECT_NE(result.error().message.find("cancelled"), std::string::npos);
    EXPECT_EQ(result.error().sent, one.sent);
    EXPECT_EQ(result.error().origin, Origin::caller);
  }
}

/// Total cancellation promises that nothing has happened: of a POST that is sent nobody can.
TEST_F(CancelTest, leaves_a_sent_post_alone_where_only_total_cancellation_is_asked_for) {
  auto future = start(hibob_call("/slow", "POST"));
  vendor.wait_for_requests(1);
  signal.emit(cancellation_type::total);
  EXPECT_EQ(future.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  vendor.release();
  EXPECT_EQ(future.get()->status, 200);
}

TEST_F(CancelTest, a_terminal_request_goes_beyond_a_total_one) {
  auto future = start(hibob_call("/slow", "POST"));
  vendor.wait_for_requests(1);
  signal.emit(cancellation_type::total);
  signal.emit(cancellation_type::terminal);
  ASSERT_EQ(future.wait_for(promptly), std::future_status::ready);
  EXPECT_TRUE(future.get().error().cancelled);
}

TEST_F(CancelTest, sends_nothing_where_it_comes_first) {
  for (const auto type :
       {cancellation_type::terminal, cancellation_type::partial, cancellation_type::total}) {
    // The loop is kept busy until the request for cancellation is there.
    std::promise<void> go;
    const auto busy = go.get_future().share();
    for (std::size_t i = 0; i < engine->loops(); ++i)
      asio::post(engine->loop(i), [busy] { busy.wait(); });
    auto future = start(hibob_call("/slow", "POST"));
    signal.emit(type);
    go.set_value();
    ASSERT_EQ(future.wait_for(promptly), std::future_status::ready);
    const Result<Response> result = future.get();
    ASSERT_FALSE(result.has_value());
    EXPECT_TRUE(result.error().cancelled);
    EXPECT_EQ(result.error().sent, Sent::no);
  }
  EXPECT_EQ(vendor.requests(), 0);
}

/// The vendor is told by the end of the connection, and the place is free for another call.
TEST_F(CancelTest, leaves_nothing_behind) {
  for (int i = 1; i <= 20; ++i) {
    auto future = start(hibob_call("/slow", i % 2 == 0 ? "GET" : "POST"));
    vendor.wait_for_requests(i);
    signal.emit(cancellation_type::terminal);
    ASSERT_EQ(future.wait_for(promptly), std::future_status::ready);
    EXPECT_EQ(future.get().error().concurrency_slots.remaining, 999);  // all but its own
  }
  // With calls left over, this would take all of its time.
  const auto began = std::chrono::steady_clock::now();
  engine->stop(seconds(60));
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(30));
}

TEST_F(CancelTest, is_harmless_after_the_end_and_after_the_engine) {
  auto future = start(hibob_call());
  EXPECT_EQ(future.get()->status, 200);
  signal.emit(cancellation_type::terminal);
  engine.reset();
  signal.emit(cancellation_type::terminal);
}

/// Requests from a thread of their own, at every moment of a call's life; each handler runs once.
TEST_F(CancelTest, may_be_asked_for_on_another_thread) {
  constexpr int calls = 300;
  asio::io_context own;
  int cancelled = 0, answered = 0;
  for (int i = 0; i < calls; ++i) {
    asio::cancellation_signal one;
    std::atomic<int> completions{0};
    std::atomic<bool> was_cancelled{false};
    engine->async_call(
        hibob_call("/people", i % 2 == 0 ? "GET" : "POST"),
        asio::bind_cancellation_slot(one.slot(), [&](const Result<Response>& result) {
          was_cancelled = !result.has_value() && result.error().cancelled;
          ++completions;
        }));
    std::this_thread::sleep_for(std::chrono::microseconds(i * 7));
    one.emit(cancellation_type::terminal);
    while (completions == 0)
      std::this_thread::yield();
    EXPECT_EQ(completions, 1);
    was_cancelled ? ++cancelled : ++answered;
  }
  EXPECT_EQ(cancelled + answered, calls);
  EXPECT_GT(cancelled, 0);
}

}  // namespace
}  // namespace penstock
