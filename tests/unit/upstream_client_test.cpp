// The client against a TLS server that plays a script.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <future>
#include <map>

#include "upstream_tls_server.hpp"

namespace penstock::upstream {
namespace {

TEST_F(UpstreamTest, keeps_a_connection_for_the_next_call) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok("hello")));
  self = &server;
  for (int i = 0; i < 3; ++i) {
    const auto response = send(request(server, i == 1 ? "POST" : "GET"));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "hello");
  }
  EXPECT_EQ(server.handshakes, 1);
  close();
}

TEST_F(UpstreamTest, closes_connections_that_nobody_comes_back_for) {
  client =
      std::make_unique<Client>(loop, Client::Options{.max_idle = std::chrono::milliseconds(200)});
  Server* self = nullptr;
  std::atomic<int> ended{0};
  Server server([&](TlsStream& stream) {
    while (!self->read_request(stream).empty())
      Server::send(stream, Server::ok());
    ++ended;
  });
  self = &server;
  for (int i = 0; i < 10; ++i) {
    Request one = request(server);
    one.to.partition = std::to_string(i);  // as if each were a host of its own
    ASSERT_TRUE(send(std::move(one)).has_value());
  }
  while (ended < 10)  // or this test ends in its time limit
    loop.run_one_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(send(request(server)).has_value());
  EXPECT_EQ(server.handshakes, 11);
  close();
}

TEST_F(UpstreamTest, never_shares_a_connection_across_partitions) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok()));
  self = &server;
  Request other = request(server);
  other.to.partition = "umbrella";
  ASSERT_TRUE(send(request(server)).has_value());
  ASSERT_TRUE(send(other).has_value());
  EXPECT_EQ(server.handshakes, 2);
  close();
}

TEST_F(UpstreamTest, carries_many_calls_at_once_and_large_bodies_both_ways) {
  Server* self = nullptr;
  Server server([&self](TlsStream& stream) {
    for (std::string got = self->read_request(stream); !got.empty();
         got = self->read_request(stream)) {
      Server::send(stream, Server::ok(got.substr(got.find("\r\n\r\n") + 4)));
    }
  });
  self = &server;
  int good = 0, ended = 0;
  for (int i = 0; i < 50; ++i) {
    Request out = request(server, "POST");
    out.body = std::string(i == 0 ? 3'000'000 : 100, static_cast<char>('a' + i % 26));
    const std::string expected = out.body;
    client->send(std::move(out), [&, expected](Result<Response> response) {
      ++ended;
      if (response && response->body == expected) ++good;
    });
  }
  while (ended < 50)
    loop.run_one();
  EXPECT_EQ(good, 50);
  close();
}

TEST_F(UpstreamTest, a_warm_connection_that_dies_after_a_post_is_doubtful_and_never_repeated) {
  Server* self = nullptr;
  Server server([&self](TlsStream& stream) {
    self->read_request(stream);
    Server::send(stream, Server::ok());
    self->read_request(stream);
    Server::reset(stream);
  });
  self = &server;
  ASSERT_TRUE(send(request(server)).has_value());
  const auto response = send(request(server, "POST"));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().sent, Sent::unknown);
  EXPECT_EQ(response.error().origin, Origin::network);
  EXPECT_FALSE(response.error().retryable);
  EXPECT_EQ(server.requests, 2);
  EXPECT_EQ(server.connections, 1);
}

TEST_F(UpstreamTest, the_same_with_a_get_is_repeated_once_on_a_fresh_connection) {
  Server* self = nullptr;
  Server server([&self](TlsStream& stream) {
    const bool first = self->handshakes == 1;
    self->read_request(stream);
    Server::send(stream, Server::ok());
    if (!first) return Server::wait_for_end(stream);
    self->read_request(stream);
    Server::reset(stream);
  });
  self = &server;
  ASSERT_TRUE(send(request(server)).has_value());
  const auto response = send(request(server));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(server.handshakes, 2);
  close();
}

