#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "http/listen_endpoints.hpp"
#include "http_fixture.hpp"

namespace penstock::server {
namespace {

using boost::asio::ip::tcp;
using ::testing::HasSubstr;

int status_at(const std::string& host, int port) {
  boost::asio::io_context context;
  tcp::socket socket(context);
  boost::system::error_code error;
  socket.connect({boost::asio::ip::make_address(host), static_cast<std::uint16_t>(port)}, error);
  if (error) return 0;
  boost::asio::write(socket, boost::asio::buffer(std::string("GET /healthz HTTP/1.0\r\n\r\n")));
  std::array<char, 13> start{};  // "HTTP/1.1 200", and the end that atoi() looks for
  boost::asio::read(socket, boost::asio::buffer(start, 12), error);
  return std::atoi(start.data() + 9);
}

/// Containers may have no IPv6.
bool has_address(const std::string& host) {
  boost::asio::io_context context;
  const auto address = boost::asio::ip::make_address(host);
  tcp::socket socket(context, address.is_v4() ? tcp::v4() : tcp::v6());
  boost::system::error_code error;
  socket.bind({address, 0}, error);
  return !error;
}

std::unique_ptr<RunningServer> serve(const std::string& listen) {
  ServerConfig config = RunningServer::default_config();
  config.listen = listen;
  return std::make_unique<RunningServer>(config);
}

TEST(Listen, AtANameTakesEveryAddressThatItHas) {
  const auto server = serve("localhost:0");
  for (const char* host : {"127.0.0.1", "::1"}) {
    if (!has_address(host)) continue;
    EXPECT_EQ(status_at(host, server->http().port()), 200) << host;
  }
  EXPECT_THAT(server->http().address(), HasSubstr("127.0.0.1:"));
  EXPECT_EQ(server->http().addresses().size(), has_address("::1") ? 2U : 1U);
}

TEST(Listen, AtAllAddressesTakesThemAll) {
  EXPECT_EQ(status_at("127.0.0.1", serve("0.0.0.0:0")->http().port()), 200);
  if (!has_address("::1")) GTEST_SKIP() << "no IPv6 here";
  const auto both = serve("[::]:0");
  EXPECT_EQ(status_at("127.0.0.1", both->http().port()), 200);
  EXPECT_EQ(status_at("::1", both->http().port()), 200);
}

TEST(Listen, AtOneAddressTakesNoOther) {
  if (!has_address("::1")) GTEST_SKIP() << "no IPv6 here";
  const auto server = serve("[::1]:0");
  EXPECT_EQ(status_at("::1", server->http().port()), 200);
  EXPECT_EQ(status_at("127.0.0.1", server->http().port()), 0);
}

TEST(Listen, SaysWhyItCannot) {
  const auto server = serve("localhost:0");
  const std::string port = std::to_string(server->http().port());
  const struct {
    std::string listen;
    std::string_view says;
  } rows[] = {{"no-such-host.invalid:8080", "\"no-such-host.invalid\" does not resolve"},
              {"no-such-host.invalid:8080", "127.0.0.1:8080"},
              {"localhost:" + port, "in use"},
              {"127.0.0.1:" + port, "in use"},
              {"0.0.0.0:" + port, "in use"},
              {"192.0.2.1:0", "cannot listen on 192.0.2.1:0"},
              {"8080", "must be HOST:PORT"}};
  for (const auto& row : rows) {
    const auto endpoints = listen_endpoints(row.listen);
    ASSERT_FALSE(endpoints) << row.listen;
    EXPECT_THAT(endpoints.error(), HasSubstr(row.says));
  }
}

TEST(Listen, ConnectsNoClientBeforeTheServerListens) {
  boost::asio::io_context context;
  tcp::acceptor free(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const tcp::endpoint endpoint = free.local_endpoint();
  free.close();
  std::atomic<bool> done{false};
  std::thread claims([&] {
    while (!done)
      EXPECT_TRUE(listen_endpoints("127.0.0.1:" + std::to_string(endpoint.port())));
  });
  for (int i = 0; i < 500; ++i) {
    // From another address: a socket can connect to itself.
    tcp::socket client(context, {boost::asio::ip::make_address("127.0.0.2"), 0});
    boost::system::error_code error;
    client.connect(endpoint, error);
    EXPECT_EQ(error, boost::asio::error::connection_refused);
  }
  done = true;
  claims.join();
}

}  // namespace
}  // namespace penstock::server
