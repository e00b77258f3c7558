// A function of a plugin that does not return: what becomes of its calls, of the others, and of the
// end.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <mutex>

#include <boost/asio/use_future.hpp>

#include "local_vendor.hpp"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::hibob_call;

constexpr seconds in_time{60};

class WatchdogTest : public ::testing::Test {
 protected:
  WatchdogTest() {
    EngineOptions options;
    options.threads = 1;  // every call meets the loop that hangs
    options.plugin_time_limit = milliseconds(500);
    options.on_trouble = [this](std::string_view sentence) {
      const std::scoped_lock lock(mutex);
      troubles += std::string(sentence) + "\n";
    };
    engine = testing::open_engine(
        testing::local_yaml(vendor, PENSTOCK_BINARY_DIR "/tests/engine/plugins") +
            "  - id: stuck:acme\n    tool: stuck\n    connection: { key: k }\n" +
            "    upstream: { connect_to: '" + vendor.address() + "', ca_file: '" +
            upstream::authority().file.string() + "' }\n",
        std::move(options));
  }

  static Call stuck_call(const std::string& path) {
    Call call = hibob_call(path);
    call.tool = "stuck";
    call.integration_id = "stuck:acme";
    return call;
  }

  std::future<Result<Response>> start(Call call) {
    return engine->async_call(std::move(call), boost::asio::use_future);
  }

  void expect_plugin_error(std::future<Result<Response>> future) {
    ASSERT_EQ(future.wait_for(in_time), std::future_status::ready);
    const Result<Response> result = future.get();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().http_status, 500);
    EXPECT_EQ(result.error().origin, Origin::plugin);
    EXPECT_NE(result.error().message.find("stuck 1.2.3"), std::string::npos)
        << result.error().message;
    EXPECT_NE(result.error().message.find("out of service"), std::string::npos)
        << result.error().message;
  }

  testing::LocalVendor vendor;
  std::mutex mutex;
  std::string troubles;
  std::unique_ptr<Engine> engine;
};

struct HangCase {
  const char* path;
  const char* function;
};

class HangTest : public WatchdogTest, public ::testing::WithParamInterface<HangCase> {};

TEST_P(HangTest, ends_its_calls_and_no_others) {
  auto hung = start(stuck_call(GetParam().path));
  // Behind it, on the same loop: one of the same plugin and one of another.
  auto behind = start(stuck_call("/fine"));
  auto other = start(hibob_call());
  expect_plugin_error(std::move(hung));
  ASSERT_EQ(other.wait_for(in_time), std::future_status::ready);
  EXPECT_EQ(other.get()->status, 200);
  ASSERT_EQ(behind.wait_for(in_time), std::future_status::ready);
  (void)behind.get();  // sent before the hang it is answered, else refused

  // From now on at once, before anything is sent.
  const int requests = vendor.requests();
  expect_plugin_error(start(stuck_call("/fine")));
  EXPECT_EQ(vendor.requests(), requests);
  EXPECT_FALSE(engine->validate(stuck_call("/fine")).has_value());
  EXPECT_EQ(start(hibob_call()).get()->status, 200);

  const auto out_of_service = engine->out_of_service();
  ASSERT_EQ(out_of_service.size(), 1U);
  EXPECT_NE(out_of_service[0].find("stuck 1.2.3"), std::string::npos);
  {
    const std::scoped_lock lock(mutex);
    EXPECT_NE(troubles.find("stuck 1.2.3"), std::string::npos) << troubles;
    EXPECT_NE(troubles.find(std::string(GetParam().function) + "()"), std::string::npos)
        << troubles;
  }
  const auto began = std::chrono::steady_clock::now();
  engine->stop(milliseconds(100));
  engine.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(30));
}

INSTANTIATE_TEST_SUITE_P(Functions, HangTest,
                         ::testing::Values(HangCase{"/hang-in-prepare", "prepare"},
                                           HangCase{"/hang-in-session", "session"},
                                           HangCase{"/hang-in-inspect", "inspect"}),
                         [](const auto& one) { return std::string(one.param.function); });

TEST_F(WatchdogTest, ends_the_calls_that_wait_for_a_session_which_will_not_come) {
  std::vector<std::future<Result<Response>>> waiting;
  for (int i = 0; i < 5; ++i)
    waiting.push_back(start(stuck_call("/with-session")));
  for (auto& one : waiting)
    expect_plugin_error(std::move(one));
}

TEST_F(WatchdogTest, ends_previews_too) {
  for (const bool with_session : {false, true}) {
    SCOPED_TRACE(with_session);
    std::promise<Result<Preview>> shown;
    auto future = shown.get_future();
    const auto handler = [&](Result<Preview> preview) { shown.set_value(std::move(preview)); };
    if (with_session) {
      engine->validate_with_session(stuck_call("/hang-in-prepare"), handler);
    } else {
      engine->validate(stuck_call("/hang-in-prepare"), handler);
    }
    ASSERT_EQ(future.wait_for(in_time), std::future_status::ready);
    const auto preview = future.get();
    ASSERT_FALSE(preview.has_value());
    EXPECT_EQ(preview.error().http_status, 500);
    EXPECT_NE(preview.error().message.find("out of service"), std::string::npos);
  }
}

TEST_F(WatchdogTest, ends_streamed_calls_too) {
  struct Peer final : ProxyPeer {
    void read(ReadHandler) override {}
    void interim(Response) override {}
    void head(Response) override {}
    void write(std::string, std::function<void(bool)> next) override { next(true); }
    void finish(Result<ProxyEnd> end) override { ended.set_value(std::move(end)); }
    std::promise<Result<ProxyEnd>> ended;
  };
  const auto peer = std::make_shared<Peer>();
  auto future = peer->ended.get_future();
  engine->proxy({stuck_call("/hang-in-inspect"), false, {}, false}, peer);
  ASSERT_EQ(future.wait_for(in_time), std::future_status::ready);
  EXPECT_EQ(future.get().error().http_status, 500);
}

/// The end does not wait for what will never come, though nobody has noticed yet.
TEST_F(WatchdogTest, lets_an_engine_end_in_the_middle_of_a_hang) {
  auto hung = start(stuck_call("/hang-in-prepare"));
  const auto began = std::chrono::steady_clock::now();
  engine.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(30));
  ASSERT_EQ(hung.wait_for(seconds(0)), std::future_status::ready);
  EXPECT_FALSE(hung.get().has_value());
}

/// A plugin that takes its time below the limit is left in peace, however often.
TEST_F(WatchdogTest, leaves_a_busy_engine_alone) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr int count = 100;  // within the time that a call has
#else
  constexpr int count = 1000;
#endif
  std::vector<std::future<Result<Response>>> calls;
  for (int i = 0; i < count; ++i)
    calls.push_back(start(hibob_call()));
  for (auto& one : calls) {
    const auto answer = one.get();
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
  }
  EXPECT_TRUE(engine->out_of_service().empty());
}

}  // namespace
}  // namespace penstock
