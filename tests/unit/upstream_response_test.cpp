#include <gtest/gtest.h>

#include "upstream/http1_response.hpp"

namespace penstock::upstream {
namespace {

using State = Http1Response::State;

std::string with_length(const std::string& headers, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

struct GoodCase {
  const char* name;
  const char* method;
  std::string bytes;
  int status;
  std::string body;
  bool ends_with_the_stream = false;
  bool keeps_alive = true;
};

const std::vector<GoodCase>& good_cases() {
  static const std::vector<GoodCase> cases = {
      {"length", "GET", with_length("", "hello"), 200, "hello"},
      {"empty", "GET", with_length("", ""), 200, ""},
      {"no_reason", "GET", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
      {"chunked", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
       200, "hello!"},
      {"chunk_extension_and_trailer", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: "
       "1\r\n\r\n",
       200, "hello"},
      {"until_close", "GET", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello", true, false},
      {"no_content", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
      {"not_modified", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "",
       false, false},
      {"head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", false, false},
      {"not_modified_bare", "GET", "HTTP/1.1 304 Not Modified\r\n\r\n", 304, ""},
      {"head_of_nothing", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""},
      {"interim", "GET",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
           with_length("", "ok"),
       200, "ok"},
      {"closes", "GET", with_length("Connection: close\r\n", "ok"), 200, "ok", false, false},
      {"http10", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false, false},
      {"http10_keeps", "GET",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
      {"error_status", "POST", "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno", 503, "no"},
  };
  return cases;
}

void expect_answer(Http1Response& response, const GoodCase& one) {
  EXPECT_EQ(response.keeps_alive(), one.keeps_alive) << one.name;
  const Response answer = response.take();
  EXPECT_EQ(answer.status, one.status) << one.name;
  EXPECT_EQ(answer.body, one.body) << one.name;
  EXPECT_TRUE(answer.warnings.empty()) << one.name << ": " << answer.warnings.front();
}

TEST(Http1ResponseTest, gives_an_answer_piece_by_piece_with_its_interims_and_trailers) {
  Http1Response response("GET", false, Http1Response::unlimited);
  EXPECT_EQ(response.feed("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"),
            State::more);
  const std::vector<Response> interims = response.take_interims();
  ASSERT_EQ(interims.size(), 1U);
  EXPECT_EQ(interims[0].status, 103);
  EXPECT_EQ(interims[0].headers, (Headers{{"link", "</a>"}}));
  EXPECT_FALSE(response.head_complete());
  EXPECT_EQ(response.feed("Transfer-Encoding: chunked\r\n\r\n3\r\nab"), State::more);
  EXPECT_TRUE(response.head_complete());
  EXPECT_EQ(response.take_body(), "ab");
  EXPECT_EQ(response.feed("c\r\n0\r\nX-Sum: 1\r\nAuthorization: no\r\n\r\n"), State::complete);
  EXPECT_EQ(response.take_body(), "c");
  const Response whole = response.take();
  EXPECT_EQ(whole.trailers, (Headers{{"x-sum", "1"}, {"authorization", "no"}}));
  EXPECT_TRUE(whole.headers.empty()) << "trailers were merged into the headers";
}

TEST(Http1ResponseTest, refuses_trailers_that_are_no_fields) {
  for (const char* trailer : {"no colon", ": x", "a b: c", " x: y"}) {
    Http1Response response("GET", true, 1000);
    EXPECT_EQ(
        response.feed(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n") +
                      trailer + "\r\n\r\n"),
        State::malformed)
        << trailer;
  }
}

TEST(Http1ResponseTest, reads_answers_whole_and_byte_by_byte) {
  for (const GoodCase& one : good_cases()) {
    Http1Response whole(one.method, true, 1000);
    const State state = whole.feed(one.bytes);
    ASSERT_EQ(one.ends_with_the_stream ? whole.end() : state, State::complete)
        << one.name << ": " << whole.error();
    expect_answer(whole, one);

    Http1Response slow(one.method, true, 1000);
    State last = State::more;
    for (const char c : one.bytes) {
      ASSERT_EQ(last, State::more) << one.name;
      last = slow.feed({&c, 1});
    }
    ASSERT_EQ(one.ends_with_the_stream ? slow.end() : last, State::complete)
        << one.name << ": " << slow.error();
    expect_answer(slow, one);
  }
}

TEST(Http1ResponseTest, never_takes_a_cut_off_answer_for_a_whole_one) {
  for (const GoodCase& one : good_cases()) {
    if (one.ends_with_the_stream) continue;
    for (std::size_t cut = 0; cut < one.bytes.size(); ++cut) {
      Http1Response response(one.method, true, 1000);
      ASSERT_EQ(response.feed(std::string_view(one.bytes).substr(0, cut)), State::more)
          << one.name << " cut at " << cut;
      EXPECT_EQ(response.end(), State::malformed) << one.name << " cut at " << cut;
      EXPECT_EQ(response.started(), cut > 0);
    }
  }
}

TEST(Http1ResponseTest, has_limits) {
  const auto feed = [](const std::string& bytes, std::uint64_t most = 1000) {
    Http1Response response("GET", true, most);
    return response.feed(bytes);
  };
  std::string headers;
  for (int i = 0; i < 300; ++i)
    headers += "X-" + std::to_string(i) + ": v\r\n";
  EXPECT_EQ(feed("HTTP/1.1 200 OK\r\n" + headers + "\r\n"), State::malformed);
  EXPECT_EQ(feed("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'a')), State::malformed);
  std::string interim;
  for (int i = 0; i < 20; ++i)
    interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(feed(interim), State::malformed);
  EXPECT_EQ(
      feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(5000, 'x')),
      State::malformed);
  EXPECT_EQ(feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + headers + headers +
                 headers + headers + headers),
            State::malformed);
  EXPECT_EQ(feed(with_length("", std::string(1000, 'a'))), State::complete);
  EXPECT_EQ(feed(with_length("", std::string(1001, 'a'))), State::too_large);
  EXPECT_EQ(
      feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'a')),
      State::too_large);
  EXPECT_EQ(feed("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'a')), State::too_large);
}

}  // namespace
}  // namespace penstock::upstream
