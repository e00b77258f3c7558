// What a plugin says besides its verdict reaches those whom plugin_abi.h promises it to.
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "../unit/upstream_tls_server.hpp"
#include "sandbox_process.hpp"

namespace penstock {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using upstream::Server;

class Lines final : public Observer {
 public:
  void on_response(const Call&, const Response&) override {}
  void on_error(const Call&, const Error&) override {}
  void on_plugin_log(const PluginLog& line) override {
    const std::scoped_lock lock(mutex);
    lines.push_back(line);
    if (throws) throw std::runtime_error("an observer of the test");
  }
  bool throws = false;  ///< set before the first call
  std::mutex mutex;
  std::vector<PluginLog> lines;
};

/// A vendor that is busy when it is asked for the first time, and an engine with a plugin that
/// calls this transient.
class PluginWords : public ::testing::Test {
 protected:
  PluginWords()
      : vendor(
            [this](upstream::TlsStream& stream) {
              for (std::string got; !(got = vendor.read_request(stream)).empty();) {
                const bool first = requests.empty();
                requests.push_back(got);
                Server::send(stream,
                             first ? busy : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
              }
            },
            "api.compat.example") {
    Config config;
    config.plugins.directory = PENSTOCK_BINARY_DIR "/tests/abi/words";
    config.upstream.connect_to = vendor.address();
    config.upstream.ca_file = upstream::authority().file.string();
    IntegrationConfig one;
    one.id = "compat:one", one.tool = "compat";
    one.connection.push_back({"key", Secret("very-secret-key"), {}, {}});
    config.integrations.push_back(one);
    EngineOptions options;
    options.threads = 1;
    options.store = make_memory_store();
    options.observers = {lines};
    auto opened = Engine::open(std::move(config), std::move(options));
    if (!opened) throw std::runtime_error(opened.error().front().text());
    engine = *std::move(opened);
  }

  Result<Response> call(const std::string& method) {
    Call call;
    call.tool = "compat", call.api = "v1", call.integration_id = "compat:one";
    call.method = method, call.path = "/x";
    if (method == "POST") call.body = "four";
    return testing::call(*engine, std::move(call));
  }

  std::string told(std::size_t request) const {
    const std::size_t at = requests.at(request).find("X-Told: ");
    return at == std::string::npos ? "" : requests.at(request).substr(at + 8, 5);
  }

  std::string busy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";
  std::vector<std::string> requests;
  std::shared_ptr<Lines> lines = std::make_shared<Lines>();
  Server vendor;
  std::unique_ptr<Engine> engine;
};

TEST_F(PluginWords, a_transient_answer_is_tried_once_more_with_its_own_attempt_and_session_use) {
  const auto answer = call("GET");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(told(0), "1 1 0") << "prepared once without a session, then with one";
  EXPECT_EQ(told(1), "2 2 0");
}

TEST_F(PluginWords, an_observer_that_throws_costs_no_call) {
  lines->throws = true;
  const auto answer = call("GET");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_FALSE(lines->lines.empty());
}

TEST_F(PluginWords, a_transient_answer_to_a_post_is_given_as_a_fault) {
  const auto answer = call("POST");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->meaning, Meaning::fault);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(told(0), "1 1 4");
}

TEST_F(PluginWords, a_vendor_that_asks_for_a_pause_gets_it) {
  busy = "HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 4\r\n\r\nbusy";
  const auto answer = call("GET");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(requests.size(), 1U);
}

TEST_F(PluginWords, notes_are_warnings_without_secrets) {
  const auto answer = call("POST");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(answer->warnings, Contains("key: ***").Times(1));
  EXPECT_THAT(answer->warnings, Contains("url: https://api.compat.example/v1/x"));
}

TEST_F(PluginWords, logs_reach_the_observer_masked_and_not_too_many) {
  ASSERT_TRUE(call("GET"));
  const std::scoped_lock lock(lines->mutex);
  // Sixty lines were written; a second may end between them.
  EXPECT_GE(lines->lines.size(), 10U);
  EXPECT_LE(lines->lines.size(), 30U);
  for (const PluginLog& line : lines->lines) {
    EXPECT_EQ(line.text, "***");
    EXPECT_EQ(line.level, 2);
    EXPECT_EQ(line.plugin, "words 1.0.0");
    EXPECT_EQ(line.integration_id, "compat:one");
  }
}

}  // namespace
}  // namespace penstock
