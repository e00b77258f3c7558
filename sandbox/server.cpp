#include "server.hpp"

#include "http_text.hpp"
#include "route.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

namespace penstock::sandbox {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t largest_body = 32u << 20;
constexpr std::uint32_t largest_header = 16u << 10;
constexpr auto patience = std::chrono::seconds{60};

std::string serialized(const Response& response, const std::string& method, bool keep_alive) {
  auto status = static_cast<unsigned>(response.status);
  std::string out = "HTTP/1.1 " + std::to_string(status) + " " +
                    std::string{http::obsolete_reason(http::int_to_status(status))} + "\r\n";
  for (const auto& header : response.headers)
    out += header.name + ": " + header.value + "\r\n";
  if (!keep_alive) out += "Connection: close\r\n";
  if (status == 204 || status == 304) return out + "\r\n";
  if (!response.chunked) {
    out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n";
    return method == "HEAD" ? out : out + response.body;
  }
  out += "Transfer-Encoding: chunked\r\n\r\n";
  if (method == "HEAD") return out;
  // Two chunks if the body is long enough: readers must not take the first for the whole.
  for (std::size_t at = 0; at < response.body.size();) {
    auto size = at == 0 ? (response.body.size() + 1) / 2 : response.body.size() - at;
    char length[20];
    std::snprintf(length, sizeof length, "%zx\r\n", size);
    out += length + response.body.substr(at, size) + "\r\n";
    at += size;
  }
  return out + "0\r\n\r\n";
}

/// One connection. It lives as long as one of its operations is pending.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, asio::ssl::context& tls, SandboxState& state)
      : stream_(std::move(socket), tls), timer_(stream_.get_executor()), state_(state) {}

  void start() {
    beast::get_lowest_layer(stream_).expires_after(patience);
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [self = shared_from_this()](error_code failed) {
                              if (failed) return;
                              ++self->state_.connections;
                              self->read();
                            });
  }

 private:
  void read() {
    parser_.emplace();
    parser_->header_limit(largest_header);
    parser_->body_limit(largest_body);
    beast::get_lowest_layer(stream_).expires_after(patience);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code failed, std::size_t) {
                              failed ? self->refuse(failed) : self->read_body();
                            });
  }

  void read_body() {
    if (lower(parser_->get()[http::field::expect]) != "100-continue") return read_rest();
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(out_),
                      [self = shared_from_this()](error_code failed, std::size_t) {
                        if (!failed) self->read_rest();
                      });
  }

  void read_rest() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code failed, std::size_t) {
                       failed ? self->refuse(failed) : self->answer();
                     });
  }

  void refuse(error_code why) {
    if (why == http::error::end_of_stream) return close();
    if (why.category() != make_error_code(http::error::end_of_stream).category()) return;
    int status = why == http::error::body_limit     ? 413
                 : why == http::error::header_limit ? 431
                                                    : 400;
    keep_alive_ = false;
    send({text_response(status, "text/plain", why.message() + "\n")});
  }

  void answer() {
    auto& message = parser_->get();
    keep_alive_ = message.keep_alive();
    request_ = {};
    request_.method = message.method_string();
    request_.target = message.target();
    for (const auto& field : message)
      request_.headers.push_back({std::string{field.name_string()}, std::string{field.value()}});
    request_.body = std::move(message.body());
    auto host = request_.header("Host");
    request_.host = lower(host.substr(0, host.rfind(':')));
    const char* sni = SSL_get_servername(stream_.native_handle(), TLSEXT_NAMETYPE_host_name);
    request_.sni = lower(sni ? sni : "");
    state_.now = std::chrono::duration_cast<std::chrono::seconds>(
                     std::chrono::system_clock::now().time_since_epoch())
                     .count();
    auto delivery = deliver(request_, state_);
    if (delivery.delay.count() == 0) return send(std::move(delivery));
    beast::get_lowest_layer(stream_).expires_never();
    timer_.expires_after(delivery.delay);
    timer_.async_wait(
        [self = shared_from_this(), delivery = std::move(delivery)](error_code failed) mutable {
          if (!failed) self->send(std::move(delivery));
        });
  }

  void send(Delivery delivery) {
    if (delivery.reset) return reset();
    out_ = serialized(delivery.response, request_.method, keep_alive_);
    if (delivery.raw) {
      out_ = *std::move(delivery.raw);
      keep_alive_ = false;  // the raw bytes may leave the connection unusable
    }
    bool cut = delivery.cut_after.has_value();
    if (cut) out_.resize(std::min(out_.size(), *delivery.cut_after));
    beast::get_lowest_layer(stream_).expires_after(patience);
    asio::async_write(stream_, asio::buffer(out_),
                      [self = shared_from_this(), cut](error_code failed, std::size_t) {
                        // A truncated response ends without a TLS close, like a lost connection.
                        if (failed || cut) return self->drop();
                        self->keep_alive_ ? self->read() : self->close();
                      });
  }

  void close() {
    beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds{5});
    stream_.async_shutdown([self = shared_from_this()](error_code) { self->drop(); });
  }

  void drop() {
    error_code ignored;
    beast::get_lowest_layer(stream_).socket().close(ignored);
  }

  void reset() {
    error_code ignored;
    auto& socket = beast::get_lowest_layer(stream_).socket();
    socket.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket.close(ignored);
  }

  beast::ssl_stream<beast::tcp_stream> stream_;
  asio::steady_timer timer_;
  SandboxState& state_;
  beast::flat_buffer buffer_{largest_header + (64u << 10)};
  std::optional<http::request_parser<http::string_body>> parser_;
  Request request_;
  std::string out_;
  bool keep_alive_ = true;
};

