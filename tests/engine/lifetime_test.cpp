// docs/embedding.md, "Lifetimes and threads", line by line: how an engine may end, what handlers,
// observers, stores and peers may do, and what it leaves alone of the process it lives in.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "local_vendor.hpp"

namespace penstock {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::hibob_call;
using testing::local_engine;

constexpr seconds in_time{60};

/// Counts the completions of calls that the vendor holds back.
struct Completions {
  std::mutex mutex;
  std::vector<int> times;  ///< of each call
  std::vector<Error> errors;

  explicit Completions(int calls) : times(static_cast<std::size_t>(calls), 0) {}

  void start(Engine& engine, const std::string& path = "/slow") {
    for (std::size_t i = 0; i < times.size(); ++i) {
      engine.async_call(hibob_call(path), [this, i](const Result<Response>& result) {
        const std::scoped_lock lock(mutex);
        ++times[i];
        if (!result) errors.push_back(result.error());
      });
    }
  }

  void expect_one_error_each() {
    const std::scoped_lock lock(mutex);
    for (std::size_t i = 0; i < times.size(); ++i)
      EXPECT_EQ(times[i], 1) << "call " << i;
    EXPECT_EQ(errors.size(), times.size());
    for (const Error& error : errors) {
      EXPECT_EQ(error.http_status, 503) << error.message;
      EXPECT_NE(error.message.find("stopping"), std::string::npos) << error.message;
    }
  }
};

// --- The end ---------------------------------------------------------------------------------

TEST(Lifetime, destruction_ends_each_call_in_flight_once_with_an_error) {
  testing::LocalVendor vendor;
  auto engine = local_engine(vendor);
  Completions calls(50);
  calls.start(*engine);
  vendor.wait_for_requests(1);
  engine.reset();
  calls.expect_one_error_each();
}

TEST(Lifetime, what_was_sent_when_the_engine_ended_may_have_been_acted_on) {
  testing::LocalVendor vendor;
  auto engine = local_engine(vendor);
  auto future = engine->async_call(hibob_call("/slow", "POST"), asio::use_future);
  vendor.wait_for_requests(1);
  engine.reset();
  EXPECT_EQ(future.get().error().sent, Sent::unknown);
}

TEST(Lifetime, stop_waits_for_calls_in_flight_up_to_its_grace) {
  testing::LocalVendor vendor;
  const auto engine = local_engine(vendor);
  auto future = engine->async_call(hibob_call("/slow"), asio::use_future);
  vendor.wait_for_requests(1);
  std::thread releasing([&] {
    std::this_thread::sleep_for(milliseconds(50));
    vendor.release();
  });
  engine->stop(in_time);
  releasing.join();
  EXPECT_EQ(future.get()->status, 200);
}

TEST(Lifetime, stop_after_its_grace_ends_what_is_left) {
  testing::LocalVendor vendor;
  const auto engine = local_engine(vendor);
  Completions calls(20);
  calls.start(*engine);
  engine->stop(milliseconds(20));
  calls.expect_one_error_each();
}

TEST(Lifetime, stop_may_be_called_again_and_by_many_threads_at_once) {
  for (int round = 0; round < 20; ++round) {
    testing::LocalVendor vendor;
    const auto engine = local_engine(vendor);
    Completions calls(10);
    calls.start(*engine);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        engine->stop(milliseconds(5));
        calls.expect_one_error_each();  // each returns when it is done
      });
    for (std::thread& thread : threads)
      thread.join();
    engine->stop(milliseconds(0));
  }
}

TEST(Lifetime, stop_in_a_handler_on_a_loop_returns_and_is_done_behind_it) {
  testing::LocalVendor vendor;
  auto engine = local_engine(vendor);
  Completions calls(20);
  calls.start(*engine);
  vendor.wait_for_requests(1);
  std::promise<void> returned;
  engine->async_call(hibob_call(), [&](const Result<Response>&) {
    engine->stop(milliseconds(0));
    engine->stop(seconds(5));
    returned.set_value();
  });
  ASSERT_EQ(returned.get_future().wait_for(in_time), std::future_status::ready);
  engine->stop(milliseconds(0));  // waits for the end that the handler began
  calls.expect_one_error_each();
  EXPECT_EQ(engine->async_call(hibob_call(), asio::use_future).get().error().http_status, 503);
}

