#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include "http/connection.hpp"
#include "http/http_server.hpp"

namespace penstock::server {

/// An engine that answers with what it was asked, or holds its answers back until it is told to
/// give them.
class FakePort final : public CallPort {
 public:
  void start(Call call, std::function<void(Result<Answer>)> handler) override;
  void proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) override;
  Result<Preview> validate(const Call& call) const override;
  void validate_with_session(Call call, std::function<void(Result<Preview>)> handler) override;
  void verify(const std::string& integration_id,
              std::function<void(Result<std::vector<Check>>)> handler) override;
  std::vector<ApiInfo> catalog() const override;
  std::vector<IntegrationInfo> integrations() const override;

  void hold() { holding_ = true; }
  void wait_for_calls(std::size_t count);
  void release();
  /// Whether the caller of the held call of that number has gone.
  bool abandoned(std::size_t number);

 private:
  void answer(const Call& call, const std::function<void(Result<Answer>)>& handler);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> holding_{false};
  std::vector<std::pair<Call, std::function<void(Result<Answer>)>>> held_;
};

struct Received {
  int status = 0;
  std::string head;
  std::string body;
  bool closed = false;  ///< instead of an answer

  std::string header(std::string_view name) const;
};

/// A blocking client that sends what it is told, byte for byte.
class TestClient {
 public:
  explicit TestClient(int port);
  void send(std::string_view bytes);
  void finish_sending();
  Received receive(bool head_only = false);
  /// What follows, up to and with `end`, or all there is where the server closes before.
  std::string read_until(std::string_view end);
  std::string read_some();
  bool closed_by_server();

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  std::string input_;
};

/// A server on a loop of its own.
class RunningServer {
 public:
  explicit RunningServer(ServerConfig config = default_config(), HttpLimits limits = {});
  ~RunningServer();

  static ServerConfig default_config();

  FakePort port;
  Door& door() { return *door_; }
  HttpServer& http() { return *http_; }
  TestClient connect() { return TestClient(http_->port()); }
  std::vector<std::string> log_lines();
  void wait_for_log_lines(std::size_t count);

 private:
  std::mutex log_mutex_;
  std::condition_variable logged_;
  std::vector<std::string> log_lines_;
  boost::asio::io_context loop_;
  std::unique_ptr<Door> door_;
  std::unique_ptr<HttpServer> http_;
  std::thread thread_;
};

std::string post(std::string_view target, std::string_view body,
                 std::string_view more_headers = {});
std::string get(std::string_view target, std::string_view more_headers = {});

}  // namespace penstock::server
