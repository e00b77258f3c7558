// The transparent proxy's side towards callers, with an engine that gives back what it gets.
#include <gmock/gmock.h>
#include <penstock/text.hpp>

#include "http_fixture.hpp"

namespace penstock::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string request(const std::string& line, const std::string& more = {},
                    const std::string& body = {}) {
  return line + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\nX-Integration-Id: a:b\r\n" +
         more + "\r\n" + body;
}

/// Skips the 103 that the engine sends first.
Received answer(TestClient& client) {
  const Received interim = client.receive(true);
  if (interim.status != 103) return interim;
  EXPECT_EQ(interim.header("link"), "</a>");
  EXPECT_TRUE(interim.head.starts_with("HTTP/1.1 103 Hints, early\r\n")) << interim.head;
  return client.receive(true);
}

TEST(Proxy, RoutesByPathAndPassesMethodPathQueryAndOptionsOn) {
  const struct {
    std::string line, more, asked;
  } rows[] = {
      {"GET /v1/proxy/hibob/v1/people/a%2Fb;c?x=1&x=%20&y", "",
       "GET /people/a%2Fb;c?x=1&x=%20&y  a:b"},
      {"DELETE /v1/proxy/hibob/v1", "", "DELETE   a:b"},
      {"HEAD /v1/proxy/hibob/v1/", "", "HEAD /  a:b"},
      {"OPTIONS /v1/proxy/hibob/v1?q", "", "OPTIONS ?q  a:b"},
      {"GET /v1/proxy/w/rest/x", "X-Api-Options: service_name=a+b&version=%22v6%22\r\n",
       R"(GET /x {"service_name":"a b","version":"\"v6\""} a:b)"},
  };
  RunningServer server;
  for (const auto& row : rows) {
    TestClient client = server.connect();
    client.send(request(row.line, row.more));
    const Received got = answer(client);
    EXPECT_EQ(got.status, 201) << row.line;
    EXPECT_EQ(got.header("x-asked"), row.asked);
    EXPECT_EQ(got.header("penstock-answer"), "vendor");
  }
}

TEST(Proxy, KeepsWhatIsTheServersOwnToItself) {
  RunningServer server;
  TestClient client = server.connect();
  client.send(request("GET /v1/proxy/hibob/v1/x", "X-Api-Options: a=b\r\nX-Mine: 1\r\n"));
  const Received got = answer(client);
  EXPECT_EQ(got.header("x-got-X-Mine"), "1");
  for (const char* name : {"x-got-Authorization", "x-got-X-Integration-Id", "x-got-X-Api-Options"})
    EXPECT_EQ(got.header(name), "") << name;
}

TEST(Proxy, TakesOptionsInTheAddressAsWellAsInAHeader) {
  const struct {
    std::string begin;
    std::string_view header;
    std::string_view asked;
  } rows[] = {
      {"GET /v1/proxy/hibob/v1;service_name=Staffing;version=v6/x?q=;", "",
       R"(GET /x?q=; {"service_name":"Staffing","version":"v6"} a:b)"},
      {"GET /v1/proxy/hibob/v1;a=b%2Fc%3B+%25/", "", R"(GET / {"a":"b/c;+%"} a:b)"},
      {"GET /v1/proxy/hibob/v1/x;a=1", "X-Api-Options: a=b+c\r\n", R"(GET /x;a=1 {"a":"b c"} a:b)"},
  };
  RunningServer server;
  for (const auto& row : rows) {
    TestClient client = server.connect();
    client.send(request(row.begin, std::string(row.header)));
    EXPECT_EQ(answer(client).header("x-asked"), row.asked) << row.begin;
  }
}

