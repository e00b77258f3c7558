// The transparent proxy from end to end: a client's socket, the HTTP server, the engine with a real
// plugin, and a vendor behind TLS that plays a script.
#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <penstock/engine.hpp>
#include <penstock/text.hpp>

#include "../unit/upstream_tls_server.hpp"
#include "http_fixture.hpp"

namespace penstock::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using upstream::TlsStream;
using Vendor = upstream::Server;

/// One request, with a body of either framing; empty at the end of the stream.
std::string read_request(TlsStream& stream) {
  std::string got;
  for (;;) {
    const std::size_t head = got.find("\r\n\r\n");
    if (head != std::string::npos) {
      const std::string fields = got.substr(0, head + 2);
      const std::size_t length = fields.find("Content-Length: ");
      const std::size_t body = got.size() - head - 4;
      const bool chunked = fields.find("Transfer-Encoding: chunked\r\n") != std::string::npos;
      if (chunked ? got.ends_with("0\r\n\r\n")
                  : length == std::string::npos || body >= std::stoul(fields.substr(length + 16)))
        return got;
    }
    char buffer[4096];
    boost::system::error_code error;
    const std::size_t size = stream.read_some(boost::asio::buffer(buffer), error);
    if (error) return {};
    got.append(buffer, size);
  }
}

