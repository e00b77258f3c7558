#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <curl/curl.h>

#include "upstream/tls_handshake.hpp"

namespace penstock::upstream {

/// A TLS connection that libcurl has established and verified, and for which it now only carries
/// bytes (CURLOPT_CONNECT_ONLY). The easy handle stays in the factory's multi handle, because
/// libcurl looks the connection up there.
class TlsConnection {
 public:
  /// `cache` is the share that holds libcurl's record of this connection only.
  TlsConnection(std::shared_ptr<CURLM> multi, CURL* easy, std::shared_ptr<CURLSH> cache,
                curl_socket_t socket, boost::asio::io_context& loop,
                std::shared_ptr<const TlsHandshake> handshake);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  enum class Status : std::uint8_t { done, again, closed, failed };

  /// `done`: `count` bytes were moved. `closed`: the peer has ended the stream cleanly, with TLS's
  /// close_notify. A bare end of the TCP stream is `failed` (RFC 9112 section 9.8).
  Status read(char* into, std::size_t size, std::size_t& count);
  Status write(const char* from, std::size_t size, std::size_t& count);

  /// Whether nothing unread has arrived: no byte, no end of stream. Check it before a request is
  /// written. TLS's own messages do not count. Costs one system call if the last read() returned
  /// `again`.
  bool is_clean();

  /// Makes the connection end with a TCP reset, so that the kernel does not deliver the buffered
  /// rest of a request whose response is no longer wanted.
  void end_by_reset();

  /// Why TLS ended the connection after it was established; empty: it did not.
  std::string tls_error() const;

  /// Each waits once. The handler gets false if the connection is destroyed first.
  void wait_readable(std::function<void(bool)> handler);
  void wait_writable(std::function<void(bool)> handler);

 private:
  void find_tls();
  bool got_close_notify();
  bool holds_part_of_record();

  std::shared_ptr<CURLM> multi_;   ///< shared: a connection may outlive the factory
  std::shared_ptr<CURLSH> cache_;  ///< released after the easy handle
  CURL* easy_;
  void* tls_ = nullptr;  ///< OpenSSL's SSL, owned by libcurl; known after the first read
  boost::asio::posix::stream_descriptor descriptor_;
  bool drained_ = false;  ///< TLS buffers nothing: unread data is only in the socket
  std::shared_ptr<const TlsHandshake> handshake_;
};

}  // namespace penstock::upstream