TEST_F(UpstreamTest, an_answer_cut_at_any_byte_is_an_error_that_says_whether_it_was_sent) {
  const std::string answer = Server::ok("hello");
  std::atomic<std::size_t> cut{0};
  Server* self = nullptr;
  Server server([&](TlsStream& stream) {
    self->read_request(stream);
    Server::send(stream, answer.substr(0, cut));
    boost::system::error_code ignored;
    stream.shutdown(ignored);
  });
  self = &server;
  for (; cut < answer.size(); ++cut) {
    const auto response = send(request(server, "POST"));
    ASSERT_FALSE(response.has_value()) << "cut at " << cut;
    EXPECT_EQ(response.error().sent, cut == 0 ? Sent::unknown : Sent::yes) << "cut at " << cut;
    EXPECT_EQ(response.error().http_status, 502);
  }
  EXPECT_EQ(server.requests, static_cast<int>(answer.size()));
}

TEST_F(UpstreamTest, bounds_the_answer) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok(std::string(1000, 'a'))));
  self = &server;
  Request out = request(server);
  out.max_response_bytes = 999;
  const auto response = send(out);
  ASSERT_FALSE(response.has_value());
  EXPECT_NE(response.error().message.find("max_response_bytes"), std::string::npos);
  EXPECT_EQ(response.error().sent, Sent::yes);
  EXPECT_EQ(response.error().phase, Phase::receive);
}

TEST_F(UpstreamTest, a_deadline_tells_how_far_the_call_had_come) {
  struct Case {
    const char* name;
    Script script;
    Phase phase;
    Sent sent;
    std::size_t body_size = 4;
  };
  Server* self = nullptr;
  const auto trickle = [&](TlsStream& stream) {
    self->read_request(stream);
    Server::send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    boost::system::error_code error;
    for (int i = 0; i < 1000 && !error; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      asio::write(stream, asio::buffer("x", 1), error);
    }
  };
  const Case cases[] = {
      {"before the answer",
       [&](TlsStream& stream) {
         self->read_request(stream);
         Server::wait_for_end(stream);
       },
       Phase::receive, Sent::unknown},
      {"in the answer",
       [&](TlsStream& stream) {
         self->read_request(stream);
         Server::send(stream, "HTTP/1.1 200 OK\r\n");
         Server::wait_for_end(stream);
       },
       Phase::receive, Sent::yes},
      {"in an answer that goes on", trickle, Phase::receive, Sent::yes},
      {"before the request was taken", Server::read_nothing, Phase::receive, Sent::unknown,
       30'000'000},
  };
  for (const Case& one : cases) {
    Server server(one.script);
    self = &server;
    Request out = request(server, "POST");
    out.body.resize(one.body_size, 'b');
    out.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    const auto response = send(out);
    ASSERT_FALSE(response.has_value()) << one.name;
    EXPECT_EQ(response.error().code, Code::task_timed_out) << one.name;
    EXPECT_EQ(response.error().phase, one.phase) << one.name;
    EXPECT_EQ(response.error().sent, one.sent) << one.name;
    close();
    client = std::make_unique<Client>(loop);
  }
}

TEST_F(UpstreamTest, a_server_that_never_speaks_tls_ends_in_the_connect_timeout) {
  asio::io_context context;
  tcp::acceptor silent(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  Request out;
  out.to = {"vendor.example",
            443,
            "127.0.0.1:" + std::to_string(silent.local_endpoint().port()),
            authority().file.string(),
            false,
            ""};
  out.method = "GET";
  out.target = "/";
  out.connect_timeout = std::chrono::milliseconds(200);
  out.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto response = send(out);
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, Code::task_timed_out);
  EXPECT_EQ(response.error().phase, Phase::connect);
  EXPECT_EQ(response.error().sent, Sent::no);
}

