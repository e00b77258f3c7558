#pragma once

#include <chrono>
#include <memory>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include "upstream/client.hpp"
#include "upstream/connect_attempt.hpp"
#include "upstream/tls_connection.hpp"

namespace penstock::upstream {

/// Makes TLS connections with libcurl's multi interface on Asio. libcurl does DNS, TCP, TLS and the
/// certificate check.
class ConnectionFactory {
 public:
  explicit ConnectionFactory(boost::asio::io_context& loop);
  ~ConnectionFactory();
  ConnectionFactory(const ConnectionFactory&) = delete;
  ConnectionFactory& operator=(const ConnectionFactory&) = delete;

  using Handler = ConnectAttempt::Handler;

  /// `handler` runs on the loop, never inside connect(). Cannot be cancelled; ends with the
  /// timeout.
  void connect(const Destination& to, std::chrono::milliseconds timeout, Handler handler);

 private:
  struct Watch;

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int on_timer(CURLM*, long timeout_ms, void* self);

  void watch(curl_socket_t socket, int what);
  void arm(const std::shared_ptr<Watch>& watch);
  void wait(const std::shared_ptr<Watch>& watch, bool readable);
  void run_socket_action(curl_socket_t socket, int events);
  void collect_finished();
  void post(Handler handler, Result<std::unique_ptr<TlsConnection>> result);

  boost::asio::io_context& loop_;
  std::shared_ptr<CURLM> multi_;
  boost::asio::steady_timer timer_;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  std::unordered_map<CURL*, std::unique_ptr<ConnectAttempt>> attempts_;
  std::vector<CURL*> unwatched_;  ///< handles of sockets removed since the last action
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace penstock::upstream
