#include <gtest/gtest.h>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "upstream/http1_reply.hpp"
#include "upstream/http1_request.hpp"

namespace penstock::upstream {
namespace {

using State = Http1Reply::State;

std::string compressed(const std::string& text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string brotli(const std::string& text) {
  std::string out(1000, '\0');
  std::size_t size = out.size();
  BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, text.size(),
                        reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                        reinterpret_cast<std::uint8_t*>(out.data()));
  return out.substr(0, size);
}

std::string zstd(const std::string& text) {
  std::string out(1000, '\0');
  return out.substr(0, ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 5));
}

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
      {"same_length_twice", "GET",
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
      {"chunked", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
       200, "hello!"},
      {"chunk_extension_and_trailer", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: "
       "1\r\n\r\n",
       200, "hello"},
      {"until_close", "GET", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello", true, false},
      {"no_content", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
      {"not_modified", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, ""},
      {"head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, ""},
      {"interim", "GET",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
           with_length("", "ok"),
       200, "ok"},
      {"closes", "GET", with_length("Connection: close\r\n", "ok"), 200, "ok", false, false},
      {"http10", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false, false},
      {"http10_keeps", "GET",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
      {"error_status", "POST", "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno", 503, "no"},
      {"gzip", "GET",
       with_length("Content-Encoding: gzip\r\n", compressed("hello hello hello", 31)), 200,
       "hello hello hello"},
      {"deflate_zlib", "GET",
       with_length("Content-Encoding: deflate\r\n", compressed("hello hello", 15)), 200,
       "hello hello"},
      {"deflate_raw", "GET",
       with_length("Content-Encoding: deflate\r\n", compressed("hello hello", -15)), 200,
       "hello hello"},
      {"gzip_members", "GET",
       with_length("Content-Encoding: x-gzip\r\n",
                   compressed("hello ", 31) + compressed("you", 31)),
       200, "hello you"},
      {"brotli", "GET", with_length("Content-Encoding: br\r\n", brotli("hello hello hello")), 200,
       "hello hello hello"},
      {"zstd", "GET", with_length("Content-Encoding: zstd\r\n", zstd("hello hello hello")), 200,
       "hello hello hello"},
      {"coded_nothing", "GET", with_length("Content-Encoding: gzip\r\n", ""), 200, ""},
      {"unknown_encoding_as_it_is", "GET", with_length("Content-Encoding: compress\r\n", "xyz"),
       200, "xyz"},
      {"two_encodings_as_they_are", "GET", with_length("Content-Encoding: gzip, br\r\n", "xyz"),
       200, "xyz"},
  };
  return cases;
}

void expect_answer(Http1Reply& reply, const GoodCase& one) {
  EXPECT_EQ(reply.keeps_alive(), one.keeps_alive) << one.name;
  const Reply answer = reply.take();
  EXPECT_EQ(answer.status, one.status) << one.name;
  EXPECT_EQ(answer.body, one.body) << one.name;
}

TEST(Http1ReplyTest, stops_a_bomb_of_any_coding_at_the_cap_and_sees_a_cut) {
  const std::string zeros(500'000, '0');
  std::string small_out(10'000, '\0');
  std::size_t size = small_out.size();
  BrotliEncoderCompress(9, 22, BROTLI_MODE_TEXT, zeros.size(),
                        reinterpret_cast<const std::uint8_t*>(zeros.data()), &size,
                        reinterpret_cast<std::uint8_t*>(small_out.data()));
  const std::string br = small_out.substr(0, size);
  const std::string zs = small_out.substr(
      0, ZSTD_compress(small_out.data(), small_out.size(), zeros.data(), zeros.size(), 5));
  const std::pair<const char*, std::string> bombs[] = {
      {"gzip", compressed(zeros, 31)}, {"br", br}, {"zstd", zs}};
  for (const auto& [coding, bytes] : bombs) {
    const std::string head = std::string("Content-Encoding: ") + coding + "\r\n";
    Http1Reply capped("GET", true, 100'000);
    EXPECT_EQ(capped.feed(with_length(head, bytes)), State::too_large) << coding;
    Http1Reply cut("GET", true, 1'000'000);
    EXPECT_EQ(cut.feed(with_length(head, bytes.substr(0, bytes.size() - 3))), State::malformed)
        << coding;
    Http1Reply broken("GET", true, 1'000'000);
    EXPECT_EQ(broken.feed(with_length(head, bytes + "junk")), State::malformed) << coding;
  }
}

TEST(Http1ReplyTest, reads_no_zstd_of_before_the_rfc) {
  for (const std::string first : {"\x1e", "\x25", "\x27"}) {
    Http1Reply reply("GET", true, 1000);
    EXPECT_EQ(reply.feed(with_length("Content-Encoding: zstd\r\n", first + "\xb5\x2f\xfd\xfd")),
              State::malformed);
  }
}

TEST(Http1ReplyTest, refuses_a_zstd_frame_of_another_length_than_it_says) {
  using namespace std::string_literals;
  Http1Reply reply("GET", true, 1000);  // 0x170 + 256 bytes said, none there
  EXPECT_EQ(reply.feed(with_length("Content-Encoding: zstd\r\n",
                                   "\x28\xb5\x2f\xfd\x60\x00\x70\x01\x00\x00"s)),
            State::malformed);
}

TEST(Http1ReplyTest, gives_an_answer_piece_by_piece_with_its_interims_and_trailers) {
  Http1Reply reply("GET", false, Http1Reply::unlimited);
  EXPECT_EQ(reply.feed("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"),
            State::more);
  const std::vector<Reply> interims = reply.take_interims();
  ASSERT_EQ(interims.size(), 1U);
  EXPECT_EQ(interims[0].status, 103);
  EXPECT_EQ(interims[0].headers, (std::vector<Field>{{"link", "</a>"}}));
  EXPECT_FALSE(reply.head_complete());
  EXPECT_EQ(reply.feed("Transfer-Encoding: chunked\r\n\r\n3\r\nab"), State::more);
  EXPECT_TRUE(reply.head_complete());
  EXPECT_EQ(reply.take_body(), "ab");
  EXPECT_EQ(reply.feed("c\r\n0\r\nX-Sum: 1\r\nAuthorization: no\r\n\r\n"), State::complete);
  EXPECT_EQ(reply.take_body(), "c");
  const Reply whole = reply.take();
  EXPECT_EQ(whole.trailers, (std::vector<Field>{{"x-sum", "1"}, {"authorization", "no"}}));
  EXPECT_EQ(whole.headers.size(), 1U) << "trailers were merged into the headers";
}

TEST(Http1ReplyTest, refuses_trailers_that_are_no_fields) {
  for (const char* trailer : {"no colon", ": x", "a b: c", " x: y"}) {
    Http1Reply reply("GET", true, 1000);
    EXPECT_EQ(reply.feed(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n") +
                         trailer + "\r\n\r\n"),
              State::malformed)
        << trailer;
  }
}

TEST(Http1ReplyTest, reads_answers_whole_and_byte_by_byte) {
  for (const GoodCase& one : good_cases()) {
    Http1Reply whole(one.method, true, 1000);
    const State state = whole.feed(one.bytes);
    ASSERT_EQ(one.ends_with_the_stream ? whole.end() : state, State::complete)
        << one.name << ": " << whole.trouble();
    expect_answer(whole, one);

    Http1Reply slow(one.method, true, 1000);
    State last = State::more;
    for (const char c : one.bytes) {
      ASSERT_EQ(last, State::more) << one.name;
      last = slow.feed({&c, 1});
    }
    ASSERT_EQ(one.ends_with_the_stream ? slow.end() : last, State::complete)
        << one.name << ": " << slow.trouble();
    expect_answer(slow, one);
  }
}

TEST(Http1ReplyTest, never_takes_a_cut_off_answer_for_a_whole_one) {
  for (const GoodCase& one : good_cases()) {
    if (one.ends_with_the_stream) continue;
    for (std::size_t cut = 0; cut < one.bytes.size(); ++cut) {
      Http1Reply reply(one.method, true, 1000);
      ASSERT_EQ(reply.feed(std::string_view(one.bytes).substr(0, cut)), State::more)
          << one.name << " cut at " << cut;
      EXPECT_EQ(reply.end(), State::malformed) << one.name << " cut at " << cut;
      EXPECT_EQ(reply.started(), cut > 0);
    }
  }
}

TEST(Http1ReplyTest, keeps_headers_in_order_and_drops_what_decoding_made_untrue) {
  Http1Reply reply("GET", true, 1000);
  const std::string body = compressed("x", 31);
  ASSERT_EQ(reply.feed("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Odd:  two  words \r\nset-cookie: "
                       "b=2\r\nContent-Encoding: gzip\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\n\r\n" + body),
            State::complete);
  const std::vector<Field> expected = {
      {"set-cookie", "a=1"}, {"x-odd", "two  words"}, {"set-cookie", "b=2"}};
  EXPECT_EQ(reply.take().headers, expected);
}

TEST(Http1ReplyTest, leaves_an_encoding_that_the_caller_asked_for) {
  Http1Reply reply("GET", false, 1000);
  const std::string body = compressed("x", 31);
  ASSERT_EQ(reply.feed(with_length("Content-Encoding: gzip\r\n", body)), State::complete);
  const Reply answer = reply.take();
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.headers.at(0).name, "content-encoding");
}

TEST(Http1ReplyTest, refuses_what_could_hide_another_answer) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::pair<const char*, std::string> cases[] = {
      {"no status line", "hello\r\n\r\n"},
      {"other protocol", "HTTP/2 200\r\n\r\n"},
      {"status 99", "HTTP/1.1 099 X\r\n\r\n"},
      {"status 600", "HTTP/1.1 600 X\r\n\r\n"},
      {"status with a letter", "HTTP/1.1 2x0 X\r\n\r\n"},
      {"switching protocols", "HTTP/1.1 101 X\r\n\r\n"},
      {"two lengths", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"},
      {"list of lengths", ok + "Content-Length: 2, 2\r\n\r\nok"},
      {"negative length", ok + "Content-Length: -2\r\n\r\nok"},
      {"signed length", ok + "Content-Length: +2\r\n\r\nok"},
      {"hex length", ok + "Content-Length: 0x2\r\n\r\nok"},
      {"length over 64 bits", ok + "Content-Length: 99999999999999999999\r\n\r\nok"},
      {"length and chunks",
       ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"gzip, chunked", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {"xchunked", ok + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
      {"two codings",
       ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunked in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"folded line", ok + "X-A: a\r\n b\r\nContent-Length: 0\r\n\r\n"},
      {"bare line feed", ok + "X-A: a\nX-B: b\r\n\r\n"},
      {"bare return", ok + "X-A: a\rX-B: b\r\n\r\n"},
      {"nul", ok + std::string("X-A: a\0b\r\n\r\n", 12)},
      {"blank before colon", ok + "Content-Length : 2\r\n\r\nok"},
      {"no colon", ok + "Content-Length 2\r\n\r\nok"},
      {"chunk of letters", ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"},
      {"negative chunk", ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\n"},
      {"chunk over 64 bits", ok + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"},
      {"empty chunk size", ok + "Transfer-Encoding: chunked\r\n\r\n\r\n"},
      {"chunk longer than said", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n"},
      {"chunk line with a bare line feed",
       ok + "Transfer-Encoding: chunked\r\n\r\n2\nab\r\n0\r\n\r\n"},
      {"bytes behind the end", with_length("", "ok") + "HTTP/1.1 200 OK\r\n\r\n"},
      {"bytes behind no content", "HTTP/1.1 204 No\r\n\r\nx"},
      {"broken gzip", with_length("Content-Encoding: gzip\r\n", "\x1f\x8b this is no gzip")},
      {"cut gzip", with_length("Content-Encoding: gzip\r\n",
                               compressed(std::string(500, 'a') + "b", 31).substr(0, 20))},
      {"bytes behind gzip", with_length("Content-Encoding: gzip\r\n", compressed("a", 31) + "xx")},
  };
  for (const auto& [name, bytes] : cases) {
    Http1Reply reply("GET", true, 1000);
    EXPECT_EQ(reply.feed(bytes), State::malformed) << name;
    EXPECT_FALSE(reply.keeps_alive()) << name;
  }
}

TEST(Http1ReplyTest, has_limits) {
  const auto feed = [](const std::string& bytes, std::uint64_t most = 1000) {
    Http1Reply reply("GET", true, most);
    return reply.feed(bytes);
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
  EXPECT_EQ(
      feed(with_length("Content-Encoding: gzip\r\n", compressed(std::string(10'000'000, 'a'), 31)),
           1'000'000),
      State::too_large);
}

Request request() {
  Request out;
  out.to.host = "api.example";
  out.method = "POST";
  out.target = "/v1/a%2Fb?x=1";
  out.headers = {{"X-Trace", "a b"}, {"Accept", "*/*"}};
  out.body = "{}";
  out.has_body = true;
  return out;
}

/// Nothing but a mark: these tests only look at what its presence changes.
struct NoSource final : BodySource {
  void read(Handler) override {}
};
struct NoSink final : ReplySink {
  void interim(Reply) override {}
  void head(Reply) override {}
  void body(std::string, std::function<void(bool)>) override {}
};

TEST(WriteHead, frames_a_body_that_comes_later_and_leaves_codings_to_the_caller) {
  Request out = request();
  out.source = std::make_shared<NoSource>();
  out.sink = std::make_shared<NoSink>();
  out.takes_trailers = true;
  std::string head = *write_head(out);
  EXPECT_NE(head.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("\r\nTE: trailers\r\nConnection: TE\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("Content-Length"), std::string::npos) << head;
  EXPECT_EQ(head.find("Accept-Encoding"), std::string::npos) << head;
  out.source_length = 5'000'000'000;
  head = *write_head(out);
  EXPECT_NE(head.find("\r\nContent-Length: 5000000000\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("Transfer-Encoding"), std::string::npos) << head;
}

TEST(WriteHead, writes_the_request_and_its_framing) {
  EXPECT_EQ(*write_head(request()),
            "POST /v1/a%2Fb?x=1 HTTP/1.1\r\nHost: api.example\r\nX-Trace: "
            "a b\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
            "Content-Length: 2\r\n\r\n");
  Request other = request();
  other.to.port = 8443;
  other.has_body = false;
  other.headers = {{"accept-encoding", "br"}};
  const std::string rest =
      " /v1/a%2Fb?x=1 HTTP/1.1\r\nHost: api.example:8443\r\naccept-encoding: br\r\n";
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    other.method = method;
    EXPECT_EQ(*write_head(other), method + rest + "Content-Length: 0\r\n\r\n");
  }
  for (const char* method : {"GET", "DELETE", "HEAD"}) {
    other.method = method;
    EXPECT_EQ(*write_head(other), method + rest + "\r\n");
  }
}

TEST(WriteHead, lets_no_byte_through_that_could_end_a_line_or_a_token) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    const bool control = byte < 0x20 || byte == 0x7f;
    Request in_target = request();
    in_target.target = "/a" + text + "b";
    EXPECT_EQ(write_head(in_target).has_value(), byte > 0x20 && byte < 0x7f && byte != '#') << byte;
    Request in_value = request();
    in_value.headers = {{"X", "a" + text + "b"}};
    EXPECT_EQ(write_head(in_value).has_value(), !control || byte == '\t') << byte;
    Request in_name = request();
    in_name.headers = {{"X" + text, "a"}};
    Request in_method = request();
    in_method.method = "P" + text;
    const bool token = write_head(in_name).has_value();
    EXPECT_EQ(write_head(in_method).has_value(), token) << byte;
    const bool could_end_a_token = control || byte >= 0x80 || byte == ' ' || byte == ':';
    EXPECT_FALSE(token && could_end_a_token) << byte;
  }
}

TEST(WriteHead, keeps_framing_to_itself) {
  for (const char* name :
       {"Host", "CONTENT-LENGTH", "Transfer-Encoding", "Connection", "TE", "Trailer", "Upgrade"}) {
    Request out = request();
    out.headers = {{name, "x"}};
    EXPECT_FALSE(write_head(out).has_value()) << name;
  }
}

}  // namespace
}  // namespace penstock::upstream
