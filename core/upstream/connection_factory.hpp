#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include "upstream/client.hpp"
#include "upstream/tls_handshake.hpp"

namespace penstock::upstream {

/// A TLS connection that libcurl made, verified, and now only carries bytes for
/// (CURLOPT_CONNECT_ONLY). The easy handle stays in the connector's multi: that is where libcurl
/// finds the connection.
class TlsConnection {
 public:
  /// `cache` is the share that holds libcurl's record of this one connection.
  TlsConnection(std::shared_ptr<CURLM> multi, CURL* easy, std::shared_ptr<CURLSH> cache,
                curl_socket_t socket, boost::asio::io_context& loop,
                std::shared_ptr<const TlsHandshake> handshake);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  enum class Status : std::uint8_t { done, again, closed, failed };

  /// `count` bytes were moved when the status is `done`. `closed`: the peer has ended the stream in
  /// order, with TLS's close_notify; a bare end of the TCP stream is `failed` (RFC 9112 section
  /// 9.8).
  Status read(char* into, std::size_t size, std::size_t& count);
  Status write(const char* from, std::size_t size, std::size_t& count);

  /// Whether nothing has come that was not read: no byte, no end. To be asked before a request is
  /// written; TLS's own messages do not count. One system call where read() said `again` last.
  bool is_quiet();

  /// The end of the tunnel will be a reset: what the system still holds of a request that nobody
  /// waits for is not delivered.
  void end_by_reset();

  /// Why TLS ended the connection after it was made; empty: it did not.
  std::string tls_trouble() const;

  /// One wait each; the handler gets false when the tunnel goes away first.
  void wait_readable(std::function<void(bool)> handler);
  void wait_writable(std::function<void(bool)> handler);

 private:
  std::shared_ptr<CURLM> multi_;  ///< shared: a tunnel may be the last to go
  void find_tls();
  bool got_close_notify();
  bool holds_part_of_record();

  std::shared_ptr<CURLSH> cache_;  ///< released after the easy handle
  CURL* easy_;
  void* tls_ = nullptr;  ///< OpenSSL's SSL, libcurl's to free; known after the first read
  boost::asio::posix::stream_descriptor descriptor_;
  bool drained_ = false;  ///< TLS holds nothing: all that there is lies in the socket
  std::shared_ptr<const TlsHandshake> handshake_;
};

/// Makes tunnels: libcurl's multi interface on Asio. DNS, TCP, TLS, certificate check are
/// libcurl's.
class ConnectionFactory {
 public:
  explicit ConnectionFactory(boost::asio::io_context& loop);
  ~ConnectionFactory();
  ConnectionFactory(const ConnectionFactory&) = delete;
  ConnectionFactory& operator=(const ConnectionFactory&) = delete;

  using Handler = std::function<void(Result<std::unique_ptr<TlsConnection>>)>;

  /// `handler` runs on the loop, never inside connect(). Not cancellable: the timeout ends it.
  void connect(const Destination& to, std::chrono::milliseconds timeout, Handler handler);

 private:
  struct Attempt;
  struct Watch;

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int on_timer(CURLM*, long timeout_ms, void* self);
  static CURLcode on_tls(CURL*, void* context, void* attempt);
  static curl_socket_t on_open(void* attempt, curlsocktype purpose, curl_sockaddr* address);

  void watch(curl_socket_t socket, int what);
  void arm(const std::shared_ptr<Watch>& watch);
  void wait(const std::shared_ptr<Watch>& watch, bool readable);
  void act(curl_socket_t socket, int events);
  void collect();
  void fail(Handler handler, Error error);

  boost::asio::io_context& loop_;
  std::shared_ptr<CURLM> multi_;
  boost::asio::steady_timer timer_;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  std::unordered_map<CURL*, std::unique_ptr<Attempt>> attempts_;
  std::vector<CURL*> unwatched_;  ///< of them a socket was removed since act() looked last
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace penstock::upstream
