// No answer is another's, and none that is cut looks whole: what stands behind an answer, in front
// of a request, or in the place of an end.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "upstream_tls_server.hpp"

namespace penstock::upstream {
namespace {

const std::string poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";

std::string mark_of(const std::string& request) {
  const std::size_t at = request.find("X-Mark: ") + 8;
  return request.substr(at, request.find('\r', at) - at);
}

struct Behind {
  const char* name;
  /// Answers with the mark as the body, and adds what nobody asked for.
  std::function<void(TlsStream&, const std::string& mark)> answer;
};

const std::vector<Behind>& behind() {
  static const std::vector<Behind> cases = {
      {"an answer in the same record",
       [](TlsStream& to, const std::string& mark) { Server::send(to, Server::ok(mark) + poison); }},
      {"an answer in the next record of the segment",
       [](TlsStream& to, const std::string& mark) {
         Server::send_together(to, {Server::ok(mark), poison});
       }},
      {"a line end in the next record",
       [](TlsStream& to, const std::string& mark) {
         Server::send_together(to, {Server::ok(mark), "\r\n"});
       }},
      {"an empty record, then an answer",
       [](TlsStream& to, const std::string& mark) {
         Server::send_together(to, {Server::ok(mark).substr(0, 20), Server::ok(mark).substr(20),
                                    poison.substr(0, 1), poison.substr(1)});
       }},
      {"an answer behind chunks",
       [](TlsStream& to, const std::string& mark) {
         Server::send_together(to,
                               {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                    std::to_string(mark.size()) + "\r\n" + mark + "\r\n0\r\n\r\n",
                                poison});
       }},
      {"close_notify",
       [](TlsStream& to, const std::string& mark) {
         Server::send_together(to, {Server::ok(mark)}, Server::close_notify);
       }},
  };
  return cases;
}

TEST_F(UpstreamTest, gives_each_call_its_own_answer_whatever_stands_behind_it) {
  for (const Behind& one : behind()) {
    Server* self = nullptr;
    Server server([&](TlsStream& stream) {
      for (std::string got = self->read_request(stream); !got.empty();
           got = self->read_request(stream))
        one.answer(stream, mark_of(got));
    });
    self = &server;
    constexpr int calls = 40;
    int started = 0, ended = 0;
    const std::function<void()> start = [&] {
      if (started == calls) return;
      const std::string mark = std::to_string(++started % 9);
      Request out = request(server, started % 2 == 0 ? "POST" : "GET");
      out.headers = {{"X-Mark", mark}};
      out.limits.connections = 2;  // so that calls wait for a connection to be free
      client->send(std::move(out), [&, mark](Result<Response> response) {
        ++ended;
        ASSERT_TRUE(response.has_value()) << one.name << ": " << response.error().message;
        EXPECT_EQ(response->body, mark) << one.name;
        start();
      });
    };
    for (int i = 0; i < 8; ++i)
      start();
    while (ended < calls)
      loop.run_one();
    EXPECT_EQ(server.requests, calls) << one.name << ": something was sent twice";
    close();
    client = std::make_unique<Client>(loop);
  }
}

/// Waits until the client's system has all that was sent, its end too.
void wait_until_taken(TlsStream& stream) {
  const int socket = stream.lowest_layer().native_handle();
  while (true) {
    int left = 0;
    tcp_info info{};
    socklen_t size = sizeof info;
    ::ioctl(socket, SIOCOUTQ, &left);
    ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size);
    if (left == 0 && info.tcpi_state != TCP_FIN_WAIT1) return;
    std::this_thread::yield();
  }
}

TEST_F(UpstreamTest, looks_at_a_kept_connection_before_it_writes_to_it) {
  const std::pair<const char*, std::function<void(TlsStream&)>> cases[] = {
      {"an answer", [](TlsStream& to) { Server::send(to, poison); }},
      {"half a record",
       [](TlsStream& to) {
         boost::system::error_code ignored;
         asio::write(to.next_layer(), asio::buffer("\x17\x03\x03\x00\x40half", 9), ignored);
       }},
      {"a record's first byte",
       [](TlsStream& to) {
         boost::system::error_code ignored;
         asio::write(to.next_layer(), asio::buffer("\x17", 1), ignored);
       }},
      {"a 408 and the end",
       [](TlsStream& to) {
         Server::send(to, "HTTP/1.1 408 Slow\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
         Server::close_notify(to);
       }},
      {"close_notify", [](TlsStream& to) { Server::close_notify(to); }},
      {"the end of TCP",
       [](TlsStream& to) {
         boost::system::error_code ignored;
         to.lowest_layer().shutdown(tcp::socket::shutdown_send, ignored);
       }},
      {"a reset", [](TlsStream& to) { Server::reset(to); }},
  };
  for (const auto& [name, spoil] : cases) {
    for (const bool seen_by_the_loop : {false, true}) {
      std::atomic<bool> may{false}, spoilt{false};
      Server* self = nullptr;
      Server server([&](TlsStream& stream) {
        const bool first = self->handshakes == 1;
        self->read_request(stream);
        Server::send(stream, Server::ok("own"));
        if (!first) return Server::wait_for_end(stream);
        while (!may)
          std::this_thread::yield();
        spoil(stream);
        if (stream.lowest_layer().is_open()) wait_until_taken(stream);
        spoilt = true;
        if (stream.lowest_layer().is_open()) Server::wait_for_end(stream);
      });
      self = &server;
      ASSERT_TRUE(send(request(server)).has_value());
      may = true;
      while (!spoilt)
        std::this_thread::yield();
      if (seen_by_the_loop) loop.poll();
      const auto response = send(request(server, "POST"));
      ASSERT_TRUE(response.has_value()) << name << ": " << response.error().message;
      EXPECT_EQ(response->body, "own") << name;
      EXPECT_TRUE(response->warnings.empty()) << name;
      EXPECT_EQ(server.handshakes, 2) << name;
      EXPECT_EQ(server.requests, 2) << name;
      close();
      client = std::make_unique<Client>(loop);
    }
  }
}

/// Nothing of the call has left, so that is safe for a POST as well; once, for the vendor's sake.
TEST_F(UpstreamTest, makes_one_more_connection_where_a_new_one_has_ended_already) {
  Server* self = nullptr;
  Server server([&](TlsStream& stream) {
    self->read_request(stream);
    Server::send(stream, Server::ok("own"));
    Server::wait_for_end(stream);
  });
  self = &server;
  server.stillborn = 1;
  const auto response = send(request(server, "POST"));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, "own");
  EXPECT_EQ(server.connections, 2);
  EXPECT_EQ(server.requests, 1);

  close();
  client = std::make_unique<Client>(loop);
  server.stillborn = 2;
  const auto refused = send(request(server, "POST"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().sent, Sent::no);
  EXPECT_TRUE(refused.error().retryable);
  EXPECT_EQ(server.connections, 4);
  EXPECT_EQ(server.requests, 1);
  close();
}

TEST_F(UpstreamTest, keeps_no_connection_whose_answer_spoke_of_content_that_it_has_not) {
  struct Case {
    const char* method;
    std::string head;
    int handshakes;
  };
  const Case cases[] = {
      {"DELETE", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", 2},
      {"DELETE", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", 2},
      {"DELETE", "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", 1},
      {"DELETE", "HTTP/1.1 204 No\r\n\r\n", 1},
      {"GET", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", 2},
      {"GET", "HTTP/1.1 304 No\r\n\r\n", 1},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 2},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1},
  };
  for (const Case& one : cases) {
    Server* self = nullptr;
    Server server([&](TlsStream& stream) {
      for (std::string got = self->read_request(stream); !got.empty();
           got = self->read_request(stream))
        Server::send(stream, got.starts_with("POST") ? Server::ok() : one.head);
    });
    self = &server;
    ASSERT_TRUE(send(request(server, one.method)).has_value()) << one.head;
    ASSERT_TRUE(send(request(server, "POST")).has_value()) << one.head;
    EXPECT_EQ(server.handshakes, one.handshakes) << one.method << " " << one.head;
    close();
    client = std::make_unique<Client>(loop);
  }
}

struct Kept final : ResponseSink {
  void interim(Response) override {}
  void head(Response) override {}
  void body(std::string piece, std::function<void(bool)> next) override {
    bytes += piece;
    next(true);
  }
  std::string bytes;
};

TEST_F(UpstreamTest, a_body_that_ends_with_the_connection_is_whole_only_where_tls_says_so) {
  const std::string half = "HTTP/1.1 200 OK\r\n\r\nid;name\n1;Ad";
  const std::string length = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhole";
  struct Case {
    const char* name;
    std::string answer;
    std::function<void(TlsStream&)> end;
    bool whole;
  };
  const auto tcp_end = [](TlsStream& to) {
    boost::system::error_code ignored;
    to.lowest_layer().shutdown(tcp::socket::shutdown_send, ignored);
  };
  const Case cases[] = {
      {"close_notify", half, [](TlsStream& to) { Server::close_notify(to); }, true},
      {"the end of TCP", half, tcp_end, false},
      {"the end of TCP in a record", half,
       [&](TlsStream& to) {
         boost::system::error_code ignored;
         asio::write(to.next_layer(), asio::buffer("\x17\x03\x03\x00\x40half", 9), ignored);
         tcp_end(to);
       },
       false},
      {"a reset", half, [](TlsStream& to) { Server::reset(to); }, false},
      {"a length", length, tcp_end, true},
  };
  for (const Case& one : cases) {
    for (const bool streamed : {false, true}) {
      Server* self = nullptr;
      Server server([&](TlsStream& stream) {
        self->read_request(stream);
        Server::send(stream, one.answer);
        one.end(stream);
        if (stream.lowest_layer().is_open()) Server::wait_for_end(stream);
      });
      self = &server;
      Request out = request(server);
      const auto sink = std::make_shared<Kept>();
      if (streamed) out.sink = sink;
      const auto response = send(std::move(out));
      ASSERT_EQ(response.has_value(), one.whole) << one.name;
      if (!one.whole) {
        const bool reset = std::string_view(one.name) == "a reset";  // it may overtake the answer
        if (!reset) {
          EXPECT_EQ(response.error().sent, Sent::yes) << one.name;
          EXPECT_NE(response.error().message.find("close_notify"), std::string::npos)
              << response.error().message;
          EXPECT_NE(response.error().message.find("received: status 200 OK"), std::string::npos)
              << response.error().message;
        }
      }
      close();
      client = std::make_unique<Client>(loop);
    }
  }
}

/// A body of one piece.
class OnePiece final : public BodySource {
 public:
  explicit OnePiece(std::string piece) : piece_(std::move(piece)) {}
  void read(Handler handler) override {
    ++reads;
    handler(std::exchange(piece_, {}));
  }
  int reads = 0;

 private:
  std::string piece_;
};

/// Waits for the next request, and takes its bytes away without reading them.
void take_unread(TlsStream& stream) {
  pollfd readable{stream.lowest_layer().native_handle(), POLLIN, 0};
  ::poll(&readable, 1, -1);
  char buffer[4096];
  boost::system::error_code ignored;
  stream.next_layer().read_some(asio::buffer(buffer), ignored);
}

TEST_F(UpstreamTest, a_408_that_gives_up_a_kept_connection_is_no_calls_answer) {
  struct Case {
    const char* name;
    std::string answer;
    bool kept;  ///< it comes on a connection that has had an answer
    int status;
    int handshakes;
  };
  const std::string closing = "Connection: close\r\nContent-Length: 2\r\n\r\nno";
  const Case cases[] = {
      {"408", "HTTP/1.1 408 Request Timeout\r\n" + closing, true, 200, 2},
      {"408 of HTTP/1.0", "HTTP/1.0 408 Slow\r\nContent-Length: 2\r\n\r\nno", true, 200, 2},
      {"503", "HTTP/1.1 503 Busy\r\n" + closing, true, 503, 1},
      {"408 that keeps the connection", "HTTP/1.1 408 Slow\r\nContent-Length: 2\r\n\r\nno", true,
       408, 1},
      {"408 on a new connection", "HTTP/1.1 408 Slow\r\n" + closing, false, 408, 1},
  };
  for (const Case& one : cases) {
    for (const char* method : {"GET", "POST"}) {
      Server* self = nullptr;
      Server server([&](TlsStream& stream) {
        const bool first = self->handshakes == 1;
        if (first && !one.kept) {
          self->read_request(stream);
          Server::send(stream, one.answer);
          return Server::wait_for_end(stream);
        }
        self->read_request(stream);
        Server::send(stream, Server::ok("own"));
        if (first) {
          take_unread(stream);
          Server::send(stream, one.answer);
        }
        Server::wait_for_end(stream);
      });
      self = &server;
      if (one.kept) {
        ASSERT_TRUE(send(request(server)).has_value());
      }
      const auto response = send(request(server, method));
      ASSERT_TRUE(response.has_value()) << one.name << ": " << response.error().message;
      EXPECT_EQ(response->status, one.status) << one.name << " " << method;
      EXPECT_EQ(server.handshakes, one.handshakes) << one.name << " " << method;
      close();
      client = std::make_unique<Client>(loop);
    }
  }
}

/// Of a head that is larger than what the systems between take: the answer comes before it has
/// left.
TEST_F(UpstreamTest, an_answer_that_comes_before_the_head_has_left_is_no_calls_answer) {
  for (const bool streamed : {false, true}) {
    SCOPED_TRACE(streamed);
    Server* self = nullptr;
    Server server([&](TlsStream& stream) {
      const bool first = self->handshakes == 1;
      self->read_request(stream);
      Server::send(stream, Server::ok("own"));
      if (first) {
        take_unread(stream);
        Server::send(stream, poison);
      }
      Server::wait_for_end(stream);
    });
    self = &server;
    ASSERT_TRUE(send(request(server)).has_value());
    Request out = request(server, "POST");
    out.headers.add("X-Large", std::string(8U << 20U, 'x'));
    const auto source = std::make_shared<OnePiece>("body");
    if (streamed) out.source = source, out.source_length = 4, out.body.clear();
    const auto response = send(std::move(out));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "own");
    EXPECT_EQ(server.handshakes, 2);
    EXPECT_EQ(source->reads, streamed ? 1 : 0) << "nothing of the body was used up before";
    close();
    client = std::make_unique<Client>(loop);
  }
}

TEST_F(UpstreamTest, says_the_most_that_any_attempt_reached) {
  struct Case {
    const char* name;
    const char* method;
    std::function<void(TlsStream&)> end;
    Sent sent;
  };
  const Case cases[] = {
      {"read and closed", "GET", [](TlsStream& to) { Server::close_notify(to); }, Sent::unknown},
      {"given up by a 408", "POST",
       [](TlsStream& to) {
         Server::send(to, "HTTP/1.1 408 Slow\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
       },
       Sent::unknown},
  };
  for (const Case& one : cases) {
    Server* self = nullptr;
    Server server([&](TlsStream& stream) {
      self->read_request(stream);
      Server::send(stream, Server::ok());
      self->read_request(stream);
      self->stop_listening();
      one.end(stream);
      Server::wait_for_end(stream);
    });
    self = &server;
    ASSERT_TRUE(send(request(server)).has_value());
    const auto response = send(request(server, one.method));
    ASSERT_FALSE(response.has_value()) << one.name;
    EXPECT_EQ(response.error().phase, Phase::connect)
        << one.name << ": " << response.error().message;
    EXPECT_EQ(response.error().sent, one.sent) << one.name;
    EXPECT_FALSE(response.error().retryable) << one.name;
    close();
    client = std::make_unique<Client>(loop);
  }
}

}  // namespace
}  // namespace penstock::upstream
