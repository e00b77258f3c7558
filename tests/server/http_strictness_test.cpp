#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <penstock/text.hpp>
#include <rapidjson/document.h>

#include "../corpora/http_seeds.hpp"
#include "http_fixture.hpp"

namespace penstock::server {
namespace {

struct Case {
  std::string name;
  std::string raw;
};

/// gunicorn's corpus, without what tests its own options or the PROXY protocol.
std::vector<Case> corpus(std::string_view prefix) {
  const std::filesystem::path file =
      std::filesystem::path(PENSTOCK_SHARED_DIR) / "testdata/http1/gunicorn/cases.json";
  std::vector<Case> cases;
  if (!std::filesystem::exists(file)) return cases;
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  rapidjson::Document document;
  document.Parse(text.str().c_str());
  for (const auto& member : document["cases"].GetObject()) {
    const std::string name = member.name.GetString();
    if (!name.starts_with(prefix) || !member.value["cfg"].ObjectEmpty()) continue;
    cases.push_back({name, *base64_decode(member.value["raw_b64"].GetString())});
  }
  return cases;
}

#define SKIP_WITHOUT(cases)                                                                        \
  if ((cases).empty())                                                                             \
  GTEST_SKIP() << "gunicorn's cases are not in " PENSTOCK_SHARED_DIR "/testdata/http1"

/// The first request with what the corpus leaves out and ours needs to get as far as its body:
/// Host, a key, a path.
std::string prepared(std::string raw) {
  const std::size_t line_end = raw.find("\r\n");
  if (line_end == std::string::npos) return raw;
  std::string fields = "Authorization: Bearer key\r\n";
  if (raw.find("Host:") == std::string::npos) fields += "Host: x\r\n";
  raw.insert(line_end + 2, fields);
  if (raw.starts_with("POST ")) raw.replace(5, raw.find(' ', 5) - 5, "/v1/passthrough/a/b");
  return raw;
}

/// Every answer that comes back, in order, until the server closes.
std::vector<Received> answers_to(RunningServer& server, const std::string& raw) {
  TestClient client = server.connect();
  client.send(raw);
  client.finish_sending();
  std::vector<Received> out;
  for (Received answer = client.receive(); !answer.closed; answer = client.receive())
    out.push_back(answer);
  return out;
}

std::vector<int> statuses(RunningServer& server, const std::string& raw) {
  std::vector<int> out;
  for (const Received& answer : answers_to(server, raw))
    out.push_back(answer.status);
  return out;
}

/// Refused as HTTP, not for what it asked.
bool malformed(const Received& answer) {
  return answer.body.find("Malformed request") != std::string::npos;
}

/// Valid by the RFC or by gunicorn, refused here on purpose.
const std::vector<std::string> refused_on_purpose = {
    // Trailers.
    "valid/012",
    // A fragment, or bytes beyond ASCII, in the target.
    "valid/005", "valid/027",
    // Transfer_Encoding.
    "valid/040",
    // Transfer codings other than chunked.
    "valid/009", "valid/025", "valid/025_line", "valid/029", "valid/030",
    "valid/rfc9112_smuggle_gzip_chunked_01", "valid/rfc9112_smuggle_te_identity_chunked_01",
    // A method that begins with a hyphen.
    "valid/031",
    // A target with user information, or that is neither a path nor an http URI.
    "valid/rfc9112_target_absolute_userinfo_01", "valid/rfc9112_target_asterisk_options_01",
    "valid/rfc9112_target_authority_connect_01", "valid/rfc9112_target_authority_ipv6_01"};

TEST(HttpStrictness, JudgesTheSeedsAsTheySay) {
  RunningServer server;
  for (const corpora::HttpSeed& seed : corpora::http_seeds("requests.tsv")) {
    SCOPED_TRACE(seed.name + " " + ::testing::PrintToString(seed.raw));
    // prepared() would mend what is wrong with a first line.
    const bool as_it_is = seed.name.starts_with("first line");
    const auto answers = answers_to(server, as_it_is ? seed.raw : prepared(seed.raw));
    if (seed.verdict == "valid") {
      ASSERT_EQ(answers.size(), 1U);
      EXPECT_FALSE(malformed(answers[0])) << answers[0].body;
    } else {
      EXPECT_LE(answers.size(), 1U);
      for (const Received& answer : answers)
        EXPECT_TRUE(malformed(answer) || answer.status == 501) << answer.status << answer.body;
    }
  }
}

TEST(HttpStrictness, TakesWhatIsValid) {
  const auto cases = corpus("valid/");
  SKIP_WITHOUT(cases);
  RunningServer server;
  int taken = 0;
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    const auto answers = answers_to(server, prepared(row.raw));
    if (row.name == "valid/099") {  // Its body breaks off in the corpus.
      EXPECT_TRUE(answers.empty());
      continue;
    }
    ASSERT_FALSE(answers.empty());
    const bool on_purpose =
        std::ranges::find(refused_on_purpose, row.name) != refused_on_purpose.end();
    EXPECT_EQ(malformed(answers[0]), on_purpose) << answers[0].body;
    if (!on_purpose) ++taken;
  }
  EXPECT_EQ(taken, 33);
}

TEST(HttpStrictness, RefusesWhatIsInvalid) {
  const auto cases = corpus("invalid/");
  SKIP_WITHOUT(cases);
  RunningServer server;
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    // Limits of gunicorn's own that are lower than ours.
    if (row.name == "invalid/006" || row.name == "invalid/007" || row.name == "invalid/008" ||
        row.name == "invalid/017")
      continue;
    // Nothing at all where the request breaks off: the connection is closed.
    const auto answers = answers_to(server, prepared(row.raw));
    EXPECT_LE(answers.size(), 1U);
    for (const Received& answer : answers)
      EXPECT_TRUE(malformed(answer)) << answer.status << answer.body;
  }
}

