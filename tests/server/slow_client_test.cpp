// Clients that send or read slowly, or not at all: what they hold, and for how long.
#include <gmock/gmock.h>

#include "http_fixture.hpp"

namespace penstock::server {
namespace {

using ::testing::HasSubstr;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;

constexpr std::string_view large_call = R"({"method":"GET","path":"/large"})";
constexpr std::string_view small_call = R"({"method":"GET","path":"/small"})";
constexpr int small_buffer = 16 * 1024;

/// Of a rate that nobody is slower than: only the idle timeout ends a connection.
HttpLimits only_idle_timeout(std::chrono::milliseconds timeout) {
  HttpLimits limits;
  limits.grace = 1h;
  limits.idle_timeout = timeout;
  return limits;
}

std::string proxied(std::string_view method, std::string_view more = {}) {
  return std::string(method) +
         " /v1/proxy/hibob/v1/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
         "key\r\nX-Integration-Id: hibob:acme\r\n" +
         std::string(more) + "\r\n";
}

void wait_until_all_are_closed(RunningServer& server) {
  while (server.http().connections() > 0)  // or the test ends in its time limit
    std::this_thread::yield();
}

TEST(SlowClient, ThatFallsSilentIsClosedWhateverItMovedBefore) {
  RunningServer server(RunningServer::default_config(), only_idle_timeout(100ms));
  TestClient sends = server.connect();
  sends.send(post("/v1/passthrough/hibob/v1", std::string(90'000, ' ')).substr(0, 80'000));
  EXPECT_TRUE(sends.closed_by_server());
  TestClient streams = server.connect();
  streams.send(proxied("POST", "Content-Length: 100\r\n") + "half");
  EXPECT_EQ(streams.receive(true).status, 103);
  EXPECT_EQ(streams.receive(true).status, 201);
  EXPECT_EQ(streams.read_until("never"), "4\r\nhalf\r\n");
  TestClient reads = server.connect_with_buffer(small_buffer);
  reads.send(post("/v1/passthrough/hibob/v1", large_call));
  wait_until_all_are_closed(server);
}

TEST(SlowClient, HasOneLineInTheLogWhenItIsClosed) {
  const struct {
    const char* name;
    std::string bytes;
    std::vector<std::string_view> says;  ///< besides the lines of what was answered
    std::size_t lines;
  } rows[] = {
      {"half a head", "GET /healthz HTTP/1.1\r\nHo", {"head of the request did not arrive"}, 1},
      {"half a body",
       post("/v1/passthrough/hibob/v1", std::string(90'000, ' ')).substr(0, 80'000),
       {"body of the request arrived too slowly", R"("request_id":")", R"("key":"local")",
        R"("integration":"hibob:acme")"},
       1},
      {"an answer not read",
       post("/v1/passthrough/hibob/v1", large_call),
       {"read its response too slowly", R"("request_id":")"},
       2},
      {"half a body of a streamed call",
       proxied("POST", "Content-Length: 100\r\n") + "half",
       {},
       1},
      {"nothing", "", {}, 0},
      {"nothing more", get("/healthz"), {}, 0},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    HttpLimits limits = only_idle_timeout(100ms);
    limits.head = limits.keep_alive = 100ms;
    RunningServer server(RunningServer::default_config(), limits);
    TestClient client = server.connect_with_buffer(small_buffer);
    for (const char byte : row.bytes.substr(0, 30))  // many small reads are one line, too
      client.send({&byte, 1});
    client.send(std::string_view(row.bytes).substr(std::min<std::size_t>(30, row.bytes.size())));
    server.wait_for_log_lines(row.lines);
    while (!client.read_some().empty()) {  // to the end
    }
    const std::vector<std::string> lines = server.log_lines();
    ASSERT_EQ(lines.size(), row.lines);
    if (row.says.empty()) continue;
    EXPECT_THAT(lines.back(), HasSubstr(R"("level":"warn","event":"slow_client")"));
    EXPECT_THAT(lines.back(), HasSubstr(R"("client":"127.0.0.1")"));
    for (const std::string_view text : row.says)
      EXPECT_THAT(lines.back(), HasSubstr(text));
    if (row.lines == 2) {
      const std::size_t at = lines[0].find(R"("request_id")");
      EXPECT_THAT(lines[1], HasSubstr(lines[0].substr(at, 30))) << "the call's own";
    }
  }
}

TEST(SlowClient, ThatDoesNotReadAStreamedAnswerIsClosed) {
  RunningServer server(RunningServer::default_config(), only_idle_timeout(100ms));
  server.engine.play({.pieces = {std::string(60'000, 'x')}, .endless = true});
  TestClient reads = server.connect_with_buffer(small_buffer);
  reads.send(proxied("GET"));
  server.wait_for_log_lines(1);
  EXPECT_THAT(server.log_lines()[0], HasSubstr("\"origin\":\"caller\""));
  EXPECT_LT(server.engine.pieces_taken, 20U) << "the kernel takes megabytes that nobody reads";
  wait_until_all_are_closed(server);
}

TEST(SlowClient, ThatGoesOnReadingIsWaitedFor) {
  RunningServer server(RunningServer::default_config(), only_idle_timeout(1500ms));
  TestClient client = server.connect_with_buffer(small_buffer);
  client.send(post("/v1/passthrough/hibob/v1", large_call));
  std::size_t got = 0;
  // The pace of the client: some 80 KB in a second, of 16 MiB.
  for (const auto end = Clock::now() + 4s; Clock::now() < end; std::this_thread::sleep_for(50ms)) {
    const std::size_t size = client.read_some().size();
    ASSERT_GT(size, 0U) << "closed after " << got << " bytes";
    got += size;
  }
  EXPECT_EQ(server.http().connections(), 1U);
}

TEST(SlowClient, SpendsTheMemoryOfItsOwnKey) {
  ServerConfig config = RunningServer::default_config();
  config.max_request_bytes = std::uint64_t{1} << 20U;  // so a key has 8 MiB, the process 32 MiB
  config.api_keys.push_back({"other", Secret("other"), "", 0});
  RunningServer server(config, only_idle_timeout(1h));
  const std::string small = post("/v1/passthrough/hibob/v1", small_call);
  std::string of_other = small;
  of_other.replace(of_other.find("Bearer key"), 10, "Bearer other");
  {
    TestClient slow = server.connect_with_buffer(small_buffer);
    slow.send(post("/v1/passthrough/hibob/v1", large_call));
    EXPECT_THAT(slow.read_some(), HasSubstr("200 OK"));

    TestClient same_key = server.connect();
    same_key.send(small);
    const Received refused = same_key.receive();
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.header("retry-after"), "1");
    EXPECT_THAT(refused.body, HasSubstr("bytes of memory"));
    TestClient catalogue = server.connect();
    catalogue.send(get("/v1/apis"));
    EXPECT_EQ(catalogue.receive().status, 200) << "what holds next to nothing is served";

    TestClient another = server.connect();
    another.send(of_other);
    EXPECT_EQ(another.receive().status, 200);
    // A second large one, and the process has no more.
    TestClient also_slow = server.connect_with_buffer(small_buffer);
    std::string large = post("/v1/passthrough/hibob/v1", large_call);
    large.replace(large.find("Bearer key"), 10, "Bearer other");
    also_slow.send(large);
    EXPECT_THAT(also_slow.read_some(), HasSubstr("200 OK"));
  }
  wait_until_all_are_closed(server);
  TestClient later = server.connect();
  later.send(small);
  EXPECT_EQ(later.receive().status, 200) << "what was held is given back";
}

TEST(SlowClient, IsClosedWhereItsKeyHasNoMemoryLeft) {
  ServerConfig config = RunningServer::default_config();
  config.max_request_bytes = std::uint64_t{1} << 20U;
  HttpLimits limits;
  limits.grace = 50ms;
  limits.bytes_per_second = 1;
  limits.contended_bytes_per_second = std::uint64_t{1} << 40U;
  RunningServer server(config, limits);
  TestClient slow = server.connect_with_buffer(small_buffer);
  slow.send(post("/v1/passthrough/hibob/v1", large_call));
  server.wait_for_log_lines(2);
  wait_until_all_are_closed(server);
  EXPECT_THAT(server.log_lines()[1], HasSubstr("other calls needed the memory that it used"));
}

TEST(SlowClient, GivesItsPlaceToCallsThatAreRefusedForWantOfOne) {
  HttpLimits limits;
  limits.grace = 50ms;
  limits.bytes_per_second = 1;
  limits.contended_bytes_per_second = std::uint64_t{1} << 40U;
  RunningServer server(RunningServer::default_config(), limits);
  server.engine.play({.pieces = {std::string(60'000, 'x')}, .endless = true});
  TestClient slow = server.connect_with_buffer(small_buffer);
  slow.send(proxied("GET"));
  EXPECT_THAT(slow.read_some(), ::testing::StartsWith("HTTP/1.1 200 "));
  TestClient other = server.connect();
  other.send(post("/v1/passthrough/hibob/v1", R"({"method":"GET","path":"/crowded"})"));
  EXPECT_EQ(other.receive().status, 429);
  server.wait_for_log_lines(2);
  EXPECT_THAT(server.log_lines()[1], HasSubstr("\"event\":\"proxy\""));
}

}  // namespace
}  // namespace penstock::server