TEST(Lifetime, the_last_reference_may_be_dropped_in_a_handler_on_a_loop) {
  for (int round = 0; round < 20; ++round) {
    testing::LocalVendor vendor;
    std::shared_ptr<Engine> engine = local_engine(vendor);
    const auto calls = std::make_shared<Completions>(10);
    calls->start(*engine);
    vendor.wait_for_requests(1);
    std::promise<void> dropped;
    Engine& raw = *engine;
    raw.async_call(hibob_call(), [&dropped, engine = std::move(engine)](auto) mutable {
      engine.reset();
      dropped.set_value();
    });
    ASSERT_EQ(dropped.get_future().wait_for(in_time), std::future_status::ready);
    const auto end = std::chrono::steady_clock::now() + in_time;
    const auto all = [&] {
      const std::scoped_lock lock(calls->mutex);
      return std::ranges::count(calls->times, 0) == 0;
    };
    while (!all() && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    calls->expect_one_error_each();
  }
}

TEST(Lifetime, an_engine_may_end_in_a_handler_that_was_too_late_for_a_loop) {
  testing::LocalVendor vendor;
  std::shared_ptr<Engine> engine = local_engine(vendor);
  engine->stop(milliseconds(0));
  std::promise<void> dropped;
  Engine& raw = *engine;
  raw.async_call(hibob_call(), [&dropped, engine = std::move(engine)](auto) mutable {
    engine.reset();
    dropped.set_value();
  });
  EXPECT_EQ(dropped.get_future().wait_for(in_time), std::future_status::ready);
}

TEST(Lifetime, a_handler_that_calls_again_at_the_end_is_told_so) {
  testing::LocalVendor vendor;
  auto engine = local_engine(vendor);
  std::promise<int> second;
  Engine& raw = *engine;
  raw.async_call(hibob_call("/slow"), [&](const Result<Response>&) {
    raw.async_call(hibob_call(), [&](const Result<Response>& result) {
      second.set_value(result ? 200 : result.error().http_status);
    });
  });
  vendor.wait_for_requests(1);
  engine.reset();
  EXPECT_EQ(second.get_future().get(), 503);
}

TEST(Lifetime, a_handler_that_always_calls_again_does_not_keep_the_engine_alive) {
  testing::LocalVendor vendor;
  auto engine = local_engine(vendor);
  struct Again {
    Engine& engine;
    void operator()(const Result<Response>&) const {
      engine.async_call(hibob_call(), Again{engine});
    }
  };
  engine->async_call(hibob_call(), Again{*engine});
  engine.reset();
}

// --- exit() ----------------------------------------------------------------------------------

struct ExitCase {
  const char* name;
  void (*run)(testing::LocalVendor& vendor);
};

/// Keeps two loops busy until the process is gone.
void keep_calling(Engine& engine) {
  engine.async_call(hibob_call(), [&engine](auto) { keep_calling(engine); });
}

/// A static object as exit() destroys it, and who still uses it then.
struct InUse {
  ~InUse() {
    if (users > 0) std::_Exit(1);
  }
  std::atomic<int> users{0};
};

InUse& in_use() {
  static InUse one;
  return one;
}

void keep_being_refused(Engine& engine) {
  engine.async_call(hibob_call(), [&engine](auto) {
    ++in_use().users;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    --in_use().users;
    keep_being_refused(engine);
  });
}

/// Takes half a second to save, once that is said.
struct SlowStore final : CredentialStore {
  Result<std::optional<StoredState>> load(const std::string&) override {
    return std::optional<StoredState>();
  }
  Result<std::uint64_t> save(const std::string&, const StoredState&, std::uint64_t) override {
    if (!slow) return std::uint64_t{1};
    ++in_use().users;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    --in_use().users;
    return failure(Error());
  }
  std::atomic<bool> slow{false};
};

/// Takes half a second to be destroyed, with the engine.
struct SlowlyClosedStore final : CredentialStore {
  ~SlowlyClosedStore() override {
    ++in_use().users;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    --in_use().users;
  }
  Result<std::optional<StoredState>> load(const std::string&) override {
    return std::optional<StoredState>();
  }
  Result<std::uint64_t> save(const std::string&, const StoredState&, std::uint64_t) override {
    return std::uint64_t{1};
  }
};

/// A call that needs a session.
std::unique_ptr<Engine> open_workday(const testing::LocalVendor& vendor, EngineOptions options) {
  std::string yaml = testing::local_yaml(vendor);
  yaml.replace(yaml.find("hibob:acme"), 10, "workday:acme");
  yaml.replace(yaml.find("tool: hibob"), 11, "tool: workday");
  const std::string connection = "{ service_user_id: a, token: b }";
  yaml.replace(yaml.find(connection), connection.size(),
               "{ domain: wd5-impl-services1.workday.com, tenant: acme, client_id: c, "
               "client_secret: s, refresh_token: r }");
  return testing::open_engine(yaml, std::move(options));
}

Call workday_call() {
  Call call = hibob_call("/workers");
  call.tool = "workday";
  call.api = "rest";
  call.integration_id = "workday:acme";
  call.api_options = options({{"service_name", "staffing"}});
  return call;
}

std::unique_ptr<Engine>& static_engine() {
  static std::unique_ptr<Engine> engine;
  return engine;
}

const ExitCase exit_cases[] = {
    {"on_the_main_thread",
     [](testing::LocalVendor& vendor) {
       const auto engine = local_engine(vendor);
       for (int i = 0; i < 20; ++i)
         keep_calling(*engine);
       vendor.wait_for_requests(100);
       std::exit(7);
     }},
    {"in_a_handler_on_a_loop",
     [](testing::LocalVendor& vendor) {
       const auto engine = local_engine(vendor);
       for (int i = 0; i < 20; ++i)
         keep_calling(*engine);
       vendor.wait_for_requests(100);
       engine->async_call(hibob_call(), [](auto) { std::exit(7); });
       for (;;)
         ::pause();
     }},
    {"with_a_static_engine",
     [](testing::LocalVendor& vendor) {
       static_engine() = local_engine(vendor);
       for (int i = 0; i < 20; ++i)
         keep_calling(*static_engine());
       vendor.wait_for_requests(100);
       std::exit(7);
     }},
    {"while_refused_calls_are_handled",
     [](testing::LocalVendor& vendor) {
       in_use();
       const auto engine = local_engine(vendor);
       engine->stop(std::chrono::milliseconds(0));
       keep_being_refused(*engine);
       while (in_use().users == 0)
         std::this_thread::yield();
       std::exit(7);
     }},
    {"while_the_store_saves",
     [](testing::LocalVendor& vendor) {
       in_use();
       const auto store = std::make_shared<SlowStore>();
       EngineOptions options;
       options.store = store;
       const auto engine = open_workday(vendor, std::move(options));
       store->slow = true;
       engine->async_call(workday_call(), [](auto) {});
       while (in_use().users == 0)
         std::this_thread::yield();
       std::exit(7);
     }},
    {"while_an_engine_ends_behind_a_handler",
     [](testing::LocalVendor& vendor) {
       std::shared_ptr<Engine> engine = local_engine(vendor);
       std::promise<void> dropped;
       Engine& raw = *engine;
       raw.async_call(hibob_call(), [&dropped, engine = std::move(engine)](auto) mutable {
         engine.reset();
         dropped.set_value();
       });
       dropped.get_future().get();
       std::exit(7);
     }},
    {"while_an_ended_engine_is_destroyed",
     [](testing::LocalVendor& vendor) {
       in_use();
       EngineOptions options;
       options.store = std::make_shared<SlowlyClosedStore>();
       std::shared_ptr<Engine> engine =
           testing::open_engine(testing::local_yaml(vendor), std::move(options));
       Engine& raw = *engine;
       raw.async_call(hibob_call(), [engine = std::move(engine)](auto) mutable { engine.reset(); });
       while (in_use().users == 0)
         std::this_thread::yield();
       std::exit(7);
     }},
#if !defined(                                                                                      \
    __SANITIZE_ADDRESS__)  // whose allocator may be locked in the child by a thread it has not
    {"in_a_forked_child",
     [](testing::LocalVendor& vendor) {
       const auto engine = local_engine(vendor);
       keep_calling(*engine);
       vendor.wait_for_requests(10);
       const pid_t child = ::fork();
       if (child == 0) std::exit(3);
       int status = 0;
       ::waitpid(child, &status, 0);
       std::exit(WIFEXITED(status) && WEXITSTATUS(status) == 3 ? 7 : 1);
     }},
#endif
};

