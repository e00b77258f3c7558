// Bodies that stream through the client, against a TLS server that plays a script.
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>

#include "upstream_tls_server.hpp"

namespace penstock::upstream {
namespace {

/// Gives `count` pieces of `size` bytes, later than asked, then the end.
class Pieces final : public BodySource {
 public:
  Pieces(asio::io_context& loop, int count, std::size_t size, bool breaks = false)
      : loop_(loop), left_(count), size_(size), breaks_(breaks) {}

  void read(Handler handler) override {
    ++asked;
    asio::post(loop_, [this, handler = std::move(handler)] {
      if (left_ == 0 && breaks_) return handler(std::nullopt);
      if (left_ == 0) return handler(std::string());
      --left_;
      handler(std::string(size_, 'p'));
    });
  }

  int asked = 0;

 private:
  asio::io_context& loop_;
  int left_;
  std::size_t size_;
  bool breaks_;
};

/// Counts what comes; answers `next` later, as often as it is let.
class Collector final : public ResponseSink {
 public:
  explicit Collector(asio::io_context& loop) : loop_(loop) {}

  void interim(Response response) override { interims.push_back(response.status); }
  void head(Response response) override { status = response.status; }
  void body(std::string piece, std::function<void(bool)> next) override {
    bytes += piece.size();
    largest = std::max(largest, piece.size());
    EXPECT_FALSE(busy_) << "a piece came before the last one was taken";
    busy_ = true;
    if (hold) return void(held = std::move(next));
    asio::post(loop_, [this, next = std::move(next)] {
      busy_ = false;
      next(bytes < stop_after);
    });
  }

  std::vector<int> interims;
  int status = 0;
  std::size_t bytes = 0, largest = 0;
  std::size_t stop_after = SIZE_MAX;
  bool hold = false;
  std::function<void(bool)> held;

 private:
  asio::io_context& loop_;
  bool busy_ = false;
};

class UpstreamStreamTest : public UpstreamTest {
 protected:
  std::shared_ptr<Collector> sink = std::make_shared<Collector>(loop);

