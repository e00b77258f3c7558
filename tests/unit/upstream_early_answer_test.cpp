// A vendor that refuses an upload while it is under way: it answers, and closes with bytes unread,
// which is a reset. RFC 9112 section 9.5: a client looks for an answer while it sends.
#include <gtest/gtest.h>

#include <algorithm>

#include "upstream_tls_server.hpp"

namespace penstock::upstream {
namespace {

/// A caller's upload, in pieces.
class Upload final : public BodySource {
 public:
  explicit Upload(std::size_t size) : left_(size) {}
  void read(Handler handler) override {
    const std::size_t size = std::min<std::size_t>(left_, 30'000);
    left_ -= size;
    handler(std::string(size, 'b'));
  }

 private:
  std::size_t left_;
};

TEST_F(UpstreamTest, an_answer_that_ends_an_upload_is_not_lost) {
  constexpr int rounds = 10;
  // It says that it closes: else the next call may be on its way as it does.
  const std::string refusal =
      "HTTP/1.1 413 Too large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig";
  const struct {
    const char* name;
    void (*end)(TlsStream&);
  } ends[] = {
      {"close_notify, then a reset",
       [](TlsStream& stream) {
         Server::close_notify(stream);
         stream.lowest_layer().close();
       }},
      {"a reset", [](TlsStream& stream) { stream.lowest_layer().close(); }},
  };
  for (const auto& [name, end] : ends) {
    Server server([&, end](TlsStream& stream) {
      char head[1024];
      boost::system::error_code error;
      stream.read_some(asio::buffer(head), error);
      if (error) return;
      stream.lowest_layer().set_option(tcp::no_delay(true));  // or the reset overtakes the answer
      Server::send(stream, refusal);
      end(stream);
    });
    for (const std::size_t size : {20'000U, 65'000U, 200'000U, 1'000'000U, 5'000'000U}) {
      for (const bool streamed : {false, true}) {
        for (int round = 0; round < rounds; ++round) {
          Request upload = request(server, "POST");
          if (streamed) {
            upload.source = std::make_shared<Upload>(size);
            upload.source_length = size;
          } else {
            upload.body = std::string(size, 'b');
          }
          const auto response = send(std::move(upload));
          ASSERT_TRUE(response.has_value()) << name << ", " << size << (streamed ? " streamed" : "")
                                            << ": " << response.error().message;
          EXPECT_EQ(response->status, 413);
          EXPECT_EQ(response->body, "big");
        }
      }
    }
    close();
    client = std::make_unique<Client>(loop);
  }
}

TEST_F(UpstreamTest, an_upload_that_is_cut_off_without_an_answer_may_have_been_seen) {
  Server server([](TlsStream& stream) {
    char some[1024];
    boost::system::error_code error;
    stream.read_some(asio::buffer(some), error);
    stream.lowest_layer().close();
  });
  for (const std::size_t size : {20'000U, 65'000U, 5'000'000U}) {
    for (int round = 0; round < 20; ++round) {
      Request upload = request(server, "POST");
      upload.body = std::string(size, 'b');
      const auto response = send(std::move(upload));
      ASSERT_FALSE(response.has_value());
      EXPECT_EQ(response.error().sent, Sent::unknown) << response.error().message;
      EXPECT_FALSE(response.error().retryable);
    }
  }
  EXPECT_EQ(server.connections, 60) << "one was sent again";
}

}  // namespace
}  // namespace penstock::upstream