#if defined(__SANITIZE_THREAD__)
/// A process that exits in the middle of calls has waited for its threads, but joined none.
extern "C" const char* __tsan_default_options() { return "report_thread_leaks=0"; }
#endif

class ExitTest : public ::testing::TestWithParam<ExitCase> {};

/// Ends with the process, after the engines in it and before OpenSSL, which its threads use.
testing::LocalVendor& vendor_until_exit() {
  static testing::LocalVendor* vendor;
  static pid_t process;
  vendor = new testing::LocalVendor;
  process = ::getpid();
  std::atexit([] {
    if (::getpid() == process) delete vendor;
  });
  return *vendor;
}

TEST_P(ExitTest, keeps_its_code_while_calls_run) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(GetParam().run(vendor_until_exit()), ::testing::ExitedWithCode(7), "");
}

INSTANTIATE_TEST_SUITE_P(Lifetime, ExitTest, ::testing::ValuesIn(exit_cases),
                         [](const auto& one) { return std::string(one.param.name); });

// --- What throws -----------------------------------------------------------------------------

/// Takes down what the engine could tell nobody else.
class Troubles {
 public:
  EngineOptions options() {
    EngineOptions out;
    out.on_trouble = [this](std::string_view sentence) {
      const std::scoped_lock lock(mutex_);
      text_ += std::string(sentence) + "\n";
    };
    return out;
  }
  std::string text() {
    const std::scoped_lock lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

/// Ends its engine where it is called.
struct StoppingObserver final : Observer {
  void on_response(const Call&, const Response&) override { stop(); }
  void on_error(const Call&, const Error&) override {}
  void stop() {
    engine->stop(seconds(5));
    engine->stop(milliseconds(0));
    returned.set_value();
  }
  Engine* engine = nullptr;
  std::promise<void> returned;
};

TEST(Lifetime, stop_in_an_observer_returns_and_is_done_behind_it) {
  testing::LocalVendor vendor;
  const auto observer = std::make_shared<StoppingObserver>();
  EngineOptions options;
  options.observers = {observer};
  const auto engine = local_engine(vendor, std::move(options));
  observer->engine = engine.get();
  Completions calls(20);
  calls.start(*engine);
  vendor.wait_for_requests(1);
  engine->async_call(hibob_call(), [](auto) {});
  ASSERT_EQ(observer->returned.get_future().wait_for(in_time), std::future_status::ready);
  engine->stop(milliseconds(0));  // waits for the end that the observer began
  calls.expect_one_error_each();
}

/// Ends its engine in lease(), which runs on the thread for what may block.
struct StoppingStore final : CredentialStore {
  Result<std::optional<StoredState>> load(const std::string& key) override {
    return kept->load(key);
  }
  Result<std::uint64_t> save(const std::string& key, const StoredState& state,
                             std::uint64_t fence) override {
    return kept->save(key, state, fence);
  }
  Result<std::optional<Lease>> lease(const std::string& key) override {
    if (!stopped.exchange(true)) {
      engine->stop(milliseconds(0));
      returned.set_value();
    }
    return kept->lease(key);
  }
  Engine* engine = nullptr;
  std::atomic<bool> stopped{false};
  std::promise<void> returned;
  std::unique_ptr<CredentialStore> kept = make_memory_store();
};

TEST(Lifetime, stop_in_a_store_returns_and_is_done_behind_it) {
  testing::LocalVendor vendor;
  const auto store = std::make_shared<StoppingStore>();
  EngineOptions options;
  options.store = store;
  const auto engine = open_workday(vendor, std::move(options));
  store->engine = engine.get();
  auto call = engine->async_call(workday_call(), asio::use_future);
  ASSERT_EQ(store->returned.get_future().wait_for(in_time), std::future_status::ready);
  engine->stop(milliseconds(0));  // waits for the end that the store began
  ASSERT_EQ(call.wait_for(seconds(0)), std::future_status::ready);
  EXPECT_EQ(call.get().error().http_status, 503);
}

TEST(Throwing, handlers_harm_no_other_call_and_are_told) {
  testing::LocalVendor vendor;
  Troubles troubles;
  const auto engine = local_engine(vendor, troubles.options());
  for (int i = 0; i < 20; ++i) {
    engine->start(hibob_call(), [](auto) { throw std::runtime_error("plain"); });
    engine->async_call(hibob_call("/people", "POST"), [](auto) { throw 42; });
    engine->async_call(testing::invalid_call(), [](auto) { throw std::runtime_error("early"); });
    engine->validate(hibob_call(), [](auto) { throw std::runtime_error("preview"); });
    asio::post(engine->loop(0), [] { throw std::runtime_error("posted"); });
    EXPECT_EQ(engine->async_call(hibob_call(), asio::use_future).get()->status, 200);
  }
  engine->stop(in_time);  // no call was lost count of
  for (const char* said : {"plain", "other than a std::exception", "early", "preview", "posted"})
    EXPECT_NE(troubles.text().find(said), std::string::npos) << said;
}

struct ThrowingObserver final : Observer {
  void on_response(const Call&, const Response&) override { throw std::runtime_error("observing"); }
  void on_error(const Call&, const Error&) override { throw 1; }
};

struct CountingObserver final : Observer {
  void on_response(const Call&, const Response&) override { ++seen; }
  void on_error(const Call&, const Error&) override { ++seen; }
  std::atomic<int> seen{0};
};

TEST(Throwing, observers_keep_the_result_from_nobody) {
  testing::LocalVendor vendor;
  Troubles troubles;
  EngineOptions options = troubles.options();
  const auto behind = std::make_shared<CountingObserver>();
  options.observers = {std::make_shared<ThrowingObserver>(), behind};
  const auto engine = local_engine(vendor, std::move(options));
  EXPECT_EQ(engine->async_call(hibob_call(), asio::use_future).get()->status, 200);
  EXPECT_EQ(engine->async_call(testing::invalid_call(), asio::use_future).get().error().http_status,
            400);
  EXPECT_EQ(behind->seen, 2);
  EXPECT_NE(troubles.text().find("an observer threw an exception: observing"), std::string::npos);
}

/// Throws in one of its functions once `armed`.
struct ThrowingStore final : CredentialStore {
  explicit ThrowingStore(std::string the_place) : place(std::move(the_place)) {}
  void at(const char* where) {
    if (!armed || place != where) return;
    if (thrown++ % 2 == 0) throw std::runtime_error("in " + place);
    throw 42;
  }
  Result<std::optional<StoredState>> load(const std::string& key) override {
    at("load");
    return kept->load(key);
  }
  Result<std::uint64_t> save(const std::string& key, const StoredState& state,
                             std::uint64_t fence) override {
    at("save");
    return kept->save(key, state, fence);
  }
  Result<std::optional<Lease>> lease(const std::string& key) override {
    at("lease");
    return kept->lease(key);
  }
  void release(const std::string& key, std::uint64_t fence) override {
    at("release");
    kept->release(key, fence);
  }
  std::string place;
  std::atomic<bool> armed{false};
  std::atomic<int> thrown{0};
  std::unique_ptr<CredentialStore> kept = make_memory_store();
};

TEST(Throwing, stores_fail_the_call_that_needs_them_and_no_other) {
  for (const char* place : {"lease", "save", "release"}) {
    testing::LocalVendor vendor;
    const auto store = std::make_shared<ThrowingStore>(place);
    EngineOptions options;
    options.store = store;
    const auto engine = open_workday(vendor, std::move(options));
    store->armed = true;
    for (int i = 0; i < 2; ++i) {
      auto call = engine->async_call(workday_call(), asio::use_future);
      ASSERT_EQ(call.wait_for(in_time), std::future_status::ready) << place;
      const Result<Response> result = call.get();
      ASSERT_FALSE(result.has_value()) << place;
      if (place == std::string("release")) continue;  // its call has had its result
      EXPECT_NE(result.error().message.find("the credential store threw an exception"),
                std::string::npos)
          << place << ": " << result.error().message;
      EXPECT_EQ(result.error().sent, Sent::no);
    }
    engine->stop(milliseconds(0));
    EXPECT_GE(store->thrown, 1) << place;
  }
}

TEST(Throwing, a_store_that_throws_at_the_start_is_told_as_a_problem) {
  for (const char* place : {"load", "save"}) {
    testing::LocalVendor vendor;
    const auto store = std::make_shared<ThrowingStore>(place);
    store->armed = true;
    EngineOptions options;
    options.store = store;
    try {
      (void)open_workday(vendor, std::move(options));
      ADD_FAILURE() << place << ": the engine opened";
    } catch (const std::runtime_error& problem) {  // open_engine()'s, with the problem's text
      const std::string text = problem.what();
      EXPECT_TRUE(text.starts_with("integrations.yaml:")) << place << ": " << text;
    }
    EXPECT_GE(store->thrown, 1) << place;
  }
}

TEST(Throwing, a_handler_on_an_executor_of_ones_own_throws_out_of_its_run) {
  testing::LocalVendor vendor;
  const auto engine = local_engine(vendor);
  asio::io_context own;
  engine->async_call(hibob_call(),
                     asio::bind_executor(own, [](auto) { throw std::runtime_error("mine"); }));
  EXPECT_THROW(own.run(), std::runtime_error);
  EXPECT_EQ(engine->async_call(hibob_call(), asio::use_future).get()->status, 200);
}

struct ThrowingPeer final : ProxyPeer {
  explicit ThrowingPeer(std::string the_place) : place(std::move(the_place)) {}
  void at(const char* where) const {
    if (place == where) throw std::runtime_error("in " + place);
  }
  void read(ReadHandler handler) override {
    at("read");
    handler(std::string());
  }
  void interim(Response) override {}
  void head(Response) override { at("head"); }
  void write(std::string, std::function<void(bool)> next) override {
    at("write");
    next(true);
  }
  void finish(Result<ProxyEnd>) override {
    finished.set_value();
    at("finish");
  }
  std::string place;
  std::promise<void> finished;
};

TEST(Throwing, peers_are_callers_who_have_gone) {
  testing::LocalVendor vendor;
  Troubles troubles;
  const auto engine = local_engine(vendor, troubles.options());
  for (const char* place : {"read", "head", "write", "finish"}) {
    SCOPED_TRACE(place);
    const auto peer = std::make_shared<ThrowingPeer>(place);
    auto finished = peer->finished.get_future();
    engine->proxy({hibob_call("/people", "PUT"), true, {}, false}, peer);
    ASSERT_EQ(finished.wait_for(in_time), std::future_status::ready);
    EXPECT_EQ(engine->async_call(hibob_call(), asio::use_future).get()->status, 200);
  }
  engine->stop(in_time);
  for (const char* place : {"in read", "in head", "in write", "in finish"})
    EXPECT_NE(troubles.text().find(place), std::string::npos) << place;
}

// --- Signals ---------------------------------------------------------------------------------

std::set<std::uint64_t> blocked_signals_of_the_engine() {
  std::set<std::uint64_t> out;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (!name.starts_with("penstock")) continue;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("SigBlk:")) out.insert(std::stoull(line.substr(7), nullptr, 16));
    }
  }
  return out;
}

