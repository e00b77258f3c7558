#include "upstream/connection_factory.hpp"

#include <array>
#include <cerrno>
#include <mutex>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "upstream/address_guard.hpp"
#include "upstream/authorities.hpp"
#include "upstream/curl_error.hpp"

namespace penstock::upstream {
namespace {

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

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

/// A connection attempt in progress.
struct ConnectionFactory::Attempt {
  std::shared_ptr<CURLSH> cache = own_cache();
  Destination to;
  Handler handler;
  curl_slist* connect_to = nullptr;
  std::string refused_address;
  std::shared_ptr<X509_STORE> authorities;
  std::shared_ptr<TlsHandshake> handshake = std::make_shared<TlsHandshake>();
  std::array<char, CURL_ERROR_SIZE> reason{};

  ~Attempt() { curl_slist_free_all(connect_to); }
};

/// A socket that libcurl wants watched. It outlives its removal until its waits have returned.
struct ConnectionFactory::Watch {
  Watch(boost::asio::io_context& loop, curl_socket_t socket_in)
      : socket(socket_in), duplicate(::fcntl(socket_in, F_DUPFD_CLOEXEC, 0)),
        descriptor(loop, duplicate >= 0 ? duplicate : socket_in) {}

  void remove() {
    removed = true;
    if (duplicate >= 0) {
      descriptor.close();
    } else {
      descriptor.release();
    }
  }

  curl_socket_t socket;
  /// libcurl 7.88 closes the socket of an address that it gives up before it reports the removal.
  /// By then, the descriptor number may belong to a file of another thread.
  int duplicate;
  boost::asio::posix::stream_descriptor descriptor;
  int wanted = 0;
  bool reading = false, writing = false, removed = false;
};

ConnectionFactory::ConnectionFactory(boost::asio::io_context& loop) : loop_(loop), timer_(loop) {
  start_curl();
  multi_.reset(curl_multi_init(), &curl_multi_cleanup);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &ConnectionFactory::on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &ConnectionFactory::on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
}

ConnectionFactory::~ConnectionFactory() {
  *alive_ = false;
  for (const auto& [easy, attempt] : attempts_) {
    curl_multi_remove_handle(multi_.get(), easy);
    curl_easy_cleanup(easy);
  }
  for (const auto& [socket, watch] : watches_)
    watch->remove();
  watches_.clear();
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, nullptr);
}

void ConnectionFactory::fail(Handler handler, Error error) {
  boost::asio::post(loop_,
                    [alive = alive_, handler = std::move(handler), error = std::move(error)] {
                      if (*alive) handler(failure(error));
                    });
}

void ConnectionFactory::connect(const Destination& to, std::chrono::milliseconds timeout,
                                Handler handler) {
  auto trusted = authorities(to.ca_file, to.extra_ca_file);
  if (!trusted) {
    Error error = vendor_unreachable("no connection to " + to.host + ": " + trusted.error(),
                                     Phase::connect, Sent::no);
    error.retryable = false;
    return fail(std::move(handler), std::move(error));
  }
  CURL* easy = curl_easy_init();
  auto attempt = std::make_unique<Attempt>();
  attempt->to = to;
  attempt->handler = std::move(handler);
  attempt->authorities = *std::move(trusted);
  const std::string url = "https://" + to.host + ":" + std::to_string(to.port) + "/";
  if (!to.connect_to.empty()) {
    attempt->connect_to = curl_slist_append(nullptr, connect_to_option(to).c_str());
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, attempt->connect_to);
  }
  curl_easy_setopt(easy, CURLOPT_SHARE, attempt->cache.get());
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // ignore the environment's proxy
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  // Otherwise the end of an attempt waits for a hanging resolver, and blocks the whole loop.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);  // only HTTP/1.1 is used
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  // libcurl would parse all authorities for each connection (60 ms): on_tls() sets our store
  // instead.
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &ConnectionFactory::on_tls);
  // A resumed session is not verified again, and libcurl does not know which authorities it was
  // verified against.
  const bool resumes = to.ca_file.empty() && to.extra_ca_file.empty();
  curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, resumes ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, attempt.get());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, attempt->reason.data());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &ConnectionFactory::on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, attempt.get());
  attempts_.emplace(easy, std::move(attempt));
  curl_multi_add_handle(multi_.get(), easy);
}

/// Sets what libcurl has no option for.
CURLcode ConnectionFactory::on_tls(CURL*, void* context, void* data) {
  const auto* attempt = static_cast<Attempt*>(data);
  auto* tls = static_cast<SSL_CTX*>(context);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
  // Otherwise a bare end of the TCP stream counts as a close_notify.
  SSL_CTX_clear_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
  SSL_CTX_set_read_ahead(tls, 1);  // one system call per record, not two
  // Not the context's own store: libcurl 7.88 fills that later, and keeps it for other connections.
  SSL_CTX_set1_verify_cert_store(tls, attempt->authorities.get());
  watch_handshake(tls, attempt->handshake);
  return CURLE_OK;
}

