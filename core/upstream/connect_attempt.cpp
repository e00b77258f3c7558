#include "upstream/connect_attempt.hpp"

#include <utility>

#include <openssl/ssl.h>
#include <sys/socket.h>

#include "upstream/address_guard.hpp"
#include "upstream/curl_error.hpp"

namespace penstock::upstream {
namespace {

/// When libcurl makes a connection, it closes others of its cache by itself: those that have ended
/// and those older than CURLOPT_MAXAGE_CONN. Their descriptor would go to the next connection while
/// a TlsConnection still watches it. So each connection has its own cache.
std::shared_ptr<CURLSH> own_cache() {
  std::shared_ptr<CURLSH> cache(curl_share_init(), &curl_share_cleanup);
  curl_share_setopt(cache.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
  return cache;
}

std::string connect_to_option(const Destination& to) {
  return to.host + ":" + std::to_string(to.port) + ":" + to.connect_to;
}

}  // namespace

ConnectAttempt::ConnectAttempt(Destination to, std::shared_ptr<X509_STORE> authorities,
                               std::chrono::milliseconds timeout, Handler handler)
    : to_(std::move(to)), handler_(std::move(handler)), authorities_(std::move(authorities)),
      cache_(own_cache()), easy_(curl_easy_init()) {
  set_options(timeout);
}

ConnectAttempt::~ConnectAttempt() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(connect_to_);
}

void ConnectAttempt::set_options(std::chrono::milliseconds timeout) {
  const std::string url = "https://" + to_.host + ":" + std::to_string(to_.port) + "/";
  if (!to_.connect_to.empty()) {
    connect_to_ = curl_slist_append(nullptr, connect_to_option(to_).c_str());
    curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
  }
  curl_easy_setopt(easy_, CURLOPT_SHARE, cache_.get());
  curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy_, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");  // ignore the environment's proxy
  curl_easy_setopt(easy_, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
  // Otherwise the end of an attempt waits for a hanging resolver, and blocks the whole loop.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_ENABLE_ALPN, 0L);  // only HTTP/1.1 is used
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  // libcurl would parse all authorities for each connection (60 ms): on_tls_context() sets our
  // store instead.
  curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy_, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy_, CURLOPT_SSL_CTX_FUNCTION, &ConnectAttempt::on_tls_context);
  // A resumed session is not verified again, and libcurl does not know which authorities it was
  // verified against.
  const bool resumes = to_.ca_file.empty() && to_.extra_ca_file.empty();
  curl_easy_setopt(easy_, CURLOPT_SSL_SESSIONID_CACHE, resumes ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_SSL_CTX_DATA, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, reason_.data());
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &ConnectAttempt::on_open_socket);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
}

/// Sets what libcurl has no option for.
CURLcode ConnectAttempt::on_tls_context(CURL*, void* context, void* data) {
  const auto* self = static_cast<ConnectAttempt*>(data);
  auto* tls = static_cast<SSL_CTX*>(context);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
  // Otherwise a bare end of the TCP stream counts as a close_notify.
  SSL_CTX_clear_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
  SSL_CTX_set_read_ahead(tls, 1);  // one system call per record, not two
  // Not the context's own store: libcurl 7.88 fills that later, and keeps it for other connections.
  SSL_CTX_set1_verify_cert_store(tls, self->authorities_.get());
  watch_handshake(tls, self->handshake_);
  return CURLE_OK;
}

curl_socket_t ConnectAttempt::on_open_socket(void* data, curlsocktype, curl_sockaddr* address) {
  auto* self = static_cast<ConnectAttempt*>(data);
  const bool allowed = self->to_.allow_private_addresses || !self->to_.connect_to.empty();
  if (!allowed && !is_public_address(&address->addr)) {
    self->refused_address_ = address_text(&address->addr);
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

Result<std::unique_ptr<TlsConnection>>
ConnectAttempt::finish(CURLcode code, std::shared_ptr<CURLM> multi, boost::asio::io_context& loop) {
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (code == CURLE_OK) curl_easy_getinfo(easy_, CURLINFO_ACTIVESOCKET, &socket);
  if (socket == CURL_SOCKET_BAD) {
    curl_multi_remove_handle(multi.get(), easy_);
    return failure(connect_error(to_.host, {code, reason_.data(), refused_address_, *handshake_}));
  }
  // The easy handle outlives the attempt: it must not point to it.
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, nullptr);
  curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, nullptr);
  curl_easy_setopt(easy_, CURLOPT_SSL_CTX_FUNCTION, nullptr);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, nullptr);
  return std::make_unique<TlsConnection>(std::move(multi), std::exchange(easy_, nullptr),
                                         std::move(cache_), socket, loop, handshake_);
}

}  // namespace penstock::upstream