bool has(std::uint64_t redact, int signal) { return (redact >> (signal - 1) & 1U) != 0; }

TEST(Signals, are_blocked_on_the_engines_threads_but_for_their_own_faults) {
  testing::LocalVendor vendor;
  const auto engine = local_engine(vendor);
  ASSERT_EQ(engine->async_call(hibob_call(), asio::use_future).get()->status, 200);
  const auto masks = blocked_signals_of_the_engine();
  ASSERT_EQ(masks.size(), 1U) << "no thread, or masks that differ";
  const std::uint64_t redact = *masks.begin();
  for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD})
    EXPECT_TRUE(has(redact, signal)) << signal;
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
    EXPECT_FALSE(has(redact, fault)) << fault;
  // The host's own thread is as it was.
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_FALSE(sigismember(&own, SIGTERM));
}

/// A host that has never heard of SIGPIPE, and a vendor that hangs up while it is written to.
TEST(Signals, a_vendor_that_hangs_up_does_not_end_the_host) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        std::signal(SIGPIPE, SIG_DFL);
        upstream::Server server(
            [](upstream::TlsStream& stream) {
              char some[100];
              boost::system::error_code error;
              stream.read_some(asio::buffer(some), error);
              upstream::Server::reset(stream);
            },
            "api.hibob.com");
        const std::string yaml =
            "server: { api_keys: [{ name: a, key: b }] }\n"
            "plugins: { directory: '" PENSTOCK_BINARY_DIR "/plugins' }\nintegrations:\n"
            "  - id: hibob:acme\n    tool: hibob\n    connection: { service_user_id: a, token: b "
            "}\n"
            "    upstream: { connect_to: '" +
            server.address() + "', ca_file: '" + upstream::authority().file.string() + "' }\n";
        const auto engine = testing::open_engine(yaml);
        for (int i = 0; i < 20; ++i) {
          Call call = hibob_call("/people", "POST");
          call.body = "\"" + std::string(8U << 20U, 'x') + "\"";
          if (engine->async_call(std::move(call), asio::use_future).get()) std::_Exit(1);
        }
        std::_Exit(7);
      },
      ::testing::ExitedWithCode(7), "");
}

// --- Threads ---------------------------------------------------------------------------------

TEST(Threads, are_as_many_after_an_engine_as_before_it) {
  testing::LocalVendor vendor;
  { const auto warm = local_engine(vendor); }
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  const auto before = threads();
  for (int i = 0; i < 5; ++i) {
    const auto engine = local_engine(vendor);
    engine->stop(milliseconds(0));
  }
  EXPECT_EQ(threads(), before);
}

}  // namespace
}  // namespace penstock
