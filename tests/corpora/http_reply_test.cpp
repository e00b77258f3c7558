// Our own seeds and llhttp's response blocks, before the reader of vendors' responses: what a
// strict reader refuses is refused, or accepted with a warning as the last of its connection;
// nothing is read differently when it arrives in other pieces.
#include <algorithm>
#include <set>

#include "corpus.hpp"
#include "http_cases.hpp"
#include "http_seeds.hpp"
#include "upstream/http1_response.hpp"

namespace penstock::corpora {
namespace {

using upstream::Http1Response;

struct Read {
  bool complete = false;
  bool ended = false;   ///< only by the end of the stream
  bool reused = false;  ///< the connection may carry another answer
  bool warned = false;
  int status = 0;
  std::string body;
  std::string trouble;

  friend bool operator==(const Read&, const Read&) = default;
};

/// The one place that knows how the reader is driven.
Read read_response(std::string_view raw, std::size_t step) {
  Http1Response reader("GET", true, 1U << 20U);
  Http1Response::State state = Http1Response::State::more;
  for (std::size_t at = 0; at < raw.size() && state != Http1Response::State::malformed; at += step)
    state = reader.feed(raw.substr(at, step));
  Read out;
  if (state == Http1Response::State::more) {
    out.ended = true;
    state = reader.end();
  }
  out.complete = state == Http1Response::State::complete;
  if (!out.complete) {
    out.trouble = reader.error();
    return out;
  }
  out.reused = reader.keeps_alive();
  upstream::Response response = reader.take();
  out.warned = !response.warnings.empty();
  out.status = response.status;
  out.body = std::move(response.body);
  return out;
}

/// Taken by llhttp and refused here.
const std::vector<std::string> refused_on_purpose = {
    // It was not asked for.
    "connection.md / HTTP 101 response with Upgrade and Content-Length header",
    "connection.md / HTTP 101 response with Upgrade and Transfer-Encoding header"};

/// Refused by llhttp and taken here: the size of the chunk is the same to every reader.
const std::vector<std::string> taken_knowingly = {
    "transfer-encoding.md / Trailing space on chunked body",
    "transfer-encoding.md / No extension after semicolon"};

TEST(SeedAnswers, AreReadAsTheySayInAnyPieces) {
  Tally tally("our own answers, whole and in pieces of 1, 2, 3 and 7 bytes");
  for (const HttpSeed& seed : http_seeds("answers.tsv")) {
    SCOPED_TRACE(seed.name + " " + ::testing::PrintToString(seed.raw));
    tally.ran();
    const Read whole = read_response(seed.raw, seed.raw.size());
    for (const std::size_t step : {1U, 2U, 3U, 7U})
      EXPECT_EQ(read_response(seed.raw, step), whole);
    ASSERT_EQ(whole.complete, seed.verdict != "refused") << whole.trouble;
    if (!whole.complete) continue;
    EXPECT_EQ(whole.status, seed.status);
    EXPECT_EQ(whole.body, seed.body);
    EXPECT_EQ(whole.reused, seed.verdict == "whole");
    EXPECT_EQ(whole.warned, seed.verdict == "odd");
  }
  EXPECT_GT(tally["cases"], 60);
}

TEST(LlhttpResponses, AreReadAsStrictlyInAnyPieces) {
  SKIP_WITHOUT(testdata("http1/llhttp"));
  Tally tally("llhttp responses, whole and in pieces of 1, 2, 3 and 7 bytes");
  for (const HttpCase& one : llhttp_cases("response")) {
    SCOPED_TRACE(one.name + " " + ::testing::PrintToString(one.raw));
    const Stopwatch watch(one.name, one.raw.size());
    tally.ran();
    const Read whole = read_response(one.raw, one.raw.size());
    for (const std::size_t step : {1U, 2U, 3U, 7U})
      EXPECT_EQ(read_response(one.raw, step), whole);
    const bool on_purpose = std::ranges::count(refused_on_purpose, one.name) > 0;
    if (whole.complete) {
      tally.accepted();
      EXPECT_FALSE(on_purpose);
      if (std::ranges::count(taken_knowingly, one.name) > 0) continue;
      if (!one.error.empty()) {
        EXPECT_TRUE(whole.warned && !whole.reused) << one.error;
        continue;
      }
      ASSERT_GE(one.messages.size(), 1U);
      EXPECT_TRUE(one.messages.size() == 1 || !whole.reused);
      EXPECT_EQ(whole.status, one.messages[0].status);
      EXPECT_EQ(whole.body, one.messages[0].body);
      EXPECT_TRUE(one.messages[0].complete || whole.ended);
    } else {
      tally.refused();
      const bool owed =
          one.strict && one.error.empty() && one.messages.size() == 1 && one.messages[0].complete;
      EXPECT_EQ(owed, on_purpose) << whole.trouble;
    }
  }
  EXPECT_EQ(tally["cases"], 85);
}

/// A request's fields and body as an answer.
std::string as_answer(const std::string& request) {
  const std::size_t line_end = request.find("\r\n");
  if (line_end == std::string::npos) return {};
  return "HTTP/1.1 200 OK" + request.substr(line_end);
}

/// What is wrong is the request line, or larger than gunicorn wants it, or behind the end.
bool is_of_requests(const std::string& error) {
  const char* const signs[] = {"InvalidRequest", "InvalidHTTPVersion",
                               "LimitRequest",   "code=5",
                               "code=6",         "code=7",
                               "code=8",         "code=23"};
  return std::ranges::any_of(
      signs, [&](const char* sign) { return error.find(sign) != std::string::npos; });
}

/// An answer may have these: the body is the same to every reader.
const std::set<std::string> harmless = {
    // Fields that frame nothing, twice.
    "invalid/041", "invalid/042",
    // Trailers that pretend to be fields: they are dropped.
    "invalid/chunked_05", "invalid/rfc9110_trailer_forbidden_cl_01",
    "invalid/rfc9110_trailer_forbidden_host_01", "invalid/rfc9110_trailer_forbidden_te_01",
    // A space or a semicolon behind a chunk's size.
    "invalid/chunked_09", "transfer-encoding.md / No extension after semicolon",
    "transfer-encoding.md / Space after chunk header"};

/// Our own invalid requests, and those of the public sets that are beside the repository.
std::vector<HttpCase> invalid_requests() {
  std::vector<HttpCase> all = seed_requests();
  // Wrong in the request line or in Host, which a response does not have.
  std::erase_if(all, [](const HttpCase& one) {
    return one.name.starts_with("seed first line") || one.name.starts_with("seed host:") ||
           one.name == "seed chunks in HTTP/1.0";
  });
  const auto add = [&all](std::string_view set, const auto& read_cases) {
    if (!std::filesystem::exists(testdata(set))) return;
    const std::vector<HttpCase> cases = read_cases();
    all.insert(all.end(), cases.begin(), cases.end());
  };
  add("http1/gunicorn", gunicorn_cases);
  add("http1/llhttp", [] { return llhttp_cases("request"); });
  add("payloads/Request Smuggling", smuggling_cases);
  return all;
}

TEST(RequestTorture, IsNoAnswerEither) {
  Tally tally("invalid requests, as an answer");
  for (const HttpCase& one : invalid_requests()) {
    const std::string raw = as_answer(one.raw);
    if (one.error.empty() || is_of_requests(one.error) || raw.empty()) continue;
    SCOPED_TRACE(one.name + " " + ::testing::PrintToString(raw.substr(0, 300)));
    tally.ran();
    const Read whole = read_response(raw, raw.size());
    for (const std::size_t step : {1U, 2U, 3U, 7U})
      EXPECT_EQ(read_response(raw, step), whole);
    whole.complete ? tally.accepted() : tally.refused();
    if (harmless.contains(one.name)) {
      EXPECT_TRUE(whole.complete) << whole.trouble;
    } else if (whole.complete) {
      EXPECT_FALSE(whole.reused) << "what may stand behind it would be the next call's answer";
    }
  }
  EXPECT_GT(tally["refused"], 50);
}

}  // namespace
}  // namespace penstock::corpora
