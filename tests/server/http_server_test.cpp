#include <gmock/gmock.h>

#include "http_fixture.hpp"

namespace penstock::server {
namespace {

using testing::HasSubstr;

constexpr std::string_view call_body =
    R"({"method":"POST","path":"/people?a=secret","data":"hello"})";

TEST(HttpServer, AnswersACallWithTheEnvelope) {
  RunningServer server;
  TestClient client = server.connect();
  // As Kombo's own SDK sends it, empty cookie and percent-encoded name included.
  client.send(
      post("/v1/passthrough/hibob/hr%3Apay", call_body,
           "Content-Type: application/json\r\nAccept: application/json\r\ncookie: \r\nuser-agent: "
           "speakeasy-sdk\r\naccept-language: *\r\nsec-fetch-mode: cors\r\naccept-encoding: gzip, "
           "deflate\r\nconnection: keep-alive\r\n"));
  const Received answer = client.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(answer.header("x-request-id").size(), 16U);
  EXPECT_EQ(
      answer.body,
      R"({"status":"success","data":{"url":"https://vendor.example/people?a=secret","status":200,"headers":)"
      R"({"content-type":"text/plain"},"data":"hibob/hr:pay hibob:acme hello"},"warnings":[]})");
}

TEST(HttpServer, KeepsTheConnectionAndTheOrderOfPipelinedRequests) {
  RunningServer server;
  server.engine.hold();
  TestClient client = server.connect();
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += post("/v1/passthrough/hibob/v1",
                R"({"method":"GET","path":"/)" + std::to_string(i) + "\"}");
    all += get("/healthz");
  }
  client.send(all);
  server.engine.wait_for_calls(1);
  server.engine.release();
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(client.receive().body, HasSubstr("vendor.example/" + std::to_string(i) + "\""));
    EXPECT_EQ(client.receive().body, R"({"status":"ok"})");
  }
}

TEST(HttpServer, TakesRequestsByteByByte) {
  RunningServer server;
  TestClient client = server.connect();
  const std::string request = post("/v1/passthrough/hibob/v1", call_body);
  for (const char c : request)
    client.send({&c, 1});
  EXPECT_EQ(client.receive().status, 200);
}

TEST(HttpServer, TakesChunkedBodies) {
  RunningServer server;
  TestClient client = server.connect();
  client.send("POST /v1/passthrough/hibob/v1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
              "key\r\nX-Integration-Id: a\r\n"
              "Transfer-Encoding: "
              "chunked\r\n\r\n19;x=y\r\n{\"method\":\"GET\",\"path\":\"\"\r\n1\r\n}\r\n0\r\n\r\n" +
              get("/healthz"));
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive().body, R"({"status":"ok"})");
}

TEST(HttpServer, RefusesTrailersWithWhichABodyWouldChangeItsIdentity) {
  RunningServer server;
  TestClient client = server.connect();
  client.send("POST /v1/passthrough/hibob/v1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
              "key\r\nX-Integration-Id: a\r\n"
              "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Integration-Id: victim\r\n\r\n");
  EXPECT_EQ(client.receive().status, 400);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpServer, SaysGoOnToWhoAsksFirst) {
  RunningServer server;
  TestClient client = server.connect();
  const std::string request =
      post("/v1/passthrough/hibob/v1", call_body, "Expect: 100-continue\r\n");
  client.send(request.substr(0, request.size() - call_body.size()));
  EXPECT_EQ(client.receive(true).status, 100);
  client.send(call_body);
  EXPECT_EQ(client.receive().status, 200);
}

TEST(HttpServer, RefusesBeforeTheBodyIsRead) {
  const struct {
    std::string request;
    int status;
    std::string_view says;
  } rows[] = {
      {"POST /v1/passthrough/a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n", 401,
       "AUTHENTICATION_INVALID"},
      {"POST /v1/passthrough/a/b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
       "key\r\nContent-Length: 100001\r\n\r\n",
       413, "larger than 100000 bytes"},
      {"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", 404, "no such path"},
      {"PUT /v1/passthrough/a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", 405,
       "takes POST"},
      {"POST /v1/passthrough/a/b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
       "key\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n",
       415, "Content-Encoding"},
  };
  RunningServer server;
  for (const auto& row : rows) {
    TestClient client = server.connect();
    client.send(row.request);
    const Received answer = client.receive();
    EXPECT_EQ(answer.status, row.status) << row.request;
    EXPECT_THAT(answer.body, HasSubstr(row.says));
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(client.closed_by_server());
  }
}

