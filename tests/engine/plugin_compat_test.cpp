// Plugins in C of an older and of a newer ABI minor, and one of each released minor with the header
// of its time, behind an engine: loaded, called, and given what plugin_abi.h promises.
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "local_vendor.hpp"
#include "sandbox_process.hpp"

namespace penstock {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using upstream::Server;

/// A login takes two requests; the first gives the token t-1, the next t-2. /fault has a long body,
/// and /gone is for t-2 alone.
class Vendor {
 public:
  explicit Vendor(const std::string& host)
      : server_([this](auto& stream) { talk(stream); }, host) {}

  std::vector<std::string> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  std::string address() const { return server_.address(); }

 private:
  void talk(upstream::TlsStream& stream) {
    for (std::string got; !(got = server_.read_request(stream)).empty();) {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(got);
      const auto has = [&](const char* text) { return got.find(text) != got.npos; };
      if (has("POST /login ") && has("X-Attempt: 0")) {
        Server::send(stream, "HTTP/1.1 202 More\r\nContent-Length: 0\r\n\r\n");
      } else if (has("POST /login ")) {
        Server::send(stream, Server::ok("t-" + std::to_string(++logins_)));
      } else if (has("/fault")) {
        Server::send(stream, "HTTP/1.1 404 No\r\nX-A: b\r\nContent-Length: 10\r\n\r\n0123456789");
      } else if (has("/gone") && has("t-1")) {
        Server::send(stream, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
      } else {
        Server::send(stream, Server::ok("{}"));
      }
    }
  }

  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  int logins_ = 0;
  Server server_;
};

class PluginCompatibility : public ::testing::Test {
 protected:
  static std::unique_ptr<Engine> open(const Vendor& vendor, const std::string& tool) {
    return testing::open_engine(
        "server: { api_keys: [{ name: a, key: b }] }\nplugins: { directory: '" PENSTOCK_BINARY_DIR
        "/tests/abi/compat' }\nintegrations:\n  - id: one\n    tool: " +
        tool + "\n    connection: { " + (tool == "fossil" ? "user: ann, key: k-1" : "how: x") +
        " }\n    upstream: { connect_to: '" + vendor.address() + "', ca_file: '" +
        upstream::authority().file.string() + "' }\n");
  }

  static Call call_of(const std::string& tool, const std::string& path) {
    Call call;
    call.tool = tool, call.api = "v1", call.integration_id = "one";
    call.method = "GET", call.path = path;
    return call;
  }
};

TEST_F(PluginCompatibility, an_older_and_a_newer_minor_sign_calls) {
  for (const auto& [tool, header] : {std::pair{"short", "X-Compat: GET\r\n"},
                                     std::pair{"long", "X-Told: no\r\nX-Found: nothing\r\n"}}) {
    const Vendor vendor("api.compat.example");
    const auto response = testing::call(*open(vendor, tool), call_of(tool, "/x"));
    ASSERT_TRUE(response) << tool << ": " << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_THAT(vendor.requests(), ElementsAre(HasSubstr(header)));
  }
}

TEST_F(PluginCompatibility, a_fossil_logs_in_signs_classifies_and_logs_out) {
  const Vendor vendor("api.fossil.example");
  const auto engine = open(vendor, "fossil");
  const auto response = testing::call(*engine, call_of("fossil", "/fault?a=1"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 404);
  const char* const notes[] = {"env.attempt: 1",
                               "env.session_seq: 1",
                               "conn.id: one",
                               "conn.fields: user=ann,key=***!",
                               "session: token=***!,plain=p",
                               "call.url: https://api.fossil.example/v1/fault",
                               "call.authority: api.fossil.example",
                               "call.query_string: a=1",
                               "call.options: region=eu",
                               "call.body_len: 0",
                               "response.truncated: 1",
                               "response.body: 01234567"};
  for (const char* note : notes)
    EXPECT_THAT(response->warnings, Contains(note));
  engine->stop(std::chrono::seconds(5));
  const std::vector<std::string> requests = vendor.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_THAT(requests[0], AllOf(StartsWith("POST /login "), HasSubstr("\r\n\r\nann"),
                                 HasSubstr("X-Event: 0\r\nX-Attempt: 0\r\nX-Status: 0\r\n")));
  EXPECT_THAT(requests[1], HasSubstr("X-Event: 1\r\nX-Attempt: 1\r\nX-Status: 202\r\n"));
  EXPECT_THAT(requests[2],
              AllOf(StartsWith("GET /v1/fault?a=1&added=a%20b "), HasSubstr("X-Token: t-1\r\n")));
  EXPECT_THAT(requests[3], AllOf(StartsWith("POST /logout "), HasSubstr("X-Event: 3\r\n")));
}

TEST_F(PluginCompatibility, a_fossil_gets_a_new_session_where_it_says_that_one_is_over) {
  const Vendor vendor("api.fossil.example");
  const auto response = testing::call(*open(vendor, "fossil"), call_of("fossil", "/gone"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  const std::vector<std::string> requests = vendor.requests();
  ASSERT_EQ(requests.size(), 6U);
  EXPECT_THAT(requests[3], AllOf(StartsWith("POST /login "),
                                 HasSubstr("X-Event: 2\r\nX-Attempt: 0\r\nX-Status: 401\r\n")));
  EXPECT_THAT(requests[5], HasSubstr("X-Token: t-2\r\n"));
}

TEST_F(PluginCompatibility, each_invocation_gets_entropy_of_its_own) {
  const Vendor vendor("api.fossil.example");
  const auto engine = open(vendor, "fossil");
  const auto entropy = [&] {
    const auto response = testing::call(*engine, call_of("fossil", "/x"));
    for (const std::string& note : response ? response->warnings : std::vector<std::string>())
      if (note.starts_with("env.entropy")) return note;
    return std::string();
  };
  const std::string first = entropy();
  EXPECT_THAT(first, StartsWith("env.entropy: "));
  EXPECT_NE(entropy(), first);
}

}  // namespace
}  // namespace penstock
