// What a connection notices of its caller while it is answered, and what that costs.
#include <malloc.h>

#include <gmock/gmock.h>

#include "http_fixture.hpp"

namespace penstock::server {
namespace {

using std::chrono_literals::operator""ms;

constexpr std::string_view call_body = R"({"method":"POST","path":"/people","data":"hello"})";

/// mallinfo2() knows the main arena alone: let it be the only one, before any thread begins.
const int only_arena = mallopt(M_ARENA_MAX, 1);

std::size_t bytes_in_use(RunningServer& server) {
  server.forget_log_lines();
  return mallinfo2().uordblks;
}

/// 500 calls to warm up, then 5,000 more; what is left of these. Nothing with a sanitizer, whose
/// allocator knows no arenas.
template <class OneCall>
std::ptrdiff_t bytes_left_by_calls(RunningServer& server, const OneCall& one_call) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(only_arena, 1);
#endif
  for (int i = 0; i < 500; ++i)
    one_call();
  const std::size_t before = bytes_in_use(server);
  for (int i = 0; i < 5'000; ++i)
    one_call();
  return static_cast<std::ptrdiff_t>(bytes_in_use(server)) - static_cast<std::ptrdiff_t>(before);
}

TEST(HttpCaller, IsWatchedWithoutLeavingAnythingBehindACall) {
  RunningServer server;
  server.engine.hold();  // Each call waits for its answer, and so is watched.
  TestClient client = server.connect();
  const std::string request = post("/v1/passthrough/hibob/v1", call_body);
  EXPECT_LT(bytes_left_by_calls(server,
                                [&] {
                                  client.send(request);
                                  server.engine.wait_for_calls(1);
                                  server.engine.answer_held();
                                  ASSERT_EQ(client.receive().status, 200);
                                }),
            5'000 * 8);
}

TEST(HttpCaller, IsWatchedWithoutLeavingAnythingBehindAStreamedCall) {
  RunningServer server;
  server.engine.play({.headers = {{"content-length", "5"}}, .pieces = {"hello"}});
  TestClient client = server.connect();
  const std::string get_it =
      "GET /v1/proxy/hibob/v1/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
      "key\r\nX-Integration-Id: a:b\r\n\r\n";
  EXPECT_LT(bytes_left_by_calls(server,
                                [&] {
                                  client.send(get_it);
                                  ASSERT_EQ(client.receive().body, "hello");
                                }),
            5'000 * 8);
}

TEST(HttpCaller, ThatHasClosedItsSendingSideIsAnswered) {
  HttpLimits limits;
  limits.half_closed = 1ms;
  RunningServer server(RunningServer::default_config(), limits);
  server.engine.hold();
  TestClient client = server.connect();
  client.send(post("/v1/passthrough/hibob/v1", call_body));
  client.finish_sending();
  server.engine.wait_for_calls(1);
  EXPECT_EQ(client.receive(true).status, 100) << "it is asked whether it still reads";
  EXPECT_FALSE(server.engine.client_disconnected(0));
  server.engine.release();
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpCaller, ThatHasClosedItsSendingSideGetsAllAnswersThatItAskedFor) {
  RunningServer server;
  TestClient client = server.connect();
  client.send(post("/v1/passthrough/hibob/v1", call_body) + get("/healthz") +
              post("/v1/passthrough/hibob/v1", call_body));
  client.finish_sending();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(client.receive().status, 200) << i;
  EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpCaller, OfHttp10IsNotAsked) {
  HttpLimits limits;
  limits.half_closed = 1ms;
  RunningServer server(RunningServer::default_config(), limits);
  server.engine.hold();
  TestClient client = server.connect();
  client.send("POST /v1/passthrough/hibob/v1 HTTP/1.0\r\nAuthorization: Bearer "
              "key\r\nX-Integration-Id: a\r\nContent-Length: " +
              std::to_string(call_body.size()) + "\r\n\r\n" + std::string(call_body));
  client.finish_sending();
  server.engine.wait_for_calls(1);
  TestClient other = server.connect();  // Its time to be asked goes by meanwhile.
  other.send(post("/v1/passthrough/hibob/v1", call_body));
  other.finish_sending();
  EXPECT_EQ(other.receive(true).status, 100);
  server.engine.release();
  EXPECT_EQ(client.receive().status, 200);
}

TEST(HttpCaller, ThatHasGoneIsNoticedHoweverItWent) {
  RunningServer server;
  server.engine.hold();
  enum class Way { closes, resets, closes_behind_another_request };
  for (const Way way : {Way::closes, Way::resets, Way::closes_behind_another_request}) {
    const auto number = static_cast<std::size_t>(way);
    {
      TestClient client = server.connect();
      client.send(post("/v1/passthrough/hibob/v1", call_body));
      server.engine.wait_for_calls(number + 1);
      EXPECT_FALSE(server.engine.client_disconnected(number));
      if (way == Way::closes_behind_another_request) client.send(get("/healthz"));
      if (way == Way::resets) client.reset();
    }
    while (!server.engine.client_disconnected(number))  // or this test ends in its time limit
      std::this_thread::yield();
  }
  server.engine.release();
}

TEST(HttpCaller, MaySendTheNextRequestWhileItsBodyIsStreamed) {
  RunningServer server;
  TestClient client = server.connect();
  const std::string streamed =
      "POST /v1/proxy/hibob/v1/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
      "key\r\nX-Integration-Id: a:b\r\nContent-Length: 5\r\n\r\nhello";
  client.send(streamed + streamed + get("/healthz"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(client.receive(true).status, 103);
    EXPECT_EQ(client.receive(true).status, 201);
    EXPECT_EQ(client.read_until("0\r\n\r\n"), "5\r\nhello\r\n0\r\n\r\n");
  }
  EXPECT_EQ(client.receive().status, 200);
}

}  // namespace
}  // namespace penstock::server
