#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <curl/curl.h>
#include <openssl/types.h>
#include <penstock/error.hpp>

#include "upstream/client.hpp"
#include "upstream/tls_connection.hpp"
#include "upstream/tls_handshake.hpp"

namespace penstock::upstream {

/// One attempt to connect to a vendor: the easy handle that resolves the name, opens the TCP
/// connection to an address that the address guard permits, and verifies the certificate. Its
/// address must not change while it is in progress.
class ConnectAttempt {
 public:
  using Handler = std::function<void(Result<std::unique_ptr<TlsConnection>>)>;

  ConnectAttempt(Destination to, std::shared_ptr<X509_STORE> authorities,
                 std::chrono::milliseconds timeout, Handler handler);
  ~ConnectAttempt();
  ConnectAttempt(const ConnectAttempt&) = delete;
  ConnectAttempt& operator=(const ConnectAttempt&) = delete;

  CURL* easy() const { return easy_; }
  Handler take_handler() { return std::move(handler_); }

  /// The outcome of an attempt that libcurl ended with `code`. A connection takes the easy handle,
  /// which stays in `multi`.
  Result<std::unique_ptr<TlsConnection>> finish(CURLcode code, std::shared_ptr<CURLM> multi,
                                                boost::asio::io_context& loop);

 private:
  void set_options(std::chrono::milliseconds timeout);
  static CURLcode on_tls_context(CURL*, void* context, void* self);
  static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);

  Destination to_;
  Handler handler_;
  std::shared_ptr<X509_STORE> authorities_;
  std::shared_ptr<TlsHandshake> handshake_ = std::make_shared<TlsHandshake>();
  std::shared_ptr<CURLSH> cache_;
  curl_slist* connect_to_ = nullptr;
  std::string refused_address_;
  std::array<char, CURL_ERROR_SIZE> reason_{};
  CURL* easy_;  ///< null once a connection has it
};

}  // namespace penstock::upstream
