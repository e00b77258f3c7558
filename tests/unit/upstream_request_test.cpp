// The head of a request as it is written to a vendor.
#include <gtest/gtest.h>

#include "upstream/http1_request.hpp"

namespace penstock::upstream {
namespace {

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
struct NoSink final : ResponseSink {
  void interim(Response) override {}
  void head(Response) override {}
  void body(std::string, std::function<void(bool)>) override {}
};

TEST(WriteHead, frames_a_body_that_comes_later_and_leaves_codings_to_the_caller) {
  Request out = request();
  out.source = std::make_shared<NoSource>();
  out.sink = std::make_shared<NoSink>();
  out.accepts_trailers = true;
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
