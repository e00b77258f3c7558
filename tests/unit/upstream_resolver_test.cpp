// A resolver that hangs, and a host of two addresses. This program's getaddrinfo() goes ahead of
// the C library's.
#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>

#include "upstream_tls_server.hpp"

namespace {

std::mutex mutex;
std::condition_variable changed;
bool released = false;
int waiting = 0;

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  if (node != nullptr && std::string_view(node) == "hanging.example") {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.notify_all();
    changed.wait_for(lock, std::chrono::seconds(8), [] { return released; });
    --waiting;
    changed.notify_all();
    return EAI_AGAIN;
  }
  static const auto real =
      reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (node != nullptr && std::string_view(node) == "two-addresses.example") {
    addrinfo* second = nullptr;
    int error = real("127.0.0.2", service, hints, result);
    if (error == 0) error = real("127.0.0.1", service, hints, &second);
    if (error != 0) return error;
    addrinfo* last = *result;
    while (last->ai_next != nullptr)
      last = last->ai_next;
    last->ai_next = second;
    return 0;
  }
  return real(node, service, hints, result);
}

namespace penstock::upstream {
namespace {

TEST_F(UpstreamTest, a_resolver_that_hangs_costs_its_own_call_the_connect_timeout_and_no_other) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok()));
  self = &server;
  const auto began = std::chrono::steady_clock::now();
  std::optional<Result<Response>> late;
  Request out = request(server);
  out.to.host = "hanging.example";
  out.to.connect_to.clear();
  out.connect_timeout = std::chrono::milliseconds(200);
  client->send(std::move(out), [&](Result<Response> response) { late = std::move(response); });
  for (int calls = 0; !late || calls < 3; ++calls)
    ASSERT_TRUE(send(request(server)).has_value());
  ASSERT_FALSE(late->has_value());
  EXPECT_EQ(late->error().phase, Phase::connect);
  EXPECT_EQ(late->error().sent, Sent::no);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(4))
      << "the loop waited for the resolver";
  std::unique_lock lock(mutex);
  EXPECT_EQ(waiting, 1);
  lock.unlock();
  close();  // nor does the end
  lock.lock();
  EXPECT_EQ(waiting, 1);
  released = true;
  changed.notify_all();
  changed.wait(lock, [] { return waiting == 0; });
}

using namespace std::chrono_literals;

/// Takes no connection: its backlog is full.
class SilentHost {
 public:
  explicit SilentHost(std::uint16_t port) {
    using asio::ip::tcp;
    const tcp::endpoint at(asio::ip::make_address("127.0.0.2"), port);
    acceptor_.open(tcp::v4());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(at);
    acceptor_.listen(0);
    for (auto& socket : waiting_) {
      socket.open(tcp::v4());
      socket.non_blocking(true);
      // Asio's would wait.
      (void)::connect(socket.native_handle(), at.data(), static_cast<socklen_t>(at.size()));
    }
  }

 private:
  asio::io_context loop_;
  asio::ip::tcp::acceptor acceptor_{loop_};
  std::array<asio::ip::tcp::socket, 4> waiting_{
      asio::ip::tcp::socket(loop_), asio::ip::tcp::socket(loop_), asio::ip::tcp::socket(loop_),
      asio::ip::tcp::socket(loop_)};
};

struct FirstAddress {
  const char* name;
  std::chrono::milliseconds connect_timeout;
  bool listens, stops_listening;
  std::chrono::milliseconds least, most;  ///< that the call takes
};

class TwoAddressesTest : public UpstreamTest, public ::testing::WithParamInterface<FirstAddress> {};

/// libcurl closes the socket of the first address, and the next one may get its number.
TEST_P(TwoAddressesTest, the_second_one_is_reached) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok()));
  self = &server;
  const std::string port = server.address().substr(server.address().rfind(':') + 1);
  std::optional<SilentHost> silent;
  if (GetParam().listens) silent.emplace(static_cast<std::uint16_t>(std::stoi(port)));
  Request out = request(server);
  out.to.connect_to = "two-addresses.example:" + port;
  out.connect_timeout = GetParam().connect_timeout;
  const auto began = std::chrono::steady_clock::now();
  asio::steady_timer timer(loop, std::chrono::milliseconds(500));
  timer.async_wait([&](boost::system::error_code) {
    if (GetParam().stops_listening)
      silent.reset();  // refuses the next SYN, a second after the first
  });
  const auto response = send(std::move(out));
  const auto took = std::chrono::steady_clock::now() - began;
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_GE(took, GetParam().least) << "the first address was not as the case has it";
  EXPECT_LT(took, GetParam().most);
  close();
}

INSTANTIATE_TEST_SUITE_P(
    Upstream, TwoAddressesTest,
    ::testing::Values(FirstAddress{"is_silent", 2s, true, false, 500ms, 1900ms},
                      FirstAddress{"refuses_late", 8s, true, true, 500ms, 3500ms},
                      FirstAddress{"refuses_at_once", 8s, false, false, 0ms, 3500ms}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace penstock::upstream