curl_socket_t ConnectionFactory::on_open(void* data, curlsocktype, curl_sockaddr* address) {
  auto* attempt = static_cast<Attempt*>(data);
  const bool allowed = attempt->to.allow_private_addresses || !attempt->to.connect_to.empty();
  if (!allowed && !is_public_address(&address->addr)) {
    attempt->refused_address = address_text(&address->addr);
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int ConnectionFactory::on_socket(CURL* easy, curl_socket_t socket, int what, void* data, void*) {
  auto* self = static_cast<ConnectionFactory*>(data);
  self->watch(socket, what);
  if (what == CURL_POLL_REMOVE) self->unwatched_.push_back(easy);
  return 0;
}

int ConnectionFactory::on_timer(CURLM*, long timeout_ms, void* data) {
  auto* self = static_cast<ConnectionFactory*>(data);
  if (timeout_ms < 0) {
    self->timer_.cancel();
    return 0;
  }
  self->timer_.expires_after(std::chrono::milliseconds(timeout_ms));
  self->timer_.async_wait([self, alive = self->alive_](boost::system::error_code error) {
    if (!error && *alive) self->act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void ConnectionFactory::watch(curl_socket_t socket, int what) {
  const auto found = watches_.find(socket);
  if (what == CURL_POLL_REMOVE) {
    if (found == watches_.end()) return;
    found->second->remove();
    watches_.erase(found);
    return;
  }
  std::shared_ptr<Watch> watched =
      found != watches_.end() ? found->second : std::make_shared<Watch>(loop_, socket);
  if (found == watches_.end()) watches_.emplace(socket, watched);
  watched->wanted = what;
  arm(watched);
}

void ConnectionFactory::arm(const std::shared_ptr<Watch>& watched) {
  if (watched->removed) return;
  if ((watched->wanted & CURL_POLL_IN) != 0 && !watched->reading) wait(watched, true);
  if ((watched->wanted & CURL_POLL_OUT) != 0 && !watched->writing) wait(watched, false);
}

void ConnectionFactory::wait(const std::shared_ptr<Watch>& watched, bool readable) {
  using Descriptor = boost::asio::posix::stream_descriptor;
  (readable ? watched->reading : watched->writing) = true;
  watched->descriptor.async_wait(
      readable ? Descriptor::wait_read : Descriptor::wait_write,
      [this, alive = alive_, watched, readable](boost::system::error_code error) {
        (readable ? watched->reading : watched->writing) = false;
        if (error || !*alive || watched->removed) return;
        const int wanted = readable ? CURL_POLL_IN : CURL_POLL_OUT;
        if ((watched->wanted & wanted) != 0)
          act(watched->socket, readable ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
        if (*alive) arm(watched);  // waits are one-shot: repeat while libcurl wants it
      });
}

void ConnectionFactory::act(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_.get(), socket, events, &running);
  collect();
  // When libcurl 7.88 gives up an unresponsive address, it registers no event for the next attempt.
  // Pausing and unpausing the transfer makes it run at once.
  for (CURL* easy : std::exchange(unwatched_, {})) {
    if (!attempts_.contains(easy)) continue;
    curl_easy_pause(easy, CURLPAUSE_ALL);
    curl_easy_pause(easy, CURLPAUSE_CONT);
  }
}

void ConnectionFactory::collect() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto found = attempts_.find(easy);
    if (found == attempts_.end()) continue;
    const std::unique_ptr<Attempt> attempt = std::move(found->second);
    attempts_.erase(found);
    // The attempt ends here, but the easy handle may live on: it must not point to the attempt.
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, nullptr);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, nullptr);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, nullptr);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (code == CURLE_OK) curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
    if (code != CURLE_OK || socket == CURL_SOCKET_BAD) {
      Error error =
          connect_error(attempt->to.host, {code, attempt->reason.data(), attempt->refused_address,
                                           *attempt->handshake});
      curl_multi_remove_handle(multi_.get(), easy);
      curl_easy_cleanup(easy);
      fail(std::move(attempt->handler), std::move(error));
      continue;
    }
    // Posted, because the handler may make or drop connections, which must not happen in the middle
    // of a libcurl operation.
    auto tls = std::make_shared<std::unique_ptr<TlsConnection>>(std::make_unique<TlsConnection>(
        multi_, easy, std::move(attempt->cache), socket, loop_, attempt->handshake));
    boost::asio::post(loop_, [alive = alive_, handler = std::move(attempt->handler), tls] {
      if (*alive) handler(std::move(*tls));
    });
  }
}

}  // namespace penstock::upstream