  Request streamed(const Server& server, const std::string& method = "GET") {
    Request out = request(server, method);
    out.has_body = false;
    out.body.clear();
    out.sink = sink;
    return out;
  }
};

std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

TEST_F(UpstreamStreamTest, gives_a_large_answer_piece_by_piece_and_keeps_the_connection) {
  const std::string large(20'000'000, 'v');
  Server* self = nullptr;
  Server server([&](TlsStream& stream) {
    while (!self->read_request(stream).empty())
      Server::send(stream, "HTTP/1.1 103 Early Hints\r\n\r\n" + Server::ok(large));
  });
  self = &server;
  for (int i = 1; i <= 2; ++i) {
    const auto end = send(streamed(server));
    ASSERT_TRUE(end.has_value()) << end.error().message;
    EXPECT_TRUE(end->body.empty());
    EXPECT_EQ(sink->bytes, large.size() * static_cast<std::size_t>(i));
  }
  EXPECT_EQ(sink->interims, (std::vector<int>{103, 103}));
  EXPECT_EQ(sink->status, 200);
  EXPECT_LE(sink->largest, 65536U);
  EXPECT_EQ(server.handshakes, 1);
  close();
}

TEST_F(UpstreamStreamTest, reads_no_further_while_the_sink_is_busy) {
  std::atomic<std::size_t> written{0};
  Server* self = nullptr;
  Server server([&](TlsStream& stream) {
    self->read_request(stream);
    Server::send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    const std::string block(100'000, 'v');
    boost::system::error_code error;
    for (int i = 0; i < 1000 && !error; ++i) {
      asio::write(stream, asio::buffer(block), error);
      if (!error) written += block.size();
    }
  });
  self = &server;
  sink->hold = true;
  std::optional<Result<Response>> ended;
  Request out = streamed(server);
  out.idle_timeout = std::chrono::milliseconds(50);
  client->send(std::move(out), [&](Result<Response> response) { ended = std::move(response); });
  while (!sink->held)
    loop.run_one();
  // The vendor writes until the buffers of both kernels are full, and no further.
  std::size_t before = SIZE_MAX;
  while (before != written) {
    before = written;
    loop.run_for(std::chrono::milliseconds(200));
  }
  EXPECT_FALSE(ended) << "waiting for the caller was taken for the vendor's silence";
  EXPECT_LT(written, 20'000'000U);
  EXPECT_LE(sink->bytes, 65536U);
  sink->held(false);
  while (!ended)
    loop.run_one();
  EXPECT_FALSE(ended->has_value());
  close();
}

struct UploadCase {
  const char* name;
  std::optional<std::uint64_t> length;
  const char* framing;
  std::string expected;
};

TEST_F(UpstreamStreamTest, sends_a_body_as_it_comes) {
  const UploadCase cases[] = {
      {"known length", 15, "Content-Length: 15", "ppppppppppppppp"},
      {"chunked", std::nullopt, "Transfer-Encoding: chunked",
       "5\r\nppppp\r\n5\r\nppppp\r\n5\r\nppppp\r\n0\r\n\r\n"},
  };
  for (const UploadCase& one : cases) {
    std::string head, body;
    Server server([&](TlsStream& stream) {
      std::string got;
      char buffer[4096];
      boost::system::error_code error;
      while (!error && (got.find("\r\n\r\n") == std::string::npos ||
                        body_of(got).size() < one.expected.size())) {
        got.append(buffer, stream.read_some(asio::buffer(buffer), error));
      }
      head = got.substr(0, got.find("\r\n\r\n"));
      body = body_of(got);
      Server::send(stream, Server::ok("thanks"));
      Server::wait_for_end(stream);
    });
    Request out = streamed(server, "POST");
    Pieces* pieces = new Pieces(loop, 3, 5);
    out.source = std::shared_ptr<BodySource>(pieces);
    out.source_length = one.length;
    const auto end = send(std::move(out));
    ASSERT_TRUE(end.has_value()) << one.name << ": " << end.error().message;
    EXPECT_NE(head.find(one.framing), std::string::npos) << one.name << "\n" << head;
    EXPECT_EQ(body, one.expected) << one.name;
    close();
    client = std::make_unique<Client>(loop);
  }
}

TEST_F(UpstreamStreamTest, a_body_that_breaks_off_or_lies_about_its_length_ends_the_connection) {
  const std::optional<std::uint64_t> lengths[] = {std::nullopt, 20, 12};
  for (const auto& length : lengths) {
    std::atomic<bool> complete{false};
    Server server([&](TlsStream& stream) {
      std::string got;
      char buffer[4096];
      boost::system::error_code error;
      while (!error)
        got.append(buffer, stream.read_some(asio::buffer(buffer), error));
      complete = got.ends_with("0\r\n\r\n");
    });
    Request out = streamed(server, "POST");
    out.source = std::make_shared<Pieces>(loop, 3, 5, length != 12U);
    out.source_length = length;
    const auto end = send(std::move(out));
    ASSERT_FALSE(end.has_value());
    EXPECT_EQ(end.error().origin, Origin::caller);
    EXPECT_EQ(end.error().sent, Sent::unknown);
    close();
    EXPECT_FALSE(complete) << "a cut-off body looked whole to the vendor";
    client = std::make_unique<Client>(loop);
  }
}

TEST_F(UpstreamStreamTest, an_answer_before_the_end_of_the_upload_ends_the_upload) {
  Server server([&](TlsStream& stream) {
    char buffer[100];
    boost::system::error_code error;
    stream.read_some(asio::buffer(buffer), error);
    Server::send(stream, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    while (!error)
      stream.read_some(asio::buffer(buffer), error);
  });
  Request out = streamed(server, "POST");
  const auto pieces = std::make_shared<Pieces>(loop, 1'000'000, 1000);
  out.source = pieces;
  const auto end = send(std::move(out));
  ASSERT_TRUE(end.has_value()) << end.error().message;
  EXPECT_EQ(sink->status, 413);
  EXPECT_EQ(sink->bytes, 2U);
  EXPECT_LT(pieces->asked, 1'000'000);
  close();
}

TEST_F(UpstreamStreamTest, is_late_when_nothing_moves_but_not_while_something_does) {
  Server* self = nullptr;
  std::atomic<bool> stall{false};
  Server server([&](TlsStream& stream) {
    self->read_request(stream);
    Server::send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    for (int i = 0; i < 10 && !stall; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
      Server::send(stream, "x");
    }
    Server::wait_for_end(stream);
  });
  self = &server;
  Request out = streamed(server);
  out.idle_timeout = std::chrono::milliseconds(400);
  out.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  const auto slow = send(std::move(out));
  EXPECT_TRUE(slow.has_value()) << slow.error().message;
  close();
  client = std::make_unique<Client>(loop);

  stall = true;
  out = streamed(server);
  out.idle_timeout = std::chrono::milliseconds(400);
  const auto late = send(std::move(out));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::task_timed_out);
  EXPECT_EQ(late.error().sent, Sent::yes);
  close();
}

TEST_F(UpstreamStreamTest, is_late_when_a_head_trickles_for_longer_than_one_silence) {
  Server* self = nullptr;
  Server server([&](TlsStream& stream) {
    self->read_request(stream);
    Server::send(stream, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nX-Slow: ");
    boost::system::error_code error;
    for (int i = 0; i < 60 && !error; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      asio::write(stream, asio::buffer("x", 1), error);
    }
    Server::send(stream, "\r\nContent-Length: 2\r\n\r\nok");
    Server::wait_for_end(stream);
  });
  self = &server;
  Request out = streamed(server);
  out.idle_timeout = std::chrono::milliseconds(400);
  const auto late = send(std::move(out));
  ASSERT_FALSE(late.has_value()) << "a head may come byte by byte for as long as it likes";
  EXPECT_EQ(late.error().code, Code::task_timed_out);
  EXPECT_EQ(late.error().sent, Sent::yes);
  EXPECT_EQ(sink->interims, std::vector<int>{102});
  close();
}

TEST_F(UpstreamStreamTest, is_late_when_the_vendor_takes_no_more_of_an_upload) {
  Server server(Server::read_nothing);
  Request out = streamed(server, "POST");
  out.source = std::make_shared<Pieces>(loop, 1'000'000, 60'000);
  out.idle_timeout = std::chrono::milliseconds(400);
  const auto late = send(std::move(out));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::task_timed_out);
  EXPECT_EQ(late.error().sent, Sent::unknown);
  close();
}

TEST_F(UpstreamStreamTest, the_sink_can_end_an_answer) {
  Server* self = nullptr;
  Server server([&](TlsStream& stream) {
    self->read_request(stream);
    Server::send(stream, Server::ok(std::string(1'000'000, 'v')));
    Server::wait_for_end(stream);
  });
  self = &server;
  sink->stop_after = 100'000;
  const auto end = send(streamed(server));
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.error().origin, Origin::caller);
  EXPECT_LT(sink->bytes, 300'000U);
  close();
}

}  // namespace
}  // namespace penstock::upstream
