#include "odd_responses.hpp"

namespace penstock::sandbox {
namespace {

using namespace std::string_literals;

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string length = "Content-Length: 5\r\n";
const std::string chunked = "Transfer-Encoding: chunked\r\n";
const std::string hello = "5\r\nhello\r\n0\r\n\r\n";

/// "hello" as gzip.
const std::string gzip =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00"s;

std::string with(const std::string& fields, const std::string& body = "hello") {
  return ok + fields + "\r\n" + body;
}

std::string coded(const std::string& coding, const std::string& body) {
  return with("Content-Encoding: " + coding + "\r\nContent-Length: " + std::to_string(body.size()) +
                  "\r\n",
              body);
}

/// With the body "hello" in chunks written as `body`.
std::string in_chunks(const std::string& body) { return with(chunked, body); }

/// With one more field.
std::string field(const std::string& line) { return with(line + length); }

std::vector<OddResponse> make() {
  return {
      {"plain", with(length)},
      {"plain-chunked", in_chunks(hello)},
      {"no-length-then-close", with("")},

      // The status line.
      {"no-reason", "HTTP/1.1 200\r\n" + length + "\r\nhello"},
      {"no-reason-but-a-space", "HTTP/1.1 200 \r\n" + length + "\r\nhello"},
      {"reason-with-tab", "HTTP/1.1 200 O\tK\r\n" + length + "\r\nhello"},
      {"reason-with-obs-text", "HTTP/1.1 200 Schlie\xdf"
                               "en\r\n" +
                                   length + "\r\nhello"},
      {"status-299", "HTTP/1.1 299 Odd\r\n" + length + "\r\nhello"},
      {"status-600", "HTTP/1.1 600 Odd\r\n" + length + "\r\nhello"},
      {"status-999", "HTTP/1.1 999 Request denied\r\n" + length + "\r\nhello"},
      {"status-099", "HTTP/1.1 099 Odd\r\n" + length + "\r\nhello"},
      {"status-of-two-digits", "HTTP/1.1 20 OK\r\n" + length + "\r\nhello"},
      {"status-of-four-digits", "HTTP/1.1 2000 OK\r\n" + length + "\r\nhello"},
      {"status-not-a-number", "HTTP/1.1 2x0 OK\r\n" + length + "\r\nhello"},
      {"two-spaces-before-status", "HTTP/1.1  200 OK\r\n" + length + "\r\nhello"},
      {"lower-case-http", "http/1.1 200 OK\r\n" + length + "\r\nhello"},
      {"http-1.0", "HTTP/1.0 200 OK\r\n" + length + "\r\nhello"},
      {"http-1.2", "HTTP/1.2 200 OK\r\n" + length + "\r\nhello"},
      {"http-2.0", "HTTP/2.0 200 OK\r\n" + length + "\r\nhello"},
      {"http-0.9", "hello"},
      {"icy", "ICY 200 OK\r\n" + length + "\r\nhello"},
      {"empty-line-first", "\r\n" + with(length)},
      {"status-line-with-bare-line-feed", "HTTP/1.1 200 OK\n" + length + "\r\nhello"},

      // Header fields.
      {"all-bare-line-feeds", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"},
      {"folded", field("X-A: one\r\n two\r\n")},
      {"folded-with-tab", field("X-A: one\r\n\ttwo\r\n")},
      {"first-line-folded", with(" X-A: one\r\n" + length)},
      {"folded-length", with("Content-Length:\r\n 5\r\n")},
      {"no-colon", field("X-A\r\n")},
      {"space-before-colon", field("X-A : one\r\n")},
      {"space-before-colon-of-length", with("Content-Length : 5\r\n")},
      {"empty-name", field(": one\r\n")},
      {"name-with-space", field("X A: one\r\n")},
      {"name-with-control", field("X\x01"
                                  "A: one\r\n")},
      {"value-with-control", field("X-A: o\x01ne\r\n")},
      {"value-with-nul", field("X-A: o\0ne\r\n"s)},
      {"value-with-bare-cr", field("X-A: o\rne\r\n")},
      {"value-with-obs-text", field("X-A: gr\xfc\xdf"
                                    "e\r\n")},
      {"empty-value", field("X-A:\r\n")},
      {"large-header", field("X-A: " + std::string(3'000, 'a') + "\r\n")},
      {"huge-header", field("X-A: " + std::string(300'000, 'a') + "\r\n")},

      // Lengths.
      {"two-equal-lengths", with(length + length)},
      {"two-different-lengths", with(length + "Content-Length: 3\r\n")},
      {"list-of-equal-lengths", with("Content-Length: 5, 5\r\n")},
      {"list-of-different-lengths", with("Content-Length: 5, 3\r\n")},
      {"length-with-sign", with("Content-Length: +5\r\n")},
      {"negative-length", with("Content-Length: -5\r\n")},
      {"length-in-hex", with("Content-Length: 0x5\r\n")},
      {"length-with-leading-zeros", with("Content-Length: 005\r\n")},
      {"length-too-large", with("Content-Length: 18446744073709551621\r\n")},
      {"empty-length", with("Content-Length:\r\n")},
      {"body-shorter-than-length", with("Content-Length: 9\r\n")},
      {"crlf-behind-the-body", with(length, "hello\r\n")},
      {"bytes-behind-the-body", with(length, "hello, and more")},
      {"an-answer-behind-the-body", with(length, "hello" + with(length, "other"))},

      // Transfer codings.
      {"chunked-beside-length", with(chunked + "Content-Length: 3\r\n", hello)},
      {"chunked-in-http-1.0", "HTTP/1.0 200 OK\r\n" + chunked + "\r\n" + hello},
      {"chunked-in-capitals", with("Transfer-Encoding: CHUNKED\r\n", hello)},
      {"chunked-twice", with("Transfer-Encoding: chunked, chunked\r\n", hello)},
      {"two-transfer-encodings", with(chunked + chunked, hello)},
      {"unknown-transfer-coding", with("Transfer-Encoding: xchunked\r\n", hello)},
      {"identity-transfer-coding", with("Transfer-Encoding: identity\r\n" + length)},
      {"chunk-extension", in_chunks("5;a=b\r\nhello\r\n0\r\n\r\n")},
      {"chunk-extension-with-line-feed", in_chunks("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n")},
      {"chunk-size-and-a-space", in_chunks("5 \r\nhello\r\n0\r\n\r\n")},
      {"chunk-size-after-a-space", in_chunks(" 5\r\nhello\r\n0\r\n\r\n")},
      {"chunk-size-with-leading-zeros", in_chunks("0005\r\nhello\r\n0\r\n\r\n")},
      {"chunk-size-with-0x", in_chunks("0x5\r\nhello\r\n0\r\n\r\n")},
      {"chunk-size-negative", in_chunks("-5\r\nhello\r\n0\r\n\r\n")},
      {"chunk-size-too-large", in_chunks("10000000000000005\r\nhello\r\n0\r\n\r\n")},
      {"chunk-lines-with-bare-line-feed", in_chunks("5\nhello\n0\n\n")},
      {"chunk-longer-than-its-size", in_chunks("3\r\nhello\r\n0\r\n\r\n")},
      {"chunks-without-the-last", in_chunks("5\r\nhello\r\n")},
      {"chunks-without-the-last-line", in_chunks("5\r\nhello\r\n0\r\n")},
      {"chunk-cut-off", in_chunks("9\r\nhello")},
      {"trailers", in_chunks("5\r\nhello\r\n0\r\nX-A: b\r\n\r\n")},
      {"trailer-that-pretends", in_chunks("5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n")},

      // Responses without a body, and bodies where none is allowed.
      {"204-with-chunks", "HTTP/1.1 204 No Content\r\n" + chunked + "\r\n0\r\n\r\n"},
      {"204-with-length", "HTTP/1.1 204 No Content\r\n" + length + "\r\nhello"},
      {"304-with-length", "HTTP/1.1 304 Not Modified\r\n" + length + "\r\n"},
      {"100-first", "HTTP/1.1 100 Continue\r\n\r\n" + with(length)},
      {"103-first", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + with(length)},
      {"twenty-of-102-first",
       [] {
         std::string out;
         for (int i = 0; i < 20; ++i)
           out += "HTTP/1.1 102 Processing\r\n\r\n";
         return out + with(length);
       }()},
      {"101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"},
      {"nothing-but-100", "HTTP/1.1 100 Continue\r\n\r\n"},

      // Content codings.
      {"gzip", coded("gzip", gzip)},
      {"gzip-with-padding", coded("gzip", gzip + std::string(8, '\0'))},
      {"gzip-that-is-plain", coded("gzip", "hello")},
      {"gzip-cut-off", coded("gzip", gzip.substr(0, gzip.size() - 4))},
      {"gzip-called-x-gzip", coded("x-gzip", gzip)},
      {"unknown-content-coding", coded("rot13", "uryyb")},
  };
}

}  // namespace

const std::vector<OddResponse>& odd_responses() {
  static const std::vector<OddResponse> all = make();
  return all;
}

}  // namespace penstock::sandbox
