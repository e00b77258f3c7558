#include "upstream/connection_factory.hpp"

#include <mutex>
#include <utility>

#include <boost/asio/post.hpp>
#include <fcntl.h>

#include "upstream/authorities.hpp"

namespace penstock::upstream {
namespace {

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

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
  for (const auto& [easy, attempt] : attempts_)
    curl_multi_remove_handle(multi_.get(), easy);
  attempts_.clear();
  for (const auto& [socket, watch] : watches_)
    watch->remove();
  watches_.clear();
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, nullptr);
}

void ConnectionFactory::connect(const Destination& to, std::chrono::milliseconds timeout,
                                Handler handler) {
  auto trusted = authorities(to.ca_file, to.extra_ca_file);
  if (!trusted) {
    Error error = vendor_unreachable("no connection to " + to.host + ": " + trusted.error(),
                                     Phase::connect, Sent::no);
    error.retryable = false;
    return post(std::move(handler), failure(std::move(error)));
  }
  auto attempt =
      std::make_unique<ConnectAttempt>(to, *std::move(trusted), timeout, std::move(handler));
  CURL* easy = attempt->easy();
  attempts_.emplace(easy, std::move(attempt));
  curl_multi_add_handle(multi_.get(), easy);
}

/// Runs the handler later: it may make or drop connections, which must not happen in the middle of
/// a libcurl operation.
void ConnectionFactory::post(Handler handler, Result<std::unique_ptr<TlsConnection>> result) {
  boost::asio::post(
      loop_, [alive = alive_, handler = std::move(handler), result = std::move(result)]() mutable {
        if (*alive) handler(std::move(result));
      });
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
    if (!error && *alive) self->run_socket_action(CURL_SOCKET_TIMEOUT, 0);
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
          run_socket_action(watched->socket, readable ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
        if (*alive) arm(watched);  // waits are one-shot: repeat while libcurl wants it
      });
}

void ConnectionFactory::run_socket_action(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_.get(), socket, events, &running);
  collect_finished();
  // When libcurl 7.88 gives up an unresponsive address, it registers no event for the next attempt.
  // Pausing and unpausing the transfer makes it run at once.
  for (CURL* easy : std::exchange(unwatched_, {})) {
    if (!attempts_.contains(easy)) continue;
    curl_easy_pause(easy, CURLPAUSE_ALL);
    curl_easy_pause(easy, CURLPAUSE_CONT);
  }
}

void ConnectionFactory::collect_finished() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    const auto found = attempts_.find(message->easy_handle);
    if (found == attempts_.end()) continue;
    const std::unique_ptr<ConnectAttempt> attempt = std::move(found->second);
    attempts_.erase(found);
    post(attempt->take_handler(), attempt->finish(code, multi_, loop_));
  }
}

}  // namespace penstock::upstream