TEST(HttpStrictness, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  const std::string start = "POST /v1/passthrough/a/b HTTP/1.1\r\nAuthorization: Bearer key\r\n";
  const struct {
    std::string raw;
    int status;
  } rows[] = {
      {start + "Host: a\r\nHost: b\r\n\r\n", 400},
      {start + "\r\n", 400},
      {start + "Host: a\r\nAuthorization: Bearer key\r\n\r\n", 400},
      {start + "Host: a\r\nX-Integration-Id: a\r\nx-integration-id: b\r\n\r\n", 400},
      {start + "Host: a\r\nX_Integration_Id: a\r\n\r\n", 400},
      {start + "Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {start + "Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
      {start + "Host: a\r\nContent-Length: 2,2\r\n\r\n{}", 400},
      {start + "Host: a\r\nContent-Length: 0x2\r\n\r\n{}", 400},
      {start + "Host: a\r\nContent-Length: 99999999999999999999\r\n\r\n{}", 400},
      {start + "Host: a\r\nContent-Length:\r\n\r\n{}", 400},
      {start + "Host: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
      {start + "Host: a\r\nTransfer-Encoding: \xa0"
               "chunked\r\n\r\n",
       501},
      {start + "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {start + "Host: a\r\nTrailer: X-A\r\n\r\n", 400},
      {start + "Host: a\r\nExpect: 200-ok\r\n\r\n", 417},
      {start + "Host: a\r\n folded: x\r\n\r\n", 400},
      {start + "Host: a\r\nX-A : x\r\n\r\n", 400},
      {start + "Host: a\nX-A: x\r\n\r\n", 400},
      {start + "Host: a\r\nX-A: x\ry\r\n\r\n", 400},
      {start + "Host: a\n\n", 400},
      {start + std::string("Host: a\r\nX-A: \0\r\n\r\n", 19), 400},
      {start + "Host: a\r\nContent_Length: 2\r\n\r\n", 400},
      {start + "Host: a\r\ntransfer_Encoding: chunked\r\n\r\n", 400},
      {start + "Host: a\r\nX-Integration_Id: a\r\n\r\n", 400},
      {start + "Host: a\r\nX_Api_Options: a=b\r\n\r\n", 400},
      {start + "Host: a\r\nContent_Type: a/b\r\n\r\n", 400},
      {start + "Host: a\r\nSOAPAction: a\r\nSoapAction: b\r\n\r\n", 400},
      {"POST /v1/passthrough/a/b HTTP/1.0\r\nAuthorization: Bearer key\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"GET /healthz HTTP/1.0\r\nHost: a b\r\n\r\n", 400},
      {"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n", 400},
      {"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /healthz\tHTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET ftp://a/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a/healthz HTTP/1.1\r\n\r\n", 400},
      {"GET http:///healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://u@a/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a:b/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a/healthz#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a?x#y HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a?x y HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {std::string("GET http://a?\0 HTTP/1.1\r\nHost: a\r\n\r\n", 36), 400},
      {"GET http://a?\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a?\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a/healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"get /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /h\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /" + std::string(8192, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(33'000, 'a') + "\r\n\r\n", 431},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(33'000, 'a'), 431},
  };
  RunningServer server;
  for (const auto& row : rows) {
    const auto answers = statuses(server, row.raw + get("/healthz"));
    EXPECT_EQ(answers, std::vector<int>{row.status})
        << testing::PrintToString(row.raw.substr(0, 200));
  }
}

TEST(HttpStrictness, TakesAHostThatIsOne) {
  RunningServer server;
  for (const char* host :
       {"a", "a.example", "a_b.example", "192.0.2.1", "[::1]", "[2001:db8::1]:8080", "a:80",
        "a:", "a:0", "a:65535", "xn--bcher-kva.example", "%41.example", "a.example.", ""}) {
    EXPECT_EQ(statuses(server, "GET /healthz HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"),
              std::vector<int>{200})
        << host;
  }
  for (const char* host : {"a b",         "a,b",    "a/b",      "a:b",   "a:65536",
                           "a:-1",        "a:+1",   "a:80:80",  ":80",   "[::1",
                           "::1",         "[::1]x", "[::1]:x",  "[::g]", "[fe80::1%25eth0]",
                           "[192.0.2.1]", "u@a",    "a?b",      "a#b",   "a\\b",
                           "a%4",         "a%zz",   "\xc3\xa9", "<a>",   "\"a\""}) {
    EXPECT_EQ(statuses(server, "GET /healthz HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"),
              std::vector<int>{400})
        << host;
  }
}

TEST(HttpStrictness, TakesThePathOfAnAbsoluteTarget) {
  RunningServer server;
  const struct {
    std::string_view target;
    int status;
  } rows[] = {{"http://a/healthz", 200},
              {"HTTP://a.example:8080/healthz?x", 200},
              {"https://[::1]:1/healthz", 200},
              {"http://other/healthz", 200},  // RFC 9112 section 3.2.2: Host says less.
              {"http://a", 404},
              {"http://a?x", 404},
              {"http://a//healthz", 404}};
  for (const auto& row : rows) {
    EXPECT_EQ(statuses(server, "GET " + std::string(row.target) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
              std::vector<int>{row.status})
        << row.target;
  }
  const std::string head = "GET http://b:1/healthz HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto read = read_head(head);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->authority, "b:1");
  EXPECT_EQ(read->target, "/healthz");
}

TEST(HttpStrictness, ServesHttp10AndClosesBehindIt) {
  const std::string call = R"({"method":"GET","path":"/x"})";
  const std::string length = "Content-Length: " + std::to_string(call.size()) + "\r\n";
  const std::string key = "Authorization: Bearer key\r\nX-Integration-Id: a\r\n";
  const struct {
    std::string request;
    int status;
  } rows[] = {
      {"GET /healthz HTTP/1.0\r\n\r\n", 200},
      {"GET /healthz HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", 200},
      {"GET /v1/check-api-key HTTP/1.0\r\n" + key + "\r\n", 200},
      {"POST /v1/passthrough/a/b HTTP/1.0\r\n" + key + length + "\r\n" + call, 200},
      // RFC 9110 section 10.1.1: the expectation is nothing to HTTP/1.0.
      {"POST /v1/passthrough/a/b HTTP/1.0\r\n" + key + length + "Expect: 100-continue\r\n\r\n" +
           call,
       200},
  };
  RunningServer server;
  for (const auto& row : rows) {
    const auto answers = answers_to(server, row.request + get("/healthz"));
    ASSERT_EQ(answers.size(), 1U) << row.request;
    EXPECT_EQ(answers[0].status, row.status) << row.request;
    EXPECT_EQ(answers[0].header("connection"), "close");
    EXPECT_EQ(answers[0].header("transfer-encoding"), "");
  }
}

TEST(HttpStrictness, SaysWhatElseIsSpoken) {
  using namespace std::string_literals;
  const struct {
    std::string bytes;
    int status;
    std::string_view says;
    std::string_view allow;
  } rows[] = {
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400, "the client started TLS", ""},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400,
       "the PROXY protocol is not supported", ""},
      {"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\0\1\0\2"s, 400,
       "the PROXY protocol is not supported", ""},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/2 is not supported", ""},
      {"CONNECT api.hibob.com:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405, "not a forward proxy", "GET"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405, "OPTIONS takes a path", "GET"},
      {"TRACE /v1/proxy/hibob/v1/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
       "key\r\nX-Integration-Id: a\r\n\r\n",
       405, "TRACE is refused", "GET"},
      {"TRACE /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 405, "this path takes GET", "GET"},
      {"patch /v1/proxy/hibob/v1/x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "write PATCH", ""},
      {"Get /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "write GET", ""},
      {"G3T /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the method is malformed", ""},
  };
  RunningServer server;
  for (const auto& row : rows) {
    for (const std::size_t step : {row.bytes.size(), std::size_t{1}}) {
      TestClient client = server.connect();
      for (std::size_t at = 0; at < row.bytes.size(); at += step)
        client.send(std::string_view(row.bytes).substr(at, step));
      const Received got = client.receive();
      EXPECT_EQ(got.status, row.status) << row.says;
      EXPECT_NE(got.body.find(row.says), std::string::npos) << got.body;
      EXPECT_EQ(got.header("allow").substr(0, 3), row.allow) << row.says;
    }
  }
}

TEST(HttpStrictness, PassesOverNamesWithUnderscoresThatStandForNoOther) {
  RunningServer server;
  EXPECT_EQ(statuses(server, get("/healthz", "x_trace_id: 1\r\nsentry_trace: 2\r\n_: 3\r\n")),
            std::vector<int>{200});
}

TEST(HttpStrictness, TakesAsManyFieldsAsItSays) {
  RunningServer server;
  std::string fields;
  for (int i = 0; i < 98; ++i)
    fields += "X-" + std::to_string(i) + ": " + std::string(100, 'v') + "\r\n";
  EXPECT_EQ(statuses(server, get("/healthz", fields)), std::vector<int>{200});
  EXPECT_EQ(statuses(server, get("/healthz", fields + "X-More: 1\r\n")), std::vector<int>{431});
}

TEST(HttpStrictness, IgnoresWhatOnlyOffers) {
  RunningServer server;
  EXPECT_EQ(
      statuses(server, get("/healthz", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n")),
      std::vector<int>{200});
  EXPECT_EQ(statuses(server, "\r\n" + get("/healthz") + "\r\n" + get("/healthz")),
            (std::vector<int>{200, 200}));
}

}  // namespace
}  // namespace penstock::server
