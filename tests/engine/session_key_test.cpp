// A manifest's session.key: one session for each of its values, and nothing else of a call in it.
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "local_vendor.hpp"
#include "sandbox_process.hpp"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using upstream::Server;

/// A login gives "rest-eu-1", the next one of that name "rest-eu-2". Calls with a token in `dead`
/// get a 401.
class KeyedVendor {
 public:
  std::vector<std::string> logins() const {
    const std::scoped_lock lock(mutex_);
    return logins_;
  }
  std::vector<std::string> logouts() const {
    const std::scoped_lock lock(mutex_);
    return logouts_;
  }
  std::string last_call() const {
    const std::scoped_lock lock(mutex_);
    return last_call_;
  }
  void end_session(const std::string& token) {
    const std::scoped_lock lock(mutex_);
    dead_ = token;
  }
  std::string address() const { return server_.address(); }

 private:
  static std::string word_behind(const std::string& text, const std::string& word) {
    const std::size_t at = text.find(word);
    if (at == text.npos) return {};
    const std::size_t begin = at + word.size();
    return text.substr(begin, text.find_first_of(" \r", begin) - begin);
  }

  std::string answer(const std::string& request) {
    const std::scoped_lock lock(mutex_);
    if (std::string login = word_behind(request, "POST /login/"); !login.empty()) {
      std::ranges::replace(login, '/', '-');
      logins_.push_back(login);
      return Server::ok(login + "-" + std::to_string(std::ranges::count(logins_, login)));
    }
    if (const std::string logout = word_behind(request, "POST /logout/"); !logout.empty()) {
      logouts_.push_back(logout);
      return Server::ok("");
    }
    last_call_ = request;
    const std::string token = word_behind(request, "Bearer ");
    return token == dead_ ? "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n" : Server::ok(token);
  }

  mutable std::mutex mutex_;
  std::vector<std::string> logins_, logouts_;
  std::string dead_, last_call_;
  Server server_{[this](upstream::TlsStream& stream) {
                   for (std::string got; !(got = server_.read_request(stream)).empty();)
                     Server::send(stream, answer(got));
                 },
                 "api.keyed.example"};
};

class SessionKey : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open(const std::string& key = "k") const {
    EngineOptions options;
    options.store = store;
    return testing::open_engine(
        "server: { api_keys: [{ name: a, key: b }] }\nplugins: { directory: '" PENSTOCK_BINARY_DIR
        "/tests/engine/keyed' }\nintegrations:\n  - id: keyed:one\n    tool: keyed\n"
        "    connection: { key: " +
            key + " }\n    upstream: { connect_to: '" + vendor.address() + "', ca_file: '" +
            upstream::authority().file.string() + "' }\n",
        std::move(options));
  }

  static Call call_of(const std::string& api, const std::string& options = "{}") {
    Call call;
    call.tool = "keyed", call.api = api, call.integration_id = "keyed:one";
    call.method = "GET", call.path = "/x";
    call.api_options = options;
    return call;
  }

  /// The token that the call was sent with.
  static std::string token_of(Engine& engine, const std::string& api, const std::string& options) {
    const auto response = testing::call(engine, call_of(api, options));
    return response ? response->body : response.error().message;
  }

  KeyedVendor vendor;
  std::shared_ptr<CredentialStore> store = make_memory_store();
};

TEST_F(SessionKey, gives_each_value_a_session_of_its_own) {
  const auto engine = open();
  const char* const eu = R"({"region": "eu"})";
  EXPECT_EQ(token_of(*engine, "rest", eu), "rest-eu-1");
  EXPECT_EQ(token_of(*engine, "rest", R"({"region": "us"})"), "rest-us-1");
  EXPECT_EQ(token_of(*engine, "rest", "{}"), "rest--1");
  EXPECT_EQ(token_of(*engine, "reports", "{}"), "reports--1");
  EXPECT_EQ(token_of(*engine, "rest", eu), "rest-eu-1");
  EXPECT_EQ(token_of(*engine, "rest", R"({"region": "eu", "page": "2"})"), "rest-eu-1")
      << "an option outside of the key makes no session";
  EXPECT_EQ(vendor.logins().size(), 4U);
}