TEST_F(UpstreamTest, a_bad_certificate_ends_the_call_before_a_byte_of_it_left) {
  struct Case {
    const char* name;
    const char* certificate_name;
    long valid_for_s;
    bool own_authority;
    const char* message;
  };
  const Case cases[] = {
      {"wrong name", "other.example", 3600, true, "is not for vendor.example"},
      {"expired", "vendor.example", -60, true, "expired"},
      {"unknown authority", "vendor.example", 3600, false, "upstream.extra_ca_file"}};
  for (const Case& one : cases) {
    Server* self = nullptr;
    Server server([&](TlsStream& stream) { self->read_request(stream); }, one.certificate_name,
                  one.valid_for_s);
    self = &server;
    Request out = request(server, "POST");
    if (!one.own_authority) out.to.ca_file.clear();
    const auto response = send(out);
    ASSERT_FALSE(response.has_value()) << one.name;
    EXPECT_EQ(response.error().phase, Phase::connect) << one.name;
    EXPECT_EQ(response.error().sent, Sent::no) << one.name;
    EXPECT_NE(response.error().message.find(one.message), std::string::npos)
        << one.name << ": " << response.error().message;
    EXPECT_EQ(server.requests, 0) << one.name;
  }
}

TEST_F(UpstreamTest, private_addresses_are_refused_unless_they_are_allowed) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok()), "localhost");
  self = &server;
  Request out = request(server);
  out.to.host = "localhost";
  out.to.port = static_cast<std::uint16_t>(std::stoi(server.address().substr(10)));
  out.to.connect_to.clear();
  const auto refused = send(out);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("allow_private_addresses"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(server.connections, 0);
  out.to.allow_private_addresses = true;
  EXPECT_TRUE(send(out).has_value());
  close();
}

TEST_F(UpstreamTest, the_environment_has_no_say_in_proxies) {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"})
    ::setenv(name, "http://127.0.0.1:1", 1);
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok()));
  self = &server;
  EXPECT_TRUE(send(request(server)).has_value());
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"})
    ::unsetenv(name);
  close();
}

TEST_F(UpstreamTest, what_nobody_waits_for_any_more_is_ended_where_nothing_can_have_come_of_it) {
  Server* self = nullptr;
  std::promise<void> go_on;
  const std::shared_future<void> may_answer = go_on.get_future().share();
  Server server([&](TlsStream& stream) {
    self->read_request(stream);
    may_answer.wait();
    Server::send(stream, Server::ok());
    Server::wait_for_end(stream);
  });
  self = &server;
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  std::map<std::string, Result<Response>> ends;
  for (const char* method : {"GET", "POST"}) {
    Request out = request(server, method);
    out.client_disconnected = gone;
    client->send(std::move(out), [&ends, method](Result<Response> response) {
      ends.emplace(method, std::move(response));
    });
  }
  while (server.requests < 2)
    loop.run_one_for(std::chrono::milliseconds(10));
  tcp::acceptor deaf(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));  // to TLS
  Request unsent = request(server, "PUT");
  unsent.to.connect_to = "127.0.0.1:" + std::to_string(deaf.local_endpoint().port());
  unsent.client_disconnected = gone;
  client->send(std::move(unsent),
               [&ends](Result<Response> response) { ends.emplace("PUT", std::move(response)); });
  *gone = true;
  while (ends.size() < 2)
    loop.run_one();
  ASSERT_FALSE(ends.at("GET").has_value());
  EXPECT_EQ(ends.at("GET").error().origin, Origin::caller);
  EXPECT_EQ(ends.at("GET").error().sent, Sent::unknown);
  ASSERT_FALSE(ends.at("PUT").has_value());
  EXPECT_EQ(ends.at("PUT").error().sent, Sent::no);
  go_on.set_value();
  while (ends.size() < 3)
    loop.run_one();
  ASSERT_TRUE(ends.at("POST").has_value()) << ends.at("POST").error().message;
  EXPECT_EQ(ends.at("POST")->status, 200);
  close();
}

TEST_F(UpstreamTest, a_client_that_goes_away_drops_its_calls_in_silence) {
  Server* self = nullptr;
  Server server([&](TlsStream& stream) {
    self->read_request(stream);
    Server::wait_for_end(stream);
  });
  self = &server;
  bool ran = false;
  client->send(request(server), [&](Result<Response>) { ran = true; });
  while (server.requests == 0)
    loop.run_one_for(std::chrono::milliseconds(10));
  close();
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace penstock::upstream