TEST(HttpServer, CountsTheBytesOfChunkedBodies) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
  const std::string with_key = " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n" + chunked;
  const std::string without = " HTTP/1.1\r\nHost: x\r\n" + chunked;
  const struct {
    std::string request;
    int status;
  } rows[] = {
      {"POST /v1/passthrough/a/b" + with_key + "186a1\r\n" + std::string(100'001, ' '), 413},
      {"POST /v1/validate/a/b" + with_key + "186a1\r\n" + std::string(100'001, ' '), 413},
      {"POST /v1/integrations/a/verify" + with_key + "10001\r\n" + std::string(65'537, ' '), 413},
      {"POST /v1/passthrough/a/b" + with_key + "1;" + std::string(40'000, 'x'), 400},
      // Not even the first byte.
      {"GET /healthz" + without, 413},
      {"HEAD /healthz" + without, 413},
      {"GET /readyz" + without, 413},
      {"GET /healthz" + with_key, 413},
      {"GET /v1/apis" + with_key, 413},
      {"GET /v1/apis/a/b" + with_key, 413},
      {"GET /v1/integrations" + with_key, 413},
      {"GET /v1/check-api-key" + with_key, 413},
      {"GET /openapi.json" + with_key, 413},
      {"GET /v1/apis" + without, 401},
      {"POST /v1/passthrough/a/b" + without, 401},
      {"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", 413},
      {"GET /v1/apis HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\nContent-Length: "
       "1\r\n\r\n",
       413},
      {"POST /v1/integrations/a/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
       "key\r\nContent-Length: 65537\r\n\r\n",
       413},
  };
  RunningServer server;
  for (const auto& row : rows) {
    TestClient client = server.connect();
    client.send(row.request);
    EXPECT_EQ(client.receive(row.request.starts_with("HEAD")).status, row.status)
        << row.request.substr(0, 200);
    EXPECT_TRUE(client.closed_by_server()) << row.request.substr(0, 200);
  }
}

TEST(HttpServer, TakesNoBodyOfAStrangersProbe) {
  ServerConfig config = RunningServer::default_config();
  config.allowed_networks = {"10.0.0.0/8"};
  RunningServer server(config);
  const struct {
    std::string_view path;
    int status;
  } rows[] = {{"/healthz", 413}, {"/v1/apis", 403}, {"/v1/proxy/a/b/c", 403}};
  for (const auto& row : rows) {
    TestClient client = server.connect();
    client.send(get(row.path, "Transfer-Encoding: chunked\r\n"));
    EXPECT_EQ(client.receive().status, row.status) << row.path;
  }
  TestClient probe = server.connect();
  probe.send(get("/healthz", "Content-Length: 0\r\n"));
  EXPECT_EQ(probe.receive().status, 200);
}

TEST(HttpServer, KeepsTheConnectionAfterARefusalWithoutBody) {
  RunningServer server;
  TestClient client = server.connect();
  client.send(get("/nowhere"));
  EXPECT_EQ(client.receive().status, 404);
  client.send("DELETE /v1/apis HTTP/1.1\r\nHost: x\r\n\r\n");
  const Received refused = client.receive();
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.header("allow"), "GET, HEAD");
  client.send("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  const Received head = client.receive(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "15");
  client.send(get("/healthz", "Connection: close\r\n"));
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpServer, ClosesOnSlowClients) {
  HttpLimits limits;
  limits.head = limits.grace = limits.keep_alive = std::chrono::milliseconds(60);
  limits.bytes_per_second = 1'000'000;
  RunningServer server(RunningServer::default_config(), limits);
  TestClient silent = server.connect();
  TestClient half_a_head = server.connect();
  half_a_head.send("GET /healthz HTTP/1.1\r\nHo");
  TestClient half_a_body = server.connect();
  half_a_body.send(post("/v1/passthrough/a/b", "{").substr(0, 100));
  TestClient idle = server.connect();
  idle.send(get("/healthz"));
  EXPECT_EQ(idle.receive().status, 200);
  for (TestClient* client : {&silent, &half_a_head, &half_a_body, &idle})
    EXPECT_TRUE(client->closed_by_server());
}

TEST(HttpServer, DoesNotCloseWhileACallRuns) {
  HttpLimits limits;
  limits.head = limits.grace = limits.keep_alive = std::chrono::milliseconds(20);
  RunningServer server(RunningServer::default_config(), limits);
  server.engine.hold();
  TestClient client = server.connect();
  client.send(post("/v1/passthrough/hibob/v1", call_body));
  server.engine.wait_for_calls(1);
  EXPECT_TRUE(server.connect().closed_by_server());  // One whole deadline has passed.
  server.engine.release();
  EXPECT_EQ(client.receive().status, 200);
}

TEST(HttpServer, TellsACallThatItsCallerHasGone) {
  RunningServer server;
  server.engine.hold();
  TestClient stays = server.connect();
  stays.send(post("/v1/passthrough/hibob/v1", call_body) + get("/healthz"));
  server.engine.wait_for_calls(1);
  {
    TestClient goes = server.connect();
    goes.send(post("/v1/passthrough/hibob/v1", call_body));
    server.engine.wait_for_calls(2);
    EXPECT_FALSE(server.engine.client_disconnected(1));
  }
  while (!server.engine.client_disconnected(1))  // or this test ends in its time limit
    std::this_thread::yield();
  EXPECT_FALSE(server.engine.client_disconnected(0)) << "a request behind it was taken for the end";
  server.engine.release();
  EXPECT_EQ(stays.receive().status, 200);
  EXPECT_EQ(stays.receive().status, 200);
  server.wait_for_log_lines(2);
}

TEST(HttpServer, LetsNoMoreInThanItsLimit) {
  HttpLimits limits;
  limits.connections = 1;
  limits.head = std::chrono::milliseconds(200);
  RunningServer server(RunningServer::default_config(), limits);
  TestClient first = server.connect();
  first.send(get("/healthz", "Connection: close\r\n"));
  TestClient second = server.connect();
  second.send(get("/healthz"));
  EXPECT_EQ(first.receive().status, 200);
  EXPECT_TRUE(first.closed_by_server());
  first.finish_sending();
  EXPECT_EQ(second.receive().status, 200);
  EXPECT_LE(server.http().connections(), 1U);
}

TEST(HttpServer, DrainsInOrder) {
  RunningServer server;
  server.engine.hold();
  TestClient idle = server.connect();
  idle.send(get("/readyz"));
  EXPECT_EQ(idle.receive().status, 200);
  TestClient busy = server.connect();
  busy.send(post("/v1/passthrough/hibob/v1", call_body));
  server.engine.wait_for_calls(1);

  server.handler().begin_draining();
  idle.send(get("/readyz"));
  EXPECT_EQ(idle.receive().status, 503);
  server.http().stop();
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_THROW(server.connect(), boost::system::system_error);
  server.engine.release();
  const Received answer = busy.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(busy.closed_by_server());
}

TEST(HttpServer, RefusesAnAddressInUse) {
  RunningServer server;
  boost::asio::io_context loop;
  const auto second = HttpServer::open({&loop}, server.http().address(), server.handler(), {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("in use"));
}

TEST(HttpServer, LogsOneLineForEachCallWithoutItsQuery) {
  RunningServer server;
  TestClient client = server.connect();
  client.send(get("/healthz") + post("/v1/passthrough/hibob/v1", call_body) +
              post("/v1/passthrough/hibob/v1", R"({"method":"GET","path":"/fail"})") +
              get("/v1/apis/a/b?k=secret"));
  for (int i = 0; i < 4; ++i)
    client.receive();
  const auto lines = server.log_lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], HasSubstr(R"("level":"info","event":"call")"));
  EXPECT_THAT(
      lines[0],
      HasSubstr(
          R"("key":"local","integration":"hibob:acme","tool":"hibob","api":"v1","method":"POST",)"
          R"("path":"/people","http_status":200,"vendor_status":200,)"));
  EXPECT_THAT(lines[0], HasSubstr(R"("vendor_ms":1.5,"plugin":"fake 1.0.0"})"));
  EXPECT_THAT(lines[1],
              HasSubstr(R"("http_status":502,"origin":"network","phase":"connect","sent":"no")"));
  EXPECT_THAT(lines[2], HasSubstr(R"("event":"request")"));
  for (const std::string& line : lines)
    EXPECT_THAT(line, testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace penstock::server