TEST_F(SessionKey, lets_calls_with_equal_values_share_one_login) {
  const auto engine = open();
  std::vector<std::future<Result<Response>>> pending;
  for (int i = 0; i < 20; ++i) {
    pending.push_back(engine->async_call(
        call_of("rest", i % 2 == 0 ? R"({"region": "eu"})" : R"({"region": "us"})"),
        boost::asio::use_future));
  }
  for (auto& one : pending)
    EXPECT_TRUE(one.get());
  EXPECT_THAT(vendor.logins(), UnorderedElementsAre("rest-eu", "rest-us"));
}

TEST_F(SessionKey, renews_the_session_that_the_vendor_rejects_and_no_other) {
  const auto engine = open();
  const char* const eu = R"({"region": "eu"})";
  const char* const us = R"({"region": "us"})";
  EXPECT_EQ(token_of(*engine, "rest", eu), "rest-eu-1");
  EXPECT_EQ(token_of(*engine, "rest", us), "rest-us-1");
  vendor.end_session("rest-eu-1");
  EXPECT_EQ(token_of(*engine, "rest", eu), "rest-eu-2");
  EXPECT_EQ(token_of(*engine, "rest", us), "rest-us-1");
}

TEST_F(SessionKey, finds_each_session_in_the_store) {
  const char* const eu = R"({"region": "eu"})";
  EXPECT_EQ(token_of(*open(), "rest", eu), "rest-eu-1");
  const auto engine = open();
  EXPECT_EQ(token_of(*engine, "rest", eu), "rest-eu-1");
  EXPECT_EQ(token_of(*engine, "reports", "{}"), "reports--1");
  EXPECT_THAT(vendor.logins(), ElementsAre("rest-eu", "reports-"));
}

TEST_F(SessionKey, logs_out_of_each_session_at_the_end) {
  const auto engine = open();
  token_of(*engine, "rest", R"({"region": "eu"})");
  token_of(*engine, "reports", "{}");
  engine->stop(std::chrono::seconds(5));
  EXPECT_THAT(vendor.logouts(), UnorderedElementsAre("rest-eu-1", "reports--1"));
}

TEST_F(SessionKey, shows_a_failed_login_of_any_value_in_the_status) {
  const auto engine = open("rotates");
  EXPECT_THAT(token_of(*engine, "rest", R"({"region": "eu"})"),
              HasSubstr("it replaced a credential in a session with a session.key"));
  ASSERT_EQ(engine->integrations().size(), 1U);
  EXPECT_THAT(engine->integrations().front().last_error, HasSubstr("session.key"));
}

TEST_F(SessionKey, refuses_a_value_that_is_too_long_for_a_key) {
  const auto engine = open();
  const std::string token =
      token_of(*engine, "rest", R"({"region": ")" + std::string(600, 'x') + R"("})");
  EXPECT_THAT(token, HasSubstr("too long"));
  EXPECT_TRUE(vendor.logins().empty());
}

TEST_F(SessionKey, calls_are_signed_with_the_final_authority_and_target) {
  const auto engine = open();
  Call call = call_of("rest");
  call.path = "/people?a=%20b";
  call.params = {{"q", "c d"}};
  ASSERT_TRUE(testing::call(*engine, call));
  EXPECT_THAT(vendor.last_call(), HasSubstr("GET /rest/people?a=%20b&q=c%20d HTTP/1.1\r\n"));
  EXPECT_THAT(vendor.last_call(),
              HasSubstr("X-Signed: GET api.keyed.example /rest/people?a=%20b&q=c%20d\r\n"));
  ASSERT_TRUE(testing::call(*engine, call_of("rest")));
  EXPECT_THAT(vendor.last_call(), HasSubstr("X-Signed: GET api.keyed.example /rest/x\r\n"));
}

}  // namespace
}  // namespace penstock