TEST(Proxy, RefusesInTheUsualShape) {
  const struct {
    std::string bytes;
    int status;
    std::string_view says;
  } rows[] = {
      {"GET /v1/proxy/hibob/v1/x HTTP/1.1\r\nHost: x\r\n\r\n", 401, "AUTHENTICATION_INVALID"},
      {"GET /v1/proxy/hibob/v1/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n\r\n", 400,
       "X-Integration-Id is required"},
      {request("GET /v1/proxy/hibob/v1/x", "X-Api-Options: =b\r\n"), 400, "must be encoded like"},
      {request("GET /v1/proxy/hibob/v1;a/x"), 400, "address behind the API must be encoded like"},
      {request("GET /v1/proxy/hibob/v1;a=1;a=2/x"), 400, "twice"},
      {request("GET /v1/proxy/hibob/v1;a=1/x", "X-Api-Options: b=2\r\n"), 400, "twice"},
      {request("GET /v1/proxy/hibob/v1/x", "X-Api-Options: a=1&a=2\r\n"), 400, "twice"},
      {request("GET /v1/proxy/hibob/v1/x", "X-Api-Options: a=1\r\nX-Api-Options: b=2\r\n"), 400,
       "twice"},
      {request("GET /v1/proxy/hibob"), 404, "no such path"},
      {request("POST /v1/proxy/hibob/refused/x", "Content-Length: 2\r\n", "ab"), 400, "refused"},
  };
  RunningServer server;
  for (const auto& row : rows) {
    TestClient client = server.connect();
    client.send(row.bytes);
    const Received got = client.receive();
    EXPECT_EQ(got.status, row.status) << row.bytes;
    EXPECT_THAT(got.body, HasSubstr(row.says)) << row.bytes;
    EXPECT_EQ(got.header("content-type"), "application/json");
    EXPECT_EQ(got.header("penstock-answer"), row.status == 404 ? "" : "engine") << row.bytes;
    EXPECT_EQ(got.header("penstock-request-id"),
              row.status == 404 ? "" : got.header("x-request-id"))
        << row.bytes;
  }
}

TEST(Proxy, StreamsABodyOfEitherFramingAndKeepsTheConnection) {
  RunningServer server;
  TestClient client = server.connect();
  client.send(request("POST /v1/proxy/hibob/v1/x", "Content-Length: 5\r\n", "hello"));
  Received got = answer(client);
  EXPECT_EQ(got.header("transfer-encoding"), "chunked");
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "5\r\nhello\r\n0\r\n\r\n");

  client.send(
      request("PATCH /v1/proxy/hibob/v1/x", "Transfer-Encoding: chunked\r\n", "2\r\nab\r\n"));
  got = answer(client);
  EXPECT_EQ(got.status, 201) << "the answer did not wait for the end of the request";
  EXPECT_EQ(client.read_until("ab\r\n"), "2\r\nab\r\n");
  client.send("3;x=y\r\ncde\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "3\r\ncde\r\n0\r\n\r\n");

  client.send(get("/healthz"));
  EXPECT_EQ(client.receive().status, 200) << "the connection was not kept";
  EXPECT_EQ(server.log_lines().size(), 2U);
}