int choose_http11(SSL*, const unsigned char** chosen, unsigned char* size,
                  const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char only_this[] = "\x08http/1.1";
  auto** out = const_cast<unsigned char**>(chosen);
  bool agreed = SSL_select_next_proto(out, size, only_this, 9, offered, offered_size) ==
                OPENSSL_NPN_NEGOTIATED;
  return agreed ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

asio::ssl::context tls_context(const Certificates& certificates) {
  asio::ssl::context tls{asio::ssl::context::tls_server};
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  tls.use_certificate_chain(asio::buffer(certificates.server_pem));
  tls.use_private_key(asio::buffer(certificates.server_key_pem), asio::ssl::context::pem);
  SSL_CTX_set_alpn_select_cb(tls.native_handle(), choose_http11, nullptr);
  return tls;
}

}  // namespace

struct Server::Listener {
  Listener(const std::string& address, std::uint16_t port, const Certificates& certificates,
           SandboxState& sandbox)
      : tls(tls_context(certificates)),
        acceptor(io, tcp::endpoint{asio::ip::make_address(address), port}), state(sandbox) {}

  void accept() {
    acceptor.async_accept([this](error_code failed, tcp::socket socket) {
      if (!failed) {
        error_code ignored;
        socket.set_option(tcp::no_delay{true}, ignored);
        std::make_shared<Session>(std::move(socket), tls, state)->start();
      }
      if (acceptor.is_open()) accept();
    });
  }

  asio::io_context io{1};
  asio::ssl::context tls;
  tcp::acceptor acceptor;
  SandboxState& state;
};

Server::Server(const std::string& address, std::uint16_t port, const Certificates& certificates,
               SandboxState& state) {
  try {
    listener_ = std::make_unique<Listener>(address, port, certificates, state);
  } catch (const boost::system::system_error& error) {
    // Boost's own message contains the names of its source files.
    throw std::runtime_error("cannot listen on " + address + ":" + std::to_string(port) + ": " +
                             error.code().message());
  }
  listener_->accept();
}

Server::~Server() = default;

std::uint16_t Server::port() const { return listener_->acceptor.local_endpoint().port(); }

void Server::run(bool until_signal) {
  asio::signal_set signals{listener_->io};
  if (until_signal) {
    signals.add(SIGINT);
    signals.add(SIGTERM);
    signals.async_wait([this](error_code failed, int) {
      if (!failed) listener_->io.stop();
    });
  }
  listener_->io.run();
}

void Server::stop() { listener_->io.stop(); }

}  // namespace penstock::sandbox
