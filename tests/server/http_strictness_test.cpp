#include <array>
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
  const std::filesystem::path file = std::filesystem::path(PENSTOCK_SHARED_DIR) / "testdata/http1/gunicorn/cases.json";
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

#define SKIP_WITHOUT(cases) \
  if ((cases).empty()) GTEST_SKIP() << "gunicorn's cases are not in " PENSTOCK_SHARED_DIR "/testdata/http1"

/// Every status that comes back, in order, until the server closes.
std::vector<int> statuses(RunningServer& server, const std::string& raw) {
  TestClient client = server.connect();
  client.send(raw);
  client.finish_sending();
  std::vector<int> out;
  for (Received answer = client.receive(); !answer.closed; answer = client.receive()) out.push_back(answer.status);
  return out;
}

/// Refused for its form: anything else that a corpus request can meet here is 401, 404 or 405.
bool refused_for_form(int status) {
  return status >= 400 && status != 401 && status != 404 && status != 405 && status != 413;
}

/// Valid by the RFC or by gunicorn, refused here on purpose.
const std::vector<std::string> stricter_than_gunicorn = {
    // No Host field.
    "valid/004", "valid/006", "valid/007", "valid/010", "valid/011", "valid/012", "valid/013", "valid/014", "valid/018",
    "valid/021", "valid/023", "valid/025", "valid/025_line", "valid/029", "valid/030", "valid/031", "valid/100",
    // A fragment in the target.
    "valid/005", "valid/009",
    // HTTP/1.0.
    "valid/001", "valid/008", "valid/015", "valid/017", "valid/019", "valid/020", "valid/022", "valid/027", "valid/040",
    "valid/rfc9110_body_framing_http10_cl_01",
    // Transfer codings other than chunked.
    "valid/rfc9112_smuggle_gzip_chunked_01", "valid/rfc9112_smuggle_te_identity_chunked_01",
    // A target that is not a path.
    "valid/rfc9112_target_absolute_01", "valid/rfc9112_target_absolute_https_01", "valid/rfc9112_target_absolute_ipv6_01",
    "valid/rfc9112_target_absolute_userinfo_01", "valid/rfc9112_target_asterisk_options_01",
    "valid/rfc9112_target_authority_connect_01", "valid/rfc9112_target_authority_ipv6_01"};

TEST(HttpStrictness, TakesWhatIsValid) {
  const auto cases = corpus("valid/");
  SKIP_WITHOUT(cases);
  RunningServer server;
  int taken = 0;
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    const auto answers = statuses(server, row.raw);
    ASSERT_FALSE(answers.empty());
    const bool on_purpose = std::ranges::find(stricter_than_gunicorn, row.name) != stricter_than_gunicorn.end();
    EXPECT_EQ(refused_for_form(answers[0]), on_purpose) << answers[0];
    if (!on_purpose) ++taken;
  }
  EXPECT_GE(taken, 13);
}

TEST(HttpStrictness, RefusesWhatIsInvalid) {
  const auto cases = corpus("invalid/");
  SKIP_WITHOUT(cases);
  RunningServer server;
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    // Limits of gunicorn's own that are lower than ours.
    if (row.name == "invalid/006" || row.name == "invalid/017") continue;
    std::string raw = row.raw;
    // The corpus leaves Host and the path out of what it tests; with ours the request gets as far as it can.
    if (const std::size_t end = raw.find("\r\n"); end != std::string::npos && raw.find("Host:") == std::string::npos) {
      raw.insert(end + 2, "Host: x\r\nAuthorization: Bearer key\r\n");
    }
    if (const std::size_t path = raw.find(' '); raw.starts_with("POST ") && path != std::string::npos) {
      raw.replace(path + 1, raw.find(' ', path + 1) - path - 1, "/v1/passthrough/a/b");
    }
    const auto answers = statuses(server, raw);
    for (const int status : answers) EXPECT_TRUE(refused_for_form(status)) << status;
    EXPECT_LE(answers.size(), 1U);
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
    EXPECT_EQ(answers, std::vector<int>{row.status}) << testing::PrintToString(row.raw.substr(0, 200));
  }
}

TEST(HttpStrictness, TakesAsManyFieldsAsItSays) {
  RunningServer server;
  std::string fields;
  for (int i = 0; i < 98; ++i) fields += "X-" + std::to_string(i) + ": " + std::string(100, 'v') + "\r\n";
  EXPECT_EQ(statuses(server, get("/healthz", fields)), std::vector<int>{200});
  EXPECT_EQ(statuses(server, get("/healthz", fields + "X-More: 1\r\n")), std::vector<int>{431});
}

TEST(HttpStrictness, IgnoresWhatOnlyOffers) {
  RunningServer server;
  EXPECT_EQ(statuses(server, get("/healthz", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n")),
            std::vector<int>{200});
  EXPECT_EQ(statuses(server, "\r\n" + get("/healthz") + "\r\n" + get("/healthz")), (std::vector<int>{200, 200}));
}

}  // namespace
}  // namespace penstock::server
