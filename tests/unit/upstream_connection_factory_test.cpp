// What libcurl does to connections that it only carries bytes for.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "upstream/connection_factory.hpp"
#include "upstream_tls_server.hpp"

namespace penstock::upstream {
namespace {

class UpstreamConnectionFactoryTest : public ::testing::Test {
 protected:
  std::unique_ptr<TlsConnection> connect(const Server& server) {
    Destination to;
    to.host = "vendor.example";
    to.connect_to = server.address();
    to.ca_file = authority().file.string();
    std::unique_ptr<TlsConnection> made;
    bool ended = false;
    factory.connect(to, std::chrono::seconds(30), [&](Result<std::unique_ptr<TlsConnection>> tls) {
      ended = true;
      if (tls) made = *std::move(tls);
    });
    run_until([&] { return ended; });
    return made;
  }

  template <class Condition>
  void run_until(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition() && std::chrono::steady_clock::now() < limit)
      loop.run_one_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(condition());
  }

  /// How long libcurl waits before it looks again for connections that have ended.
  static constexpr std::chrono::milliseconds libcurl_rests{1100};

  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
  ConnectionFactory factory{loop};
};

/// libcurl closes connections of its cache that have ended when it makes another one. The new one
/// then has the old one's descriptor, and the end of the old tunnel deafens it.
TEST_F(UpstreamConnectionFactoryTest,
       an_ended_connection_takes_nothing_along_of_one_made_after_it) {
  enum Stage : int { made, first_ends, first_has_ended, second_speaks };
  std::atomic<int> stage{made};
  const auto go_to = [&](Stage next) {
    stage = next;
    stage.notify_all();
  };
  const auto wait_for = [&](Stage wanted) {
    for (int now = stage; now < wanted; now = stage)
      stage.wait(now);
  };
  Server server([&](TlsStream& stream) {
    if (stage == made) {
      wait_for(first_ends);
      ::shutdown(stream.lowest_layer().native_handle(), SHUT_WR);
      go_to(first_has_ended);
    } else {
      wait_for(second_speaks);
      Server::send(stream, "an answer");
    }
    Server::wait_for_end(stream);
  });
  server.send_no_tickets();
  auto first = connect(server);
  ASSERT_TRUE(first);
  std::this_thread::sleep_for(libcurl_rests);
  go_to(first_ends);
  wait_for(first_has_ended);
  auto second = connect(server);
  ASSERT_TRUE(second);
  bool readable = false;
  second->wait_readable([&](bool ready) { readable = ready; });
  first.reset();
  go_to(second_speaks);
  run_until([&] { return readable; });
  std::array<char, 100> text{};
  std::size_t count = 0;
  ASSERT_EQ(second->read(text.data(), text.size(), count), TlsConnection::Status::done);
  EXPECT_EQ(std::string(text.data(), count), "an answer");
}

}  // namespace
}  // namespace penstock::upstream
