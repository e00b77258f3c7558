#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <rapidjson/document.h>

#include "base/text.hpp"
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
    // A fragment in the target.
    "valid/005",
    // HTTP/1.0.
    "valid/001", "valid/008", "valid/015", "valid/017", "valid/019", "valid/020", "valid/022",
    "valid/027", "valid/040", "valid/rfc9110_body_framing_http10_cl_01",
    // Transfer codings other than chunked.
    "valid/009", "valid/025", "valid/025_line", "valid/029", "valid/030",
    "valid/rfc9112_smuggle_gzip_chunked_01", "valid/rfc9112_smuggle_te_identity_chunked_01",
    // A method that begins with a hyphen.
    "valid/031",
    // A target that is not a path.
    "valid/rfc9112_target_absolute_01", "valid/rfc9112_target_absolute_https_01",
    "valid/rfc9112_target_absolute_ipv6_01", "valid/rfc9112_target_absolute_userinfo_01",
    "valid/rfc9112_target_asterisk_options_01", "valid/rfc9112_target_authority_connect_01",
    "valid/rfc9112_target_authority_ipv6_01"};

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
  EXPECT_EQ(taken, 22);
}

TEST(HttpStrictness, RefusesWhatIsInvalid) {
  const auto cases = corpus("invalid/");
  SKIP_WITHOUT(cases);
  RunningServer server;
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    // Limits of gunicorn's own that are lower than ours.
    if (row.name == "invalid/006" || row.name == "invalid/017") continue;
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
      {"GET /healthz HTTP/1.0\r\nHost: a\r\n\r\n", 505},
      {"GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n", 400},
      {"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /healthz\tHTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
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
