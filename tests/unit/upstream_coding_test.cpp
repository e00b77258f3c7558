// Content codings of answers: undone where they are whole, left where they are not.
#include <gtest/gtest.h>

#include <algorithm>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "upstream/http1_response.hpp"

namespace penstock::upstream {
namespace {

using State = Http1Response::State;

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
  std::string out(text.size() + 1000, '\0');
  std::size_t size = out.size();
  BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, text.size(),
                        reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                        reinterpret_cast<std::uint8_t*>(out.data()));
  return out.substr(0, size);
}

std::string zstd(const std::string& text) {
  std::string out(text.size() + 1000, '\0');
  return out.substr(0, ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 5));
}

std::string with_length(const std::string& headers, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

struct Case {
  const char* name;
  std::string coding;  ///< header lines
  std::string sent;
  std::string body;
  const char* warning = nullptr;
  bool as_it_came = false;  ///< with its Content-Encoding
};

TEST(ContentCoding, is_undone_or_left_with_a_warning) {
  using namespace std::string_literals;
  const std::string gzip = compressed("hello hello", 31), plain = "{\"id\":1}";
  const std::string zlib = compressed("hello hello", 15), raw = compressed("hello hello", -15);
  const std::string br = brotli("hello hello"), zs = zstd("hello hello");
  const std::string text = "hello hello";
  const std::string of_16k(32768, 'z');
  const auto named = [](const std::string& name) { return "Content-Encoding: " + name + "\r\n"; };
  const char* const not_whole = "is returned as received";
  const Case cases[] = {
      {"gzip", named("gzip"), gzip, text},
      {"gzip in capitals", named(" GZip "), gzip, text},
      {"x-gzip of two members", named("x-gzip"), gzip + gzip, text + text},
      {"deflate", named("deflate"), zlib, text},
      {"deflate without a header", named("deflate"), raw, text},
      {"brotli", named("br"), br, text},
      {"zstd", named("zstd"), zs, text},
      {"zstd in two frames", named("zstd"), zs + zs, text + text},
      {"zstd of whole blocks", named("zstd"), zstd(of_16k), of_16k},
      {"nothing", named("gzip"), "", ""},
      {"identity", named("identity"), plain, plain},
      {"identity beside gzip", named("identity, gzip"), gzip, text},
      {"gzip and padding", named("gzip"), gzip + "\0\0\0\0"s, text, "padding"},
      {"gzip and a line end", named("gzip"), gzip + "\r\n", text, "padding"},
      {"deflate and padding", named("deflate"), zlib + "\0"s, text, "padding"},
      {"brotli and padding", named("br"), br + "\0\0"s, text, "padding"},
      {"zstd and padding", named("zstd"), zs + "\0\0"s, text, "padding"},
      {"plain text as gzip", named("gzip"), plain, plain, not_whole, true},
      {"plain text as deflate", named("deflate"), plain, plain, not_whole, true},
      {"plain text as brotli", named("br"), "\xff\xff" + plain, "\xff\xff" + plain, not_whole,
       true},
      {"plain text as zstd", named("zstd"), plain, plain, not_whole, true},
      {"cut gzip", named("gzip"), gzip.substr(0, 20), gzip.substr(0, 20), not_whole, true},
      {"cut in its check sum", named("gzip"), gzip.substr(0, gzip.size() - 1),
       gzip.substr(0, gzip.size() - 1), not_whole, true},
      {"cut deflate", named("deflate"), zlib.substr(0, 8), zlib.substr(0, 8), not_whole, true},
      {"garbage behind gzip", named("gzip"), gzip + "junk", gzip + "junk", not_whole, true},
      {"garbage behind padding", named("gzip"), gzip + "\0\0junk"s, gzip + "\0\0junk"s, not_whole,
       true},
      {"half a member behind gzip", named("gzip"), gzip + gzip.substr(0, 5),
       gzip + gzip.substr(0, 5), not_whole, true},
      {"garbage behind zstd", named("zstd"), zs + "junk", zs + "junk", not_whole, true},
      {"zstd of before the RFC", named("zstd"), "\x27\xb5\x2f\xfd\xfd", "\x27\xb5\x2f\xfd\xfd",
       not_whole, true},
      // 0x170 + 256 bytes said, none there
      {"zstd of another length than it says", named("zstd"),
       "\x28\xb5\x2f\xfd\x60\x00\x70\x01\x00\x00"s, "\x28\xb5\x2f\xfd\x60\x00\x70\x01\x00\x00"s,
       not_whole, true},
      {"unknown coding", named("compress"), "xyz", "xyz", "\"compress\"", true},
      {"two codings", named("gzip, br"), "xyz", "xyz", "\"gzip, br\"", true},
      {"one coding twice", named("gzip, gzip"), gzip, gzip, "\"gzip, gzip\"", true},
      {"one coding in two lines", named("gzip") + named("gzip"), gzip, gzip, "\"gzip, gzip\"",
       true},
  };
  for (const Case& one : cases) {
    const std::string bytes = with_length(one.coding, one.sent);
    for (const std::size_t step : {bytes.size(), std::size_t{1}}) {
      Http1Response reader("GET", true, 100'000);
      State state = State::more;
      for (std::size_t at = 0; at < bytes.size(); at += step)
        state = reader.feed(std::string_view(bytes).substr(at, step));
      ASSERT_EQ(state, State::complete) << one.name << ": " << reader.error();
      const Response got = reader.take();
      EXPECT_EQ(got.body, one.body) << one.name;
      const bool coded = got.headers.has("content-encoding");
      EXPECT_EQ(coded, one.as_it_came) << one.name;
      ASSERT_EQ(got.warnings.empty(), one.warning == nullptr) << one.name;
      if (one.warning == nullptr) continue;
      EXPECT_NE(got.warnings[0].find(one.warning), std::string::npos)
          << one.name << ": " << got.warnings[0];
    }
  }
}

TEST(ContentCoding, stops_a_bomb_at_the_cap) {
  const std::string zeros(500'000, '0');
  const std::pair<const char*, std::string> bombs[] = {{"gzip", compressed(zeros, 31)},
                                                       {"deflate", compressed(zeros, 15)},
                                                       {"br", brotli(zeros)},
                                                       {"zstd", zstd(zeros)}};
  for (const auto& [coding, bytes] : bombs) {
    const std::string head = std::string("Content-Encoding: ") + coding + "\r\n";
    for (const std::string& tail : {std::string(), std::string("junk")}) {
      Http1Response capped("GET", true, 100'000);
      EXPECT_EQ(capped.feed(with_length(head, bytes + tail)), State::too_large) << coding;
      EXPECT_FALSE(capped.keeps_alive());
    }
    Http1Response large_enough("GET", true, 500'000);
    EXPECT_EQ(large_enough.feed(with_length(head, bytes)), State::complete) << coding;
    EXPECT_EQ(large_enough.take().body, zeros) << coding;
  }
  // The limit counts what is given: neither more nor less because it came coded.
  std::string noise(100'000, '\0');
  unsigned seed = 1;
  for (char& c : noise)
    c = static_cast<char>((seed = seed * 1664525U + 1013904223U) >> 24U);
  const std::string packed = compressed(noise, 31);
  ASSERT_GT(packed.size(), noise.size());
  Http1Response fits("GET", true, noise.size());
  EXPECT_EQ(fits.feed(with_length("Content-Encoding: gzip\r\n", packed)), State::complete);
  Http1Response left("GET", true, noise.size());
  EXPECT_EQ(left.feed(with_length("Content-Encoding: gzip\r\n", packed + "junk")),
            State::too_large);
}

TEST(ContentCoding, keeps_headers_in_order_and_drops_what_decoding_made_untrue) {
  Http1Response response("GET", true, 1000);
  const std::string body = compressed("x", 31);
  ASSERT_EQ(
      response.feed("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Odd:  two  words \r\nset-cookie: "
                    "b=2\r\nContent-Encoding: gzip\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body),
      State::complete);
  const Headers expected = {{"set-cookie", "a=1"}, {"x-odd", "two  words"}, {"set-cookie", "b=2"}};
  EXPECT_EQ(response.take().headers, expected);
}

TEST(ContentCoding, leaves_an_encoding_that_the_caller_asked_for) {
  Http1Response response("GET", false, 1000);
  const std::string body = compressed("x", 31);
  ASSERT_EQ(response.feed(with_length("Content-Encoding: gzip\r\n", body)), State::complete);
  const Response answer = response.take();
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.headers[0].name, "content-encoding");
}

}  // namespace
}  // namespace penstock::upstream
