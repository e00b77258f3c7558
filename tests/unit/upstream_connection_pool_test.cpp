// Connections are bounded, waiting is bounded, and what is over is closed.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include <malloc.h>

#include "upstream_tls_server.hpp"

namespace penstock::upstream {
namespace {

using std::chrono::milliseconds;

class UpstreamPoolTest : public UpstreamTest {
 protected:
  void start(const std::string& name, Request out) {
    client->send(std::move(out), [this, name](Result<Response> response) {
      order.push_back(name);
      ends.emplace(name, std::move(response));
    });
  }

  template <class Condition>
  void run_until(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition() && std::chrono::steady_clock::now() < limit)
      loop.run_one_for(milliseconds(10));
    ASSERT_TRUE(condition());
  }

  std::vector<std::string> order;
  std::map<std::string, Result<Response>> ends;
};

/// Callers name hosts (data_url), and those that cannot be reached have no connection to idle.
TEST_F(UpstreamPoolTest, forgets_hosts_that_could_not_be_reached) {
  constexpr std::size_t hosts = 50, size = 100'000;
  const auto in_use = [] { return ::mallinfo2().uordblks; };
  if (in_use() == 0) GTEST_SKIP() << "the heap is a sanitizer's";
  client = std::make_unique<Client>(loop, Client::Options{.max_idle = milliseconds(100)});
  for (const char* round : {"first", "second"}) {
    const std::size_t before = in_use();
    for (std::size_t i = 0; i < hosts; ++i) {
      Request out;
      out.to.host = "vendor.example";
      out.to.connect_to = "127.0.0.1:1";  // where nobody listens
      out.to.partition = round + std::to_string(i) + std::string(size, 'x');
      out.method = "GET";
      out.target = "/";
      out.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
      start(round + std::to_string(i), std::move(out));
    }
    EXPECT_GT(in_use(), before + hosts * size);
    run_until([&] { return ends.size() == hosts; });
    ends.clear();
    run_until([&] { return in_use() < before + hosts * size / 2; });
  }
}

TEST_F(UpstreamPoolTest, refuses_soon_what_it_cannot_serve_soon) {
  Server* self = nullptr;
  std::atomic<bool> answer{false};
  Server server([&](TlsStream& stream) {
    while (!self->read_request(stream).empty()) {
      while (!answer)
        std::this_thread::sleep_for(milliseconds(1));
      Server::send(stream, Server::ok());
    }
  });
  self = &server;
  const auto make = [&](milliseconds patience) {
    Request out = request(server, "POST");
    out.limits = {.connections = 2, .queued_calls = 2};
    out.connect_timeout = patience;
    out.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    return out;
  };
  for (const char* name : {"1", "2"})
    start(name, make(milliseconds(20'000)));
  run_until([&] { return server.requests == 2; });
  start("patient", make(milliseconds(20'000)));
  start("impatient", make(milliseconds(100)));
  start("too many", make(milliseconds(20'000)));
  run_until([&] { return ends.size() == 2; });
  EXPECT_EQ(order, (std::vector<std::string>{"too many", "impatient"}));
  for (const auto& [name, end] : ends) {
    ASSERT_FALSE(end.has_value()) << name;
    EXPECT_EQ(end.error().code, Code::concurrency_limit_exceeded) << name;
    EXPECT_EQ(end.error().http_status, 429) << name;
    EXPECT_EQ(end.error().sent, Sent::no) << name;
    EXPECT_TRUE(end.error().retryable && end.error().retry_after) << name;
    EXPECT_NE(end.error().message.find("upstream.max_connections: 2"), std::string::npos)
        << end.error().message;
  }
  EXPECT_EQ(client->counters().calls_refused, 2U);
  EXPECT_EQ(client->counters().waiting, 1U);
  EXPECT_EQ(client->counters().open, 2U);
  answer = true;
  run_until([&] { return ends.size() == 5; });
  for (const char* name : {"1", "2", "patient"})
    EXPECT_TRUE(ends.at(name).has_value()) << name << ": " << ends.at(name).error().message;
  EXPECT_EQ(server.connections, 2);
  close();
}

TEST_F(UpstreamPoolTest, gives_each_loop_its_share_of_the_limit) {
  client = std::make_unique<Client>(loop, Client::Options{.loops = 2});
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok()));
  self = &server;
  for (int i = 0; i < 12; ++i) {
    Request out = request(server);
    out.limits.connections = 4;
    start(std::to_string(i), std::move(out));
  }
  run_until([&] { return ends.size() == 12; });
  EXPECT_EQ(server.connections, 2);
  close();
}

TEST_F(UpstreamPoolTest, serves_those_who_wait_in_their_order) {
  Server* self = nullptr;
  Server server([&](TlsStream& stream) {
    // Every second answer ends its connection: the next in line needs a new one.
    for (int i = 0; !self->read_request(stream).empty(); ++i)
      Server::send(stream, i % 2 == 0 ? Server::ok()
                                      : "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                        "Content-Length: 0\r\n\r\n");
  });
  self = &server;
  std::vector<std::string> expected;
  for (int i = 0; i < 10; ++i) {
    Request out = request(server);
    out.limits.connections = 1;
    expected.push_back(std::to_string(i));
    start(expected.back(), std::move(out));
  }
  run_until([&] { return ends.size() == 10; });
  EXPECT_EQ(order, expected);
  close();
}

TEST_F(UpstreamPoolTest, a_failed_attempt_starts_the_next_at_once) {
  tcp::acceptor closed(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const std::string address = "127.0.0.1:" + std::to_string(closed.local_endpoint().port());
  closed.close();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    Request out;
    out.to = {"vendor.example", 443, address, authority().file.string(), false, "acme"};
    out.method = "GET";
    out.target = "/";
    out.limits.connections = 2;
    out.deadline = begin + std::chrono::seconds(60);
    start(std::to_string(i), std::move(out));
  }
  run_until([&] { return ends.size() == 20; });
  for (const auto& [name, end] : ends)
    EXPECT_EQ(end.error().phase, Phase::connect) << name << ": " << end.error().message;
  EXPECT_EQ(client->counters().connect_failures, 20U);
  EXPECT_EQ(client->counters().connecting, 0U);
}

TEST_F(UpstreamPoolTest, sends_nothing_for_a_caller_who_has_left) {
  Server* self = nullptr;
  std::atomic<bool> answer{false};
  Server server([&](TlsStream& stream) {
    while (!self->read_request(stream).empty()) {
      while (!answer)
        std::this_thread::sleep_for(milliseconds(1));
      Server::send(stream, Server::ok());
    }
  });
  self = &server;
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  const auto make = [&](const std::shared_ptr<std::atomic<bool>>& leaves) {
    Request out = request(server, "POST");
    out.limits.connections = 1;
    out.client_disconnected = leaves;
    return out;
  };
  start("first", make(nullptr));
  start("waits", make(gone));
  run_until([&] { return server.requests == 1; });
  *gone = true;
  answer = true;
  run_until([&] { return ends.size() == 2; });
  start("warm", make(gone));  // a connection is free: the sweep has no time to see it
  run_until([&] { return ends.size() == 3; });
  for (const char* name : {"waits", "warm"}) {
    ASSERT_FALSE(ends.at(name).has_value()) << name;
    EXPECT_EQ(ends.at(name).error().origin, Origin::caller) << name;
    EXPECT_EQ(ends.at(name).error().sent, Sent::no) << name;
  }
  EXPECT_TRUE(ends.at("first").has_value());
  EXPECT_EQ(server.requests, 1);
  close();
}

std::size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST_F(UpstreamPoolTest, closes_what_is_over_though_its_write_is_not) {
  const std::pair<const char*, Script> cases[] = {
      {"a deadline", Server::read_nothing},
      {"an early answer",
       [](TlsStream& stream) {
         Server::send(stream, "HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n");
         Server::read_nothing(stream);
       }},
  };
  for (const auto& [name, script] : cases) {
    Server server(script);
    loop.poll();
    const std::size_t before = open_files();
    Request out = request(server, "POST");
    out.body.resize(30'000'000, 'b');
    out.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    start(name, std::move(out));
    run_until([&] { return ends.size() == 1; });
    // The server's end goes when it sees ours go.
    run_until([&] { return open_files() <= before; });
    EXPECT_EQ(client->counters().open, 0U) << name;
    ends.clear();
  }
  close();
}

}  // namespace
}  // namespace penstock::upstream
