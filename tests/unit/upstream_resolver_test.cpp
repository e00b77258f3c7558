// A resolver that hangs. This program's getaddrinfo() goes ahead of the C library's.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include <dlfcn.h>
#include <netdb.h>

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
  return real(node, service, hints, result);
}

namespace penstock::upstream {
namespace {

TEST_F(UpstreamTest, a_resolver_that_hangs_costs_its_own_call_the_connect_timeout_and_no_other) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok()));
  self = &server;
  const auto began = std::chrono::steady_clock::now();
  std::optional<Result<Reply>> late;
  Request out = request(server);
  out.to.host = "hanging.example";
  out.to.connect_to.clear();
  out.connect_timeout = std::chrono::milliseconds(200);
  client->send(std::move(out), [&](Result<Reply> reply) { late = std::move(reply); });
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

}  // namespace
}  // namespace penstock::upstream
