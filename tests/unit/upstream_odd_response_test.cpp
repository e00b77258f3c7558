// Answers that deviate from RFC 9112: whole and with a warning where they have one meaning, refused
// where they have two.
#include <gtest/gtest.h>

#include "upstream/http1_response.hpp"

namespace penstock::upstream {
namespace {

using State = Http1Response::State;

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";

struct Read {
  State state = State::more;
  bool keeps_alive = false;
  Response response;
  std::string trouble, summary;
};

Read read(const std::string& bytes, std::size_t step, const std::string& method = "GET") {
  Http1Response reader(method, true, 1000);
  Read out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    out.state = reader.feed(std::string_view(bytes).substr(at, step));
    if (out.state == State::malformed || out.state == State::too_large) break;
  }
  if (out.state == State::more) out.state = reader.end();
  out.keeps_alive = reader.keeps_alive();
  out.trouble = reader.error();
  out.summary = reader.summary();
  out.response = reader.take();
  return out;
}

std::string header(const Response& response, const std::string& name) {
  std::string out;
  for (const Field& field : response.headers) {
    if (field.name == name) out += (out.empty() ? "" : "|") + field.value;
  }
  return out;
}

struct OddCase {
  const char* name;
  std::string bytes;
  int status;
  std::string body;
  const char* warning;
  const char* method = "GET";
};

const std::vector<OddCase>& odd_cases() {
  using namespace std::string_literals;
  static const std::vector<OddCase> cases = {
      {"no content, chunked", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 204,
       "", "a 204 that declares a body"},
      {"no content of a length", "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok", 204, "",
       "a 204 that declares a body"},
      {"no content of two lengths",
       "HTTP/1.1 204 No\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", 204, "",
       "two Content-Lengths"},
      {"bytes behind no content", "HTTP/1.1 204 No\r\n\r\nx", 204, "", "follow its end"},
      {"bytes behind not modified", "HTTP/1.1 304 No\r\n\r\nx", 304, "", "follow its end"},
      {"a body to HEAD", ok + "Content-Length: 2\r\n\r\nok", 200, "", "follow its end", "HEAD"},
      {"a line behind a length", ok + "Content-Length: 2\r\n\r\nok\r\n", 200, "ok",
       "follow its end"},
      {"an answer behind a length", ok + "Content-Length: 2\r\n\r\nok" + ok + "\r\n", 200, "ok",
       "follow its end"},
      {"an answer behind nothing", ok + "Content-Length: 0\r\n\r\n" + ok + "\r\n", 200, "",
       "follow its end"},
      {"an answer behind chunks", chunked + "2\r\nok\r\n0\r\n\r\n" + ok + "\r\n", 200, "ok",
       "follow its end"},
      {"equal lengths", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, "ok",
       "Content-Length is repeated"},
      {"equal lengths in a list", ok + "Content-Length: 2, 2\r\n\r\nok", 200, "ok",
       "Content-Length is repeated"},
      {"a length with zeros and its equal",
       ok + "Content-Length: 2\r\nContent-Length: 002\r\n\r\nok", 200, "ok",
       "Content-Length is repeated"},
      {"chunks beside a length",
       ok + "Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200,
       "ok", "Content-Length beside"},
      {"chunks beside two lengths",
       ok + "Content-Length: 9\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n"
            "2\r\nok\r\n0\r\n\r\n",
       200, "ok", "Content-Length beside"},
      {"chunks in HTTP/1.0",
       "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "ok",
       "Transfer-Encoding in HTTP/1.0"},
      {"a folded header", ok + "X-A: a\r\n \t b\r\nContent-Length: 2\r\n\r\nok", 200, "ok",
       "x-a is folded"},
      {"folds around nothing", ok + "X-A:\r\n \r\n\ta b\r\n \r\nContent-Length: 2\r\n\r\nok", 200,
       "ok", "x-a is folded"},
      {"a folded trailer", chunked + "2\r\nok\r\n0\r\nX-A: a\r\n b\r\n\r\n", 200, "ok",
       "x-a is folded"},
      {"a blank before the colon", ok + "X-A : a b\r\nContent-Length: 2\r\n\r\nok", 200, "ok",
       "x-a has whitespace before its colon"},
      {"control characters in a value", ok + "X-A: a\x01\x1b\x7f z\r\nContent-Length: 2\r\n\r\nok",
       200, "ok", "x-a contains a control character"},
      {"a control character in the reason", "HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok",
       200, "ok", "reason phrase"},
      {"bare line feeds", "HTTP/1.1 200 OK\nX-A: a\nContent-Length: 2\n\nok", 200, "ok",
       "bare line feed"},
      {"one bare line feed", ok + "X-A: a\nContent-Length: 2\r\n\r\nok", 200, "ok",
       "bare line feed"},
      {"a bare empty line", ok + "Content-Length: 2\r\n\nok", 200, "ok", "bare line feed"},
      {"an empty line in front", "\r\n" + ok + "Content-Length: 2\r\n\r\nok", 200, "ok",
       "empty line precedes"},
      {"an empty line behind an interim answer",
       "HTTP/1.1 100 Continue\r\n\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok", 200, "ok",
       "empty line precedes"},
      {"an odd interim answer",
       "HTTP/1.1 103 Hints\r\nLink: a\r\n b\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok", 200,
       "ok", "link is folded"},
      {"spaces before the status", "HTTP/1.1   200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok",
       "too many spaces"},
      {"spaces behind a chunk's size", chunked + "2  \r\nok\r\n0\r\n\r\n", 200, "ok",
       "chunk sizes are followed by spaces"},
  };
  return cases;
}

TEST(OddResponse, is_whole_with_a_warning_and_ends_the_connection_in_any_pieces) {
  for (const OddCase& one : odd_cases()) {
    for (const std::size_t step : {one.bytes.size(), std::size_t{1}, std::size_t{3}}) {
      const Read got = read(one.bytes, step, one.method);
      ASSERT_EQ(got.state, State::complete) << one.name << ": " << got.trouble;
      EXPECT_EQ(got.response.status, one.status) << one.name;
      EXPECT_EQ(got.response.body, one.body) << one.name;
      EXPECT_FALSE(got.keeps_alive) << one.name;
      ASSERT_FALSE(got.response.warnings.empty()) << one.name;
      EXPECT_NE(got.response.warnings.front().find(one.warning), std::string::npos)
          << one.name << ": " << got.response.warnings.front();
    }
  }
}

TEST(OddResponse, is_no_warning_twice) {
  std::string head = ok;
  for (int i = 0; i < 20; ++i)
    head += "X-A: a\n";
  EXPECT_EQ(read(head + "Content-Length: 0\r\n\r\n", 1000).response.warnings.size(), 1U);
}

TEST(OddResponse, reads_a_fold_as_a_space_and_keeps_the_bytes_of_values) {
  EXPECT_EQ(header(read(ok + "X-A: a\r\n \t b\r\n\tc\r\nX-B: d\r\n\r\n", 1).response, "x-a"),
            "a b c");
  EXPECT_EQ(header(read(ok + "X-A:\r\n \r\n a b\r\n\r\n", 1).response, "x-a"), "a b");
  EXPECT_EQ(header(read(ok + "X-A:  a\x01\tb\xff \r\n\r\n", 1).response, "x-a"), "a\x01\tb\xff");
  const Response trailing = read(chunked + "0\r\nX-A: a\r\n  b\r\n\r\n", 1).response;
  EXPECT_EQ(trailing.trailers, (Headers{{"x-a", "a b"}}));
}

TEST(OddResponse, leaves_one_framing_header_or_none_for_the_next_hop) {
  const std::pair<std::string, const char*> cases[] = {
      {ok + "Content-Length: 2\r\nX: y\r\nContent-Length: 2\r\n\r\nok", "2"},
      {ok + "Content-Length: 2, 2\r\n\r\nok", "2"},
      {ok + "Content-Length: 0002\r\n\r\nok", "2"},
      {ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
      {"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", ""},
      {"HTTP/1.1 304 No\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", "5"},
      {"HTTP/1.1 304 No\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", ""},
      {"HTTP/1.1 304 No\r\nContent-Length: 18446744073709551615\r\n\r\n", ""},
      {"HTTP/1.1 304 No\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
  };
  for (const auto& [bytes, length] : cases) {
    const Read got = read(bytes, bytes.size());
    ASSERT_EQ(got.state, State::complete) << bytes << got.trouble;
    EXPECT_EQ(header(got.response, "content-length"), length) << bytes;
    EXPECT_EQ(header(got.response, "transfer-encoding"), "") << bytes;
  }
}

TEST(OddResponse, takes_any_status_of_three_digits_and_keeps_its_reason) {
  for (const int status : {200, 218, 299, 306, 418, 449, 499, 520, 599, 600, 777, 999}) {
    const Read got = read("HTTP/1.1 " + std::to_string(status) +
                              " As It  Is\xfc \r\nContent-Length: 2\r\n\r\nok",
                          1000);
    ASSERT_EQ(got.state, State::complete) << status << ": " << got.trouble;
    EXPECT_EQ(got.response.status, status);
    EXPECT_EQ(got.response.reason, "As It  Is\xfc");
    EXPECT_TRUE(got.keeps_alive && got.response.warnings.empty()) << status;
  }
}

TEST(OddResponse, is_refused_where_it_could_hide_another_answer_and_the_error_names_the_field) {
  using namespace std::string_literals;
  struct Case {
    const char* name;
    std::string bytes;
    const char* trouble;
  };
  const Case cases[] = {
      {"no status line", "hello\r\n\r\n", "status line but with \"hello\""},
      {"other protocol", "HTTP/2 200\r\n\r\n", "status line"},
      {"status 99", "HTTP/1.1 099 X\r\n\r\n", "status line"},
      {"status of four digits", "HTTP/1.1 2000 X\r\n\r\n", "status line"},
      {"status with a letter", "HTTP/1.1 2x0 X\r\n\r\n", "status line"},
      {"return in the reason", "HTTP/1.1 200 O\rK\r\n\r\n", "status line"},
      {"switching protocols", "HTTP/1.1 101 X\r\n\r\n", "switches protocols"},
      {"many empty lines", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" + ok + "\r\n", "empty lines"},
      {"two lengths", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok", "Content-Length"},
      {"two lengths in a list", ok + "Content-Length: 2, 3\r\n\r\nok", "Content-Length"},
      {"a length and nothing", ok + "Content-Length: 2,\r\n\r\nok", "Content-Length"},
      {"no length", ok + "Content-Length:\r\n\r\nok", "Content-Length"},
      {"negative length", ok + "Content-Length: -2\r\n\r\nok", "Content-Length"},
      {"signed length", ok + "Content-Length: +2\r\n\r\nok", "Content-Length"},
      {"hex length", ok + "Content-Length: 0x2\r\n\r\nok", "Content-Length"},
      {"length with a blank", ok + "Content-Length: 2 2\r\n\r\nok", "Content-Length"},
      {"length over 63 bits", ok + "Content-Length: 9223372036854775808\r\n\r\nok",
       "Content-Length"},
      {"largest length of 64 bits", ok + "Content-Length: 18446744073709551615\r\n\r\nok",
       "Content-Length"},
      {"length over 64 bits", ok + "Content-Length: 99999999999999999999\r\n\r\nok",
       "Content-Length"},
      {"folded length", ok + "Content-Length:\r\n 2\r\n\r\nok", "content-length is folded"},
      {"blank behind length", ok + "Content-Length : 2\r\n\r\nok", "content-length has whitespace"},
      {"blank behind coding", ok + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
       "transfer-encoding has whitespace"},
      {"folded coding", ok + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
       "transfer-encoding is folded"},
      {"gzip, chunked", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
       "Transfer-Encoding is \"gzip, chunked\""},
      {"xchunked", ok + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding"},
      {"no coding", ok + "Transfer-Encoding:\r\nContent-Length: 2\r\n\r\nok", "Transfer-Encoding"},
      {"identity", ok + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok",
       "Transfer-Encoding"},
      {"coding with a control character",
       ok + "Transfer-Encoding: \x0b"
            "chunked\r\n\r\n0\r\n\r\n",
       "Transfer-Encoding"},
      {"chunked twice",
       ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "Transfer-Encoding is \"chunked, chunked\""},
      {"fold ahead of all headers", ok + " X-A: a\r\n\r\n", "first header line"},
      {"bare return", ok + "X-A: a\rX-B: b\r\n\r\n", "carriage return"},
      {"nul", ok + "X-A: a\0b\r\n\r\n"s, "X-A: a?b"},
      {"nul in a fold", ok + "X-A: a\r\n b\0\r\n\r\n"s, "NUL"},
      {"no colon", ok + "Content-Length 2\r\n\r\nok", "Content-Length 2"},
      {"no name", ok + ": 2\r\n\r\nok", "malformed"},
      {"blank in a name", ok + "X A: 2\r\n\r\nok", "X A: 2"},
      {"chunk of letters", chunked + "xyz\r\n", "no size"},
      {"negative chunk", chunked + "-1\r\n", "no size"},
      {"chunk of hex with 0x", chunked + "0x2\r\nok\r\n", "in its size"},
      {"chunk over 63 bits", chunked + "8000000000000000\r\n", "too large"},
      {"chunk over 64 bits", chunked + "10000000000000000\r\n", "too large"},
      {"empty chunk size", chunked + "\r\n", "no size"},
      {"blank before a chunk's size", chunked + " 2\r\nok\r\n0\r\n\r\n", "no size"},
      {"tab behind a chunk's size", chunked + "2\t\r\nok\r\n0\r\n\r\n", "in its size"},
      {"tab before an extension", chunked + "2\t;a\r\nok\r\n0\r\n\r\n", "in its size"},
      {"two sizes", chunked + "2 2\r\nok\r\n0\r\n\r\n", "in its size"},
      {"line feed in quotes", chunked + "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "CR LF"},
      {"line in quotes", chunked + "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n", "without an end"},
      {"escaped quote", chunked + "5;a=\"b\\\"\r\nhello\r\n0\r\n\r\n", "without an end"},
      {"return in quotes", chunked + "5;a=\"\r\"\r\nhello\r\n0\r\n\r\n", "control character"},
      {"control in quotes", chunked + "5;a=\"\x01\"\r\nhello\r\n0\r\n\r\n", "control character"},
      {"escaped control", chunked + "5;a=\"\\\x01\"\r\nhello\r\n0\r\n\r\n", "control character"},
      {"nul in an extension", chunked + "5;a=\0\r\nhello\r\n0\r\n\r\n"s, "control character"},
      {"delete in an extension", chunked + "5;a=\x7f\r\nhello\r\n0\r\n\r\n", "control character"},
      {"chunk longer than said", chunked + "2\r\nabc\r\n0\r\n\r\n", "chunk"},
      {"chunk line with a bare line feed", chunked + "2\nab\r\n0\r\n\r\n", "CR LF"},
      {"bare line feed behind a chunk", chunked + "2\r\nab\n0\r\n\r\n", "CR LF"},
      {"bare line feed in trailers", chunked + "0\r\nX: y\n\r\n", "CR LF"},
      {"nul in a trailer", chunked + "0\r\nX: \0\r\n\r\n"s, "trailers"},
  };
  for (const Case& one : cases) {
    for (const std::size_t step : {one.bytes.size(), std::size_t{1}}) {
      const Read got = read(one.bytes, step);
      EXPECT_EQ(got.state, State::malformed) << one.name;
      EXPECT_FALSE(got.keeps_alive) << one.name;
      EXPECT_NE(got.trouble.find(one.trouble), std::string::npos)
          << one.name << ": " << got.trouble;
    }
  }
}

TEST(OddResponse, tells_what_had_come_of_an_answer_that_is_lost) {
  const std::string created = "HTTP/1.1 201 Created\r\nLocation: /people/7\r\nX-Other: x\r\n";
  const std::pair<std::string, const char*> cases[] = {
      {"", ""},
      {"HTTP/1.1 2", ""},
      {created + "Content-Length: 9\r\n\r\nhalf",
       "received: status 201 Created (location: /people/7, content-length: 9), and 4 bytes of its "
       "body"},
      {created + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
       "received: status 201 Created (location: /people/7, content-length: 1)"},
      {created + "Transfer-Encoding: chunked\r\n\r\nx\r\n",
       "received: status 201 Created (location: /people/7)"},
      {"HTTP/1.1 201 \x01\r\nContent-Length: x\r\n\r\n",
       "received: status 201 ? (content-length: x)"},
  };
  for (const auto& [bytes, summary] : cases) {
    const Read got = read(bytes, 1000);
    EXPECT_NE(got.state, State::complete) << bytes;
    EXPECT_EQ(got.summary, summary) << bytes;
  }
}

TEST(OddResponse, does_not_let_chunk_extensions_outgrow_the_data) {
  std::string many = chunked, few = chunked;
  for (int i = 0; i < 900; ++i) {
    many += "1;" + std::string(900, 'x') + "\r\na\r\n";
    few += "1\r\na\r\n";
  }
  EXPECT_EQ(read(many + "0\r\n\r\n", 4096).state, State::malformed);
  EXPECT_EQ(read(few + "0\r\n\r\n", 4096).state, State::complete);
}

}  // namespace
}  // namespace penstock::upstream