/// Everything between a client and a vendor. The engine has one loop, so that calls share their
/// vendor's connections.
class WholeProxy {
 public:
  /// `answers`: what the vendor does on its connection of that number, from 1.
  explicit WholeProxy(std::function<void(TlsStream&, int)> answers, std::string host = {},
                      Config config = {})
      : vendor([this, answers = std::move(answers)](
                   TlsStream& stream) { answers(stream, vendor.handshakes); },
               host.empty() ? "api.hibob.com" : host) {
    if (config.integrations.empty()) {
      config.plugins.directory = PENSTOCK_BINARY_DIR "/plugins";
      IntegrationConfig one;
      one.id = "hibob:acme", one.tool = "hibob";
      one.connection.push_back({"service_user_id", Secret("a-user"), {}, {}});
      one.connection.push_back({"token", Secret("a-token"), {}, {}});
      config.integrations.push_back(std::move(one));
    }
    config.upstream.connect_to = vendor.address();
    config.upstream.ca_file = upstream::authority().file.string();
    EngineOptions options;
    options.threads = 1;
    options.store = make_memory_store();
    auto opened = Engine::open(std::move(config), std::move(options));
    if (!opened) throw std::runtime_error(opened.error().front().text());
    engine_ = *std::move(opened);
    const ServerConfig server = RunningServer::default_config();
    api_ = std::make_unique<ApiHandler>(*engine_, server, *AllowedNetworks::parse({}),
                                        [](std::string) {});
    auto listening = HttpServer::open({&loop_}, server.listen, *api_, limits_);
    if (!listening) throw std::runtime_error(listening.error());
    http_ = *std::move(listening);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~WholeProxy() {
    loop_.stop();
    thread_.join();
  }

  TestClient connect() { return TestClient(http_->port()); }

  Vendor vendor;

 private:
  HttpLimits limits_;
  boost::asio::io_context loop_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ApiHandler> api_;
  std::unique_ptr<HttpServer> http_;
  std::thread thread_;
};

std::string proxied(const std::string& method, const std::string& more = {},
                    const std::string& body = {}, const std::string& of = "hibob") {
  return method + " /v1/proxy/" + of +
         "/v1/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n" + "X-Integration-Id: " + of +
         ":acme\r\n" + more + "\r\n" + body;
}

std::function<void(TlsStream&, int)> always(std::string answer) {
  return [answer = std::move(answer)](TlsStream& stream, int) {
    while (!read_request(stream).empty())
      Vendor::send(stream, answer);
  };
}

TEST(ProxyAndVendor, AnswersComeThroughWithTheFramingOfThisHop) {
  const struct {
    const char* name;
    std::string answer;
    std::string asks;  ///< a field of the caller's
    std::string status_line;
    std::vector<std::string_view> has, lacks;
    std::string rest;  ///< behind the head
  } rows[] = {
      {"the vendor's reason",
       "HTTP/1.1 299 Odd, but (quite) mine\r\nContent-Length: 2\r\n\r\nok",
       "",
       "HTTP/1.1 299 Odd, but (quite) mine\r\n",
       {"Content-Length: 2"},
       {"Transfer-Encoding"},
       "ok"},
      {"no reason",
       "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
       "",
       "HTTP/1.1 200 \r\n",
       {},
       {"Transfer-Encoding"},
       "ok"},
      {"chunks beside a length",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
       "5\r\nhello\r\n0\r\n\r\n",
       "",
       "HTTP/1.1 200 OK\r\n",
       {"Transfer-Encoding: chunked"},
       {"Content-Length"},
       "5\r\nhello\r\n0\r\n\r\n"},
      {"a length beside chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 500\r\n\r\n"
       "5\r\nhello\r\n0\r\n\r\n",
       "",
       "HTTP/1.1 200 OK\r\n",
       {"Transfer-Encoding: chunked"},
       {"Content-Length"},
       "5\r\nhello\r\n0\r\n\r\n"},
      {"trailers, asked for",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nPenstock-Answer: "
       "engine\r\n\r\n1\r\na\r\n0\r\nX-Sum: 42\r\nPenstock-Answer: engine\r\n"
       "penstock-request-id: forged\r\nConcurrency-Limit: 7777\r\n\r\n",
       "TE: trailers\r\n",
       "HTTP/1.1 200 OK\r\n",
       {"Penstock-Answer: vendor"},
       {"engine", "Trailer:"},
       "1\r\na\r\n0\r\nx-sum: 42\r\n\r\n"},
      {"trailers, not asked for",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 42\r\n\r\n",
       "",
       "HTTP/1.1 200 OK\r\n",
       {},
       {},
       "1\r\na\r\n0\r\n\r\n"},
      {"trailers that frame or authenticate",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nContent-Length: 9\r\n"
       "Transfer-Encoding: gzip\r\nConnection: close\r\nX-Sum: 42\r\n\r\n",
       "TE: trailers\r\n",
       "HTTP/1.1 200 OK\r\n",
       {},
       {"Connection: close"},
       "1\r\na\r\n0\r\nx-sum: 42\r\n\r\n"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    WholeProxy whole(always(row.answer));
    TestClient client = whole.connect();
    client.send(proxied("GET", row.asks) + get("/healthz"));
    const Received got = client.receive(true);
    EXPECT_THAT(got.head + "\r\n", StartsWith(row.status_line));
    const std::string head = lower(got.head);
    for (const std::string_view text : row.has)
      EXPECT_THAT(head, HasSubstr(lower(text)));
    for (const std::string_view text : row.lacks)
      EXPECT_THAT(head, Not(HasSubstr(lower(text))));
    const std::string rest = client.read_until("HTTP/1.1 200 OK");
    EXPECT_EQ(lower(rest), row.rest + "http/1.1 200 ok") << "and then the next answer";
  }
}

TEST(ProxyAndVendor, AnAnswerOfTwoFramingsIsTheLastOfItsConnection) {
  WholeProxy whole(always("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
                          "\r\n5\r\nhello\r\n0\r\n\r\n"));
  for (int i = 1; i <= 2; ++i) {
    TestClient client = whole.connect();
    client.send(proxied("GET"));
    EXPECT_EQ(client.receive(true).status, 200);
    EXPECT_EQ(client.read_until("0\r\n\r\n"), "5\r\nhello\r\n0\r\n\r\n");
    EXPECT_EQ(whole.vendor.handshakes, i);
  }
}

TEST(ProxyAndVendor, ARequestOfTwoFramingsReachesNoVendor) {
  WholeProxy whole(always(Vendor::ok()));
  const struct {
    const char* framing;
    int status;
  } rows[] = {{"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400},
              {"Transfer-Encoding: chunked\r\nContent-Length: 12\r\n", 400},
              {"Content-Length: 2\r\nContent-Length: 3\r\n", 400},
              {"Transfer-Encoding: gzip, chunked\r\n", 501}};
  for (const auto& row : rows) {
    TestClient client = whole.connect();
    client.send(proxied("POST", row.framing, "2\r\nab\r\n0\r\n\r\n"));
    EXPECT_EQ(client.receive().status, row.status) << row.framing;
    EXPECT_TRUE(client.closed_by_server()) << row.framing;
  }
  EXPECT_EQ(whole.vendor.connections, 0);
}

TEST(ProxyAndVendor, AnUploadThatIsNoHttpIsToldAsThatAndNotAsACallerWhoLeft) {
  const struct {
    const char* body;
    const char* says;
  } rows[] = {
      {"zz\r\nab\r\n0\r\n\r\n", "the request's body is malformed"},
      {"2\r\nabXX0\r\n\r\n", "the request's body is malformed"},
      {"2\r\nab\r\n-1\r\n", "the request's body is malformed"},
  };
  for (const auto& row : rows) {
    WholeProxy proxy([](TlsStream& stream, int) { read_request(stream); });
    TestClient client = proxy.connect();
    client.send(proxied("POST", "Transfer-Encoding: chunked\r\n", row.body));
    const Received got = client.receive();
    EXPECT_EQ(got.status, 400) << row.body;
    EXPECT_THAT(got.body, HasSubstr(row.says)) << row.body;
    EXPECT_THAT(got.body, Not(HasSubstr("disconnected"))) << row.body;
    EXPECT_EQ(got.header("penstock-answer"), "engine") << row.body;
    EXPECT_EQ(got.header("connection"), "close") << row.body;
  }
}

TEST(ProxyAndVendor, TheTrailersOfARequestEndHere) {
  std::string seen;
  std::atomic<bool> done{false};
  WholeProxy whole([&](TlsStream& stream, int) {
    seen = read_request(stream);
    done = true;
    Vendor::send(stream, Vendor::ok());
    Vendor::wait_for_end(stream);
  });
  TestClient client = whole.connect();
  client.send(proxied("POST", "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n",
                      "2\r\nab\r\n0\r\nX-Sum: 42\r\nX-Integration-Id: other\r\n\r\n"));
  EXPECT_EQ(client.receive().status, 200);
  ASSERT_TRUE(done);
  EXPECT_THAT(seen, ::testing::EndsWith("\r\n\r\n2\r\nab\r\n0\r\n\r\n"));
  EXPECT_THAT(lower(seen), Not(HasSubstr("x-sum")));
  EXPECT_THAT(lower(seen), Not(HasSubstr("x-integration-id")));
}

/// plugin_abi.h: pst_call.body_len.
TEST(ProxyAndVendor, ThePluginIsToldTheLengthOfAStreamedBody) {
  const struct {
    const char* framing;
    const char* body;
    const char* told;
  } rows[] = {{"Content-Length: 4\r\n", "four", "X-Told: 1 1 4\r\n"},
              {"Content-Length: 0\r\n", "", "X-Told: 1 1 0\r\n"},
              {"", "", "X-Told: 1 1 0\r\n"},
              {"Transfer-Encoding: chunked\r\n", "4\r\nfour\r\n0\r\n\r\n", "X-Told: 1 1 *\r\n"}};
  for (const auto& row : rows) {
    std::string seen;
    Config config;
    config.plugins.directory = PENSTOCK_BINARY_DIR "/tests/abi/words";
    IntegrationConfig one;
    one.id = "compat:acme", one.tool = "compat";
    one.connection.push_back({"key", Secret("very-secret-key"), {}, {}});
    config.integrations.push_back(std::move(one));
    WholeProxy whole(
        [&](TlsStream& stream, int) {
          seen = read_request(stream);
          Vendor::send(stream, Vendor::ok());
          Vendor::wait_for_end(stream);
        },
        "api.compat.example", std::move(config));
    TestClient client = whole.connect();
    client.send(proxied("POST", row.framing, row.body, "compat"));
    EXPECT_EQ(client.receive().status, 200) << row.framing;
    EXPECT_THAT(seen, HasSubstr(row.told)) << row.framing;
  }
}

/// What the vendor does on a connection that has had one answer.
enum class Then { closes, takes_and_closes, gives_up };

/// A call on a kept connection that the vendor ends: which reach it a second time, and what their
/// caller gets.
TEST(ProxyAndVendor, ARetryIsMadeWhereNothingCanBeDoneTwice) {
  const std::string length = "Content-Length: 4\r\n", chunked = "Transfer-Encoding: chunked\r\n";
  const std::string chunks = "4\r\nfour\r\n0\r\n\r\n";
  const struct {
    const char* name;
    Then then;
    std::string request;
    int status;
    int requests;  ///< that the vendor has read, after the first
    std::string_view says;
  } rows[] = {
      {"GET", Then::closes, proxied("GET"), 200, 1, "own"},
      {"POST", Then::closes, proxied("POST", length, "four"), 200, 1, "own"},
      {"POST in chunks", Then::closes, proxied("POST", chunked, chunks), 200, 1, "own"},
      {"POST without a body", Then::closes, proxied("POST"), 200, 1, "own"},
      {"GET, taken", Then::takes_and_closes, proxied("GET"), 200, 2, "own"},
      {"HEAD, taken", Then::takes_and_closes, proxied("HEAD"), 200, 2, ""},
      {"POST, taken", Then::takes_and_closes, proxied("POST", length, "four"), 502, 1,
       R"("sent":"unknown")"},
      {"POST in chunks, taken", Then::takes_and_closes, proxied("POST", chunked, chunks), 502, 1,
       R"("sent":"unknown")"},
      {"POST without a body, taken", Then::takes_and_closes, proxied("POST"), 502, 1,
       R"("sent":"unknown")"},
      {"DELETE, taken", Then::takes_and_closes, proxied("DELETE"), 502, 1, R"("sent":"unknown")"},
      {"GET, given up", Then::gives_up, proxied("GET"), 200, 2, "own"},
      {"POST without a body, given up", Then::gives_up, proxied("POST"), 200, 2, "own"},
      // RFC 9110 section 15.5.9 lets a client repeat; the body is gone, so that is the caller's.
      {"POST, given up", Then::gives_up, proxied("POST", length, "four"), 408, 1, "late"},
      {"POST in chunks, given up", Then::gives_up, proxied("POST", chunked, chunks), 408, 1,
       "late"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    std::atomic<int> requests{0};
    std::atomic<bool> closed{false};
    WholeProxy whole([&](TlsStream& stream, int number) {
      if (number == 1) {
        read_request(stream);
        Vendor::send(stream, Vendor::ok("own"));
        if (row.then != Then::closes) {
          read_request(stream);
          ++requests;
        }
        if (row.then == Then::gives_up) {
          Vendor::send(stream, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                               "Content-Length: 4\r\n\r\nlate");
        }
        Vendor::close_notify(stream);
        Vendor::wait_for_end(stream);
        closed = true;  // and the engine knows
        return;
      }
      while (!read_request(stream).empty()) {
        ++requests;
        Vendor::send(stream, Vendor::ok("own"));
      }
    });
    TestClient first = whole.connect();
    first.send(proxied("GET"));
    ASSERT_EQ(first.receive().status, 200);
    while (row.then == Then::closes && !closed)
      std::this_thread::yield();
    TestClient client = whole.connect();
    client.send(row.request);
    const Received got = client.receive(row.request.starts_with("HEAD"));
    EXPECT_EQ(got.status, row.status) << got.body;
    EXPECT_THAT(got.body, HasSubstr(row.says));
    EXPECT_EQ(got.header("penstock-answer"), row.status == 502 ? "engine" : "vendor");
    EXPECT_EQ(requests, row.requests);
  }
}

}  // namespace
}  // namespace penstock::server
