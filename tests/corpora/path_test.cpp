// Lists of ways to send a request elsewhere, as the path of a call: each is refused, or is a path
// below the API's base URL and nothing else.
#include <algorithm>

#include <penstock/json_writer.hpp>
#include <penstock/text.hpp>
#include <rapidjson/document.h>

#include "apis.hpp"
#include "attack_lists.hpp"
#include "corpus.hpp"
#include "http_fixture.hpp"
#include "socket_watch.hpp"

namespace penstock::corpora {
namespace {

class AttackPath : public ::testing::Test {
 protected:
  void SetUp() override {
    places_reached();
    stage = std::make_unique<Stage>();
  }

  void TearDown() override {
    if (!stage) return;
    const std::string own = "127.0.0.1:" + std::to_string(stage->port());
    for (const std::string& place : places_reached())
      EXPECT_TRUE(place == stage->vendor_address() || place == own) << place;
  }

  std::unique_ptr<Stage> stage;
};

/// As it stands; as a path; as one segment, which the vendor may decode.
std::vector<std::string> forms(const std::string& line) {
  return {line, "/" + line, "/" + percent_encode(line)};
}

TEST_F(AttackPath, StaysBelowTheBaseUrl) {
  Tally tally("attack lists as path, each in 3 forms, of every API");
  Caller caller(*stage);
  for (const std::string& line : attack_lines()) {
    const Stopwatch watch(line.substr(0, 200), line.size());
    for (const std::string& path : forms(line)) {
      for (const Api& api : apis()) {
        SCOPED_TRACE(api.id() + " " + ::testing::PrintToString(path.substr(0, 300)));
        tally.ran();
        Call call = api.call;
        call.path = path;
        const Fate fate = caller.make(api, call);
        fate.sent ? tally.accepted() : tally.refused();
        if (!fate.sent) continue;
        const bool empty = path.empty() || path.starts_with('?');
        if (api.endpoint) {
          EXPECT_TRUE(empty || path == "/" || path.starts_with("/?")) << fate.seen.target;
        } else {
          const bool slash = path.starts_with('/') || (empty && api.call.api != "docs");
          EXPECT_EQ(fate.seen.target, api.base + (slash ? "" : "/") + path);
        }
      }
    }
    caller.expect_nothing_more();
    if (HasFailure()) return;
  }
  EXPECT_GT(tally["accepted"], has_public_lists() ? 1000 : 100);
}

/// A log line as the operator's tools and terminal get it.
void expect_sound_line(const std::string& line) {
  rapidjson::Document read;
  read.Parse(line.data(), line.size());
  EXPECT_FALSE(read.HasParseError()) << line;
  EXPECT_TRUE(std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; })) << line;
  EXPECT_EQ(credential_in(line), "") << line;
}

TEST_F(AttackPath, OverHttpIsAnsweredAndLoggedWithoutACredential) {
  Tally tally("attack lists as path and as params over HTTP");
  server::TestClient client(stage->port());
  stage->take_log();
  for (const std::string& line : attack_lines()) {
    std::string text;
    if (append_json_string(text, line) > 0) continue;  // no JSON can say it
    for (const std::string& target :
         {R"("path":)" + text, R"("path":"/people","params":{)" + text + ":" + text + "}"}) {
      SCOPED_TRACE(::testing::PrintToString(line.substr(0, 300)));
      tally.ran();
      const Stopwatch watch(line.substr(0, 200), line.size());
      client.send(server::post("/v1/passthrough/hibob/v1", R"({"method":"GET",)" + target + "}"));
      const server::Received answer = client.receive();
      ASSERT_FALSE(answer.closed);
      EXPECT_TRUE(answer.status == 200 || answer.status == 400) << answer.body;
      EXPECT_EQ(credential_in(answer.head + answer.body), "");
      rapidjson::Document read;
      read.Parse(answer.body.data(), answer.body.size());
      EXPECT_FALSE(read.HasParseError()) << answer.body;
      answer.status == 200 ? tally.accepted() : tally.refused();
    }
  }
  const std::vector<std::string> log = stage->take_log();
  EXPECT_EQ(static_cast<int>(log.size()), tally["cases"]);
  for (const std::string& line : log)
    expect_sound_line(line);
}

}  // namespace
}  // namespace penstock::corpora