TEST(Proxy, StreamsMoreThanTheServerTakesAsACall) {
  RunningServer server;  // which takes 100,000 bytes
  TestClient client = server.connect();
  client.send(request("POST /v1/proxy/hibob/v1/x", "Content-Length: 400000\r\n"));
  answer(client);
  std::string back;
  for (int i = 0; i < 40; ++i) {
    client.send(std::string(10'000, static_cast<char>('a' + i % 26)));
    while (std::count(back.begin(), back.end(), 'a' + i % 26) < 10'000 * (1 + i / 26))
      back += client.read_some();
  }
  while (!back.ends_with("\r\n0\r\n\r\n"))
    back += client.read_some();
  EXPECT_GT(back.size(), 400'000U);
}

TEST(Proxy, SaysGoOnOnlyWhenTheBodyIsWanted) {
  RunningServer server;
  TestClient wanted = server.connect();
  const std::string expects = "Expect: 100-continue\r\nContent-Length: 2\r\n";
  wanted.send(request("POST /v1/proxy/hibob/v1/x", expects));
  EXPECT_EQ(wanted.receive(true).status, 103);
  EXPECT_EQ(wanted.receive(true).status, 201);
  EXPECT_EQ(wanted.receive(true).status, 100);
  wanted.send("ab");
  EXPECT_EQ(wanted.read_until("0\r\n\r\n"), "2\r\nab\r\n0\r\n\r\n");

  TestClient refused = server.connect();
  refused.send(request("POST /v1/proxy/hibob/refused/x", expects));
  const Received got = refused.receive();
  EXPECT_EQ(got.status, 400);
  EXPECT_EQ(got.header("connection"), "close");
  EXPECT_TRUE(refused.closed_by_server());
}

TEST(Proxy, GivesTrailersToWhoTakesThemAndDropsThoseOfRequests) {
  RunningServer server;
  TestClient client = server.connect();
  const std::string body = "1\r\na\r\n0\r\nX-Integration-Id: victim\r\n\r\n";
  client.send(
      request("POST /v1/proxy/h/v1/x", "TE: trailers\r\nTransfer-Encoding: chunked\r\n", body));
  Received got = answer(client);
  EXPECT_THAT(got.header("x-asked"), HasSubstr("a:b"));
  EXPECT_EQ(client.read_until("42\r\n\r\n"), "1\r\na\r\n0\r\nx-check: 42\r\n\r\n");

  client.send(request("POST /v1/proxy/h/v1/x", "Content-Length: 1\r\n", "a"));
  answer(client);
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "1\r\na\r\n0\r\n\r\n");
}

TEST(Proxy, LetsNoVendorSpeakForTheEngine) {
  const Headers forged = {{"penstock-answer", "engine"},       {"Penstock-Request-Id", "forged"},
                          {"penstock-other", "forged"},        {"concurrency-limit", "forged"},
                          {"Concurrency-Remaining", "forged"}, {"x-kept", "1"}};
  RunningServer server;
  server.engine.play({.interim = forged, .headers = forged, .pieces = {"a"}, .trailers = forged});
  TestClient client = server.connect();
  client.send(request("GET /v1/proxy/hibob/v1/x", "TE: trailers\r\n"));
  const Received interim = client.receive(true);
  EXPECT_EQ(interim.status, 103);
  EXPECT_EQ(interim.head.substr(interim.head.find("\r\n")), "\r\nx-kept: 1");
  const Received got = client.receive(true);
  EXPECT_EQ(got.header("penstock-answer"), "vendor");
  EXPECT_EQ(got.header("x-kept"), "1");
  EXPECT_THAT(got.head, Not(HasSubstr("engine")));
  EXPECT_THAT(got.head, Not(HasSubstr("forged")));
  EXPECT_EQ(client.read_until("kept: 1\r\n\r\n"), "1\r\na\r\n0\r\nx-kept: 1\r\n\r\n");
}

TEST(Proxy, FramesAnswersItself) {
  const struct {
    const char* what;
    Headers headers;
    int status;
    std::string_view length, coding, body;
  } rows[] = {
      {"a length", {{"content-length", "5"}}, 200, "5", "", "hello"},
      {"the same length twice",
       {{"content-length", "5"}, {"Content-Length", "5"}},
       200,
       "5",
       "",
       "hello"},
      {"two lengths",
       {{"content-length", "5"}, {"content-length", "6"}},
       200,
       "",
       "chunked",
       "5\r\nhello\r\n0\r\n\r\n"},
      {"no number", {{"content-length", "5,5"}}, 200, "", "chunked", "5\r\nhello\r\n0\r\n\r\n"},
      {"2^64",
       {{"content-length", "18446744073709551616"}},
       200,
       "",
       "chunked",
       "5\r\nhello\r\n0\r\n\r\n"},
      {"less than comes", {{"content-length", "4"}}, 200, "4", "", "hell"},
      {"the vendor's own framing",
       {{"transfer-encoding", "chunked"},
        {"connection", "x"},
        {"trailer", "x"},
        {"te", "x"},
        {"keep-alive", "x"},
        {"upgrade", "x"}},
       200,
       "",
       "chunked",
       "5\r\nhello\r\n0\r\n\r\n"},
      {"204", {{"content-length", "5"}}, 204, "", "", ""},
      {"304", {{"content-length", "5"}}, 304, "5", "", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    RunningServer server;
    server.engine.play({.status = row.status, .headers = row.headers, .pieces = {"hel", "lo"}});
    if (row.coding == "chunked")
      server.engine.play({.status = row.status, .headers = row.headers, .pieces = {"hello"}});
    TestClient client = server.connect();
    client.send(request("GET /v1/proxy/hibob/v1/x") + get("/healthz"));
    const Received got = client.receive(true);
    EXPECT_EQ(got.header("content-length"), row.length);
    EXPECT_EQ(got.header("transfer-encoding"), row.coding);
    for (const char* name : {"connection", "trailer", "te", "keep-alive", "upgrade"})
      EXPECT_EQ(got.header(name), "") << name;
    EXPECT_EQ(lower(got.head).find("content-length"), lower(got.head).rfind("content-length"));
    const std::string rest = client.read_until("HTTP/1.1 200 OK");
    EXPECT_EQ(rest, std::string(row.body) + "HTTP/1.1 200 OK") << "and then the next answer";
  }
}

TEST(Proxy, CutsAnAnswerThatIsShorterThanItsLength) {
  RunningServer server;
  server.engine.play({.headers = {{"content-length", "6"}}, .pieces = {"hello"}});
  TestClient client = server.connect();
  client.send(request("GET /v1/proxy/hibob/v1/x") + get("/healthz"));
  EXPECT_EQ(client.receive(true).header("content-length"), "6");
  EXPECT_EQ(client.read_until("never"), "hello");
}

TEST(Proxy, SpeaksHttp10WithoutChunksAndInterimAnswers) {
  const std::string start = "GET /v1/proxy/hibob/v1/x HTTP/1.0\r\nAuthorization: Bearer "
                            "key\r\nX-Integration-Id: a:b\r\nTE: trailers\r\n\r\n";
  for (const bool breaks_off : {false, true}) {
    RunningServer server;
    server.engine.play({.interim = {{"link", "</a>"}},
                        .pieces = {"hel", "lo"},
                        .trailers = {{"x-sum", "1"}},
                        .breaks_off = breaks_off});
    TestClient client = server.connect();
    client.send(start);
    const Received got = client.receive(true);
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.header("connection"), "close");
    EXPECT_EQ(got.header("transfer-encoding"), "");
    EXPECT_EQ(got.header("content-length"), "");
    if (breaks_off) {
      EXPECT_TRUE(client.reset_by_server()) << "a cut-off answer must not look whole";
    } else {
      EXPECT_EQ(client.read_until("never"), "hello");
    }
  }
  RunningServer server;
  server.engine.play({.headers = {{"content-length", "5"}}, .pieces = {"hello"}});
  TestClient client = server.connect();
  client.send(start);
  EXPECT_EQ(client.receive().body, "hello");
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Proxy, TakesAnAbsoluteTarget) {
  RunningServer server;
  TestClient client = server.connect();
  client.send(request("GET http://penstock.example:8080/v1/proxy/hibob/v1;a=b/people?x=1"));
  EXPECT_EQ(answer(client).header("x-asked"), R"(GET /people?x=1 {"a":"b"} a:b)");
}

TEST(Proxy, CutsAnAnswerThatTheVendorCut) {
  RunningServer server;
  TestClient client = server.connect();
  client.send(request("GET /v1/proxy/hibob/cut/x"));
  EXPECT_EQ(answer(client).status, 201);
  EXPECT_EQ(client.read_until("never"), "") << "a cut-off answer must not look whole";
  const auto lines = server.log_lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("\"event\":\"proxy\""));
  EXPECT_THAT(lines[0], HasSubstr("\"level\":\"warn\""));
}

TEST(Proxy, EndsACallWhoseCallerGoesOrStalls) {
  HttpLimits limits;
  limits.grace = std::chrono::milliseconds(100);
  RunningServer server(RunningServer::default_config(), limits);
  for (const bool stalls : {false, true}) {
    TestClient client = server.connect();
    client.send(request("POST /v1/proxy/hibob/v1/x", "Content-Length: 100\r\n", "half"));
    answer(client);
    EXPECT_EQ(client.read_until("half\r\n"), "4\r\nhalf\r\n");
    if (!stalls) client.finish_sending();
    EXPECT_EQ(client.read_until("never"), "");
  }
  server.wait_for_log_lines(2);
  for (const std::string& line : server.log_lines())
    EXPECT_THAT(line, HasSubstr("\"origin\":\"caller\""));
}

TEST(Proxy, RefusesFramingThatIsWasteful) {
  RunningServer server;
  TestClient client = server.connect();
  client.send(request("POST /v1/proxy/hibob/v1/x", "Transfer-Encoding: chunked\r\n",
                      "1;" + std::string(200'000, 'x') + "\r\na\r\n0\r\n\r\n"));
  answer(client);
  EXPECT_THAT(client.read_until("never"), Not(HasSubstr("0\r\n\r\n")));
}

}  // namespace
}  // namespace penstock::server
