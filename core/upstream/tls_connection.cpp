#include "upstream/tls_connection.hpp"

#include <cerrno>
#include <string_view>
#include <utility>

#include <openssl/ssl.h>
#include <sys/socket.h>

namespace penstock::upstream {

TlsConnection::TlsConnection(std::shared_ptr<CURLM> multi, CURL* easy,
                             std::shared_ptr<CURLSH> cache, curl_socket_t socket,
                             boost::asio::io_context& loop,
                             std::shared_ptr<const TlsHandshake> handshake)
    : multi_(std::move(multi)), cache_(std::move(cache)), easy_(easy), descriptor_(loop, socket),
      handshake_(std::move(handshake)) {}

TlsConnection::~TlsConnection() {
  descriptor_.release();  // libcurl closes the descriptor
  curl_multi_remove_handle(multi_.get(), easy_);
  curl_easy_cleanup(easy_);
}

TlsConnection::Status TlsConnection::read(char* into, std::size_t size, std::size_t& count) {
  const CURLcode code = curl_easy_recv(easy_, into, size, &count);
  drained_ = code == CURLE_AGAIN;
  if (code == CURLE_AGAIN) return Status::again;
  if (code != CURLE_OK) return Status::failed;
  if (count > 0) return Status::done;
  return got_close_notify() ? Status::closed : Status::failed;
}

TlsConnection::Status TlsConnection::write(const char* from, std::size_t size, std::size_t& count) {
  const CURLcode code = curl_easy_send(easy_, from, size, &count);
  if (code == CURLE_AGAIN || (code == CURLE_OK && count == 0)) return Status::again;
  return code == CURLE_OK ? Status::done : Status::failed;
}

bool TlsConnection::is_clean() {
  char byte = 0;
  std::size_t count = 0;
  if (!drained_ && read(&byte, 1, count) != Status::again) return false;
  const ssize_t waiting = ::recv(descriptor_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  const bool none = waiting < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (!none && read(&byte, 1, count) != Status::again) return false;
  return !holds_part_of_record();
}

/// libcurl gives access to OpenSSL's SSL object once it has transferred a byte for us.
void TlsConnection::find_tls() {
  if (tls_ != nullptr) return;
  curl_tlssessioninfo* info = nullptr;
  if (curl_easy_getinfo(easy_, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK && info != nullptr &&
      info->backend == CURLSSLBACKEND_OPENSSL)
    tls_ = info->internals;
}

/// Needed because libcurl reports any end of the TCP stream as the end of the TLS stream.
bool TlsConnection::got_close_notify() {
  find_tls();
  const auto* tls = static_cast<const SSL*>(tls_);
  return tls != nullptr && (SSL_get_shutdown(tls) & SSL_RECEIVED_SHUTDOWN) != 0;
}

/// Whether TLS holds a partial record: its rest is on its way and would be read as the next
/// response.
bool TlsConnection::holds_part_of_record() {
  find_tls();
  const auto* tls = static_cast<const SSL*>(tls_);
  if (tls == nullptr) return false;
  return SSL_has_pending(tls) == 1 || std::string_view(SSL_rstate_string(tls)) != "RH";
}

std::string TlsConnection::tls_error() const { return late_tls_error(*handshake_); }

void TlsConnection::end_by_reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void TlsConnection::wait_readable(std::function<void(bool)> handler) {
  descriptor_.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      [handler = std::move(handler)](boost::system::error_code error) { handler(!error); });
}

void TlsConnection::wait_writable(std::function<void(bool)> handler) {
  descriptor_.async_wait(
      boost::asio::posix::stream_descriptor::wait_write,
      [handler = std::move(handler)](boost::system::error_code error) { handler(!error); });
}

}  // namespace penstock::upstream
