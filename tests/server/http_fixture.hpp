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
#include <penstock/engine.hpp>

#include "api/api_handler.hpp"
#include "http/connection.hpp"
#include "http/http_server.hpp"

namespace penstock::server {

/// An engine that answers with what it was asked, or holds its answers back until it is told to
/// give them.
class FakeEngine final : public Engine {
 public:
  void start(Call call, std::function<void(Result<Response>)> handler) override;
  void proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) override;
  Result<Preview> validate(const Call& call) const override;
  void validate_with_session(Call call, std::function<void(Result<Preview>)> handler) override;
  void verify(const std::string& integration_id,
              std::function<void(Result<std::vector<ProbeResult>>)> handler) override;
  std::vector<ApiInfo> catalog() const override;
  std::vector<IntegrationInfo> integrations() const override;
  void validate(Call call, PreviewHandler handler) override { handler(validate(call)); }
  std::vector<PluginInfo> plugins() const override { return {}; }
  const Config& config() const override { return config_; }
  const ConfigProblems& notes() const override { return notes_; }
  std::size_t loops() const override { return 1; }
  boost::asio::io_context& loop(std::size_t /*index*/) override { return loop_; }
  void stop(std::chrono::milliseconds /*grace*/) override {}
  std::vector<std::string> out_of_service() const override { return {}; }

  /// What a vendor answers through the proxy.
  struct Script {
    int status = 200;
    Headers interim;  ///< of a 103
    Headers headers;
    std::vector<std::string> pieces;
    Headers trailers;
    bool breaks_off = false;
    bool endless = false;  ///< the last piece comes again and again
  };
  /// Played by each proxied call from now on. Before the first.
  std::atomic<std::size_t> pieces_taken{0};  ///< of the script, by callers
  void play(Script script) { script_ = std::make_shared<const Script>(std::move(script)); }

  void hold() { holding_ = true; }
  void wait_for_calls(std::size_t count);
  /// Answers the calls that are held, and goes on holding.
  void answer_held();
  void release();
  /// Whether the caller of the held call of that number has gone.
  bool client_disconnected(std::size_t number);

 private:
  void answer(const Call& call, const std::function<void(Result<Response>)>& handler);

  const Config config_;
  const ConfigProblems notes_;
  boost::asio::io_context loop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> holding_{false};
  std::shared_ptr<const Script> script_;
  std::vector<std::pair<Call, std::function<void(Result<Response>)>>> held_;
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
  /// `receive_buffer`: how much the kernel may take that nobody reads; 0: as much as it likes.
  explicit TestClient(int port, int receive_buffer = 0);
  void send(std::string_view bytes);
  void finish_sending();
  /// Closes with a reset.
  void reset();
  Received receive(bool head_only = false);
  /// What follows, up to and with `end`, or all there is where the server closes before.
  std::string read_until(std::string_view end);
  std::string read_some();
  bool closed_by_server();
  /// Reads to the end; whether that was an error rather than a proper close.
  bool reset_by_server();

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

  FakeEngine engine;
  ApiHandler& handler() { return *api_; }
  HttpServer& http() { return *http_; }
  TestClient connect() { return TestClient(http_->port()); }
  TestClient connect_with_buffer(int bytes) { return TestClient(http_->port(), bytes); }
  std::vector<std::string> log_lines();
  void forget_log_lines();
  void wait_for_log_lines(std::size_t count);

 private:
  std::mutex log_mutex_;
  std::condition_variable logged_;
  std::vector<std::string> log_lines_;
  boost::asio::io_context loop_;
  std::unique_ptr<ApiHandler> api_;
  std::unique_ptr<HttpServer> http_;
  std::thread thread_;
};

std::string post(std::string_view target, std::string_view body,
                 std::string_view more_headers = {});
std::string get(std::string_view target, std::string_view more_headers = {});

}  // namespace penstock::server
