#pragma once

// A TLS server that plays a script: real handshakes, real resets, real closes; and a client on a
// loop.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <netinet/tcp.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include "upstream/client.hpp"

namespace penstock::upstream {

namespace asio = boost::asio;
using asio::ip::tcp;
using TlsStream = asio::ssl::stream<tcp::socket>;

struct Certificate {
  Certificate() = default;
  Certificate(Certificate&& other) noexcept
      : key(std::exchange(other.key, nullptr)), x509(std::exchange(other.x509, nullptr)) {}
  Certificate& operator=(Certificate&&) = delete;
  ~Certificate() {
    EVP_PKEY_free(key);
    X509_free(x509);
  }
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* x509 = X509_new();
};

inline Certificate make_certificate(const std::string& name, const Certificate* issuer,
                                    long valid_for_s = 3600) {
  Certificate made;
  X509_set_version(made.x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.x509), issuer == nullptr ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(made.x509), -7200);
  X509_gmtime_adj(X509_getm_notAfter(made.x509), valid_for_s);
  X509_set_pubkey(made.x509, made.key);
  X509_NAME* subject = X509_get_subject_name(made.x509);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.x509,
                       issuer == nullptr ? subject : X509_get_subject_name(issuer->x509));
  const std::string extension = issuer == nullptr ? "critical,CA:TRUE" : "DNS:" + name;
  X509_EXTENSION* added = X509V3_EXT_conf_nid(
      nullptr, nullptr, issuer == nullptr ? NID_basic_constraints : NID_subject_alt_name,
      extension.c_str());
  X509_add_ext(made.x509, added, -1);
  X509_EXTENSION_free(added);
  X509_sign(made.x509, issuer == nullptr ? made.key : issuer->key, EVP_sha256());
  return made;
}

/// One certificate authority for all tests; its file is what Destination::ca_file names.
struct Authority {
  Authority() : ca(make_certificate("test-ca", nullptr)) {
    file = std::filesystem::temp_directory_path() /
           ("penstock-upstream-" + std::to_string(::getpid()) + ".pem");
    BIO* bio = BIO_new_file(file.c_str(), "w");
    PEM_write_bio_X509(bio, ca.x509);
    BIO_free(bio);
  }
  ~Authority() { std::filesystem::remove(file); }
  Certificate ca;
  std::filesystem::path file;
};

inline const Authority& authority() {
  static const Authority one;
  return one;
}

/// What a connection of the server does, on a thread of its own, after the handshake.
using Script = std::function<void(TlsStream&)>;

class Server {
 public:
  explicit Server(Script script, const std::string& name = "vendor.example",
                  long valid_for_s = 3600)
      : script_(std::move(script)) {
    const Certificate leaf = make_certificate(name, &authority().ca, valid_for_s);
    SSL_CTX_use_certificate(tls_.native_handle(), leaf.x509);
    SSL_CTX_use_PrivateKey(tls_.native_handle(), leaf.key);
    accept_ = std::thread([this] {
      while (true) {
        tcp::socket socket(context_);
        boost::system::error_code error;
        acceptor_.accept(socket, error);
        if (error || ending_) return;
        ++connections;
        const std::scoped_lock lock(mutex_);
        threads_.emplace_back(
            [this, socket = std::move(socket)]() mutable { serve(std::move(socket)); });
      }
    });
  }
  ~Server() {
    ending_ = true;
    boost::system::error_code ignored;
    tcp::socket poke(context_);
    poke.connect(acceptor_.local_endpoint(), ignored);
    accept_.join();
    {
      const std::scoped_lock lock(mutex_);
      closing_ = true;
      for (const int socket : open_)
        ::shutdown(socket, SHUT_RDWR);  // scripts that still wait for their client end
    }
    for (std::thread& thread : threads_)
      thread.join();
  }

  std::string address() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }

  std::atomic<int> connections{0}, handshakes{0}, requests{0};

  /// So many connections end in the TCP segment that completes the client's handshake.
  std::atomic<int> stillborn{0};

  /// After its handshake the server says nothing of its own.
  void send_no_tickets() { SSL_CTX_set_num_tickets(tls_.native_handle(), 0); }

  /// Connections are refused from now on; those that are there stay.
  void stop_listening() {
    ending_ = true;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  }

  /// Reads one request, head and body; empty at the end of the stream.
  std::string read_request(TlsStream& stream) {
    std::string got;
    char buffer[65536];
    std::size_t wanted = std::string::npos;
    while (got.size() < wanted) {
      boost::system::error_code error;
      const std::size_t n = stream.read_some(asio::buffer(buffer), error);
      if (error) return {};
      const std::size_t searched = got.size() - std::min<std::size_t>(got.size(), 3);
      got.append(buffer, n);
      if (wanted != std::string::npos) continue;
      const std::size_t head = got.find("\r\n\r\n", searched);
      if (head == std::string::npos) continue;
      const std::size_t length = got.find("Content-Length: ");
      wanted = head + 4 + (length < head ? std::stoul(got.substr(length + 16)) : 0);
    }
    ++requests;
    return got;
  }

  static void send(TlsStream& stream, const std::string& text) {
    boost::system::error_code ignored;
    asio::write(stream, asio::buffer(text), ignored);
  }
  static std::string ok(const std::string& body = "ok") {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  /// Ends the TLS stream in order, and does not wait for the other side to do so.
  static void close_notify(TlsStream& stream) {
    SSL* tls = stream.native_handle();
    BIO* const own = SSL_get_wbio(tls);
    BIO* const alert = BIO_new(BIO_s_mem());
    BIO_up_ref(own);
    BIO_up_ref(alert);
    SSL_set0_wbio(tls, alert);
    SSL_shutdown(tls);
    SSL_set0_wbio(tls, own);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(alert, &bytes);
    boost::system::error_code ignored;
    asio::write(stream.next_layer(), asio::buffer(bytes, static_cast<std::size_t>(size)), ignored);
    BIO_free(alert);
  }
  /// Each piece in a TLS record of its own, and what `then` sends, all of it in one TCP segment.
  static void send_together(TlsStream& stream, const std::vector<std::string>& pieces,
                            void (*then)(TlsStream&) = nullptr) {
    const int socket = stream.lowest_layer().native_handle();
    const int on = 1, off = 0;
    ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
    for (const std::string& piece : pieces)
      send(stream, piece);
    if (then != nullptr) then(stream);
    ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
  }
  /// Ends the connection with a TCP reset.
  static void reset(TlsStream& stream) {
    boost::system::error_code ignored;
    stream.lowest_layer().set_option(asio::socket_base::linger(true, 0), ignored);
    stream.lowest_layer().close(ignored);
  }
  /// Waits for the client to go.
  static void wait_for_end(TlsStream& stream) {
    char byte = 0;
    boost::system::error_code error;
    while (!error)
      stream.next_layer().read_some(asio::buffer(&byte, 1), error);
  }

  /// Lets the client's bytes stand in the kernel until the server ends.
  static void read_nothing(TlsStream& stream) {
    pollfd end{stream.lowest_layer().native_handle(), POLLRDHUP, 0};
    ::poll(&end, 1, -1);
  }

 private:
  void serve(tcp::socket socket) {
    const int descriptor = socket.native_handle();
    {
      const std::scoped_lock lock(mutex_);
      open_.insert(descriptor);
      if (closing_) ::shutdown(descriptor, SHUT_RDWR);
    }
    TlsStream stream(std::move(socket), tls_);
    boost::system::error_code error;
    if (stillborn > 0) {
      --stillborn;
      return end_with_handshake(stream);
    }
    stream.handshake(TlsStream::server, error);
    if (!error) {
      ++handshakes;
      script_(stream);
    }
    const std::scoped_lock lock(mutex_);
    open_.erase(descriptor);
  }

  static void end_with_handshake(TlsStream& stream) {
    const int socket = stream.lowest_layer().native_handle();
    pollfd hello{socket, POLLIN, 0};
    ::poll(&hello, 1, -1);
    stream.lowest_layer().non_blocking(true);
    const int on = 1, off = 0;
    ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
    SSL* const tls = SSL_new(SSL_get_SSL_CTX(stream.native_handle()));
    SSL_set_fd(tls, socket);
    SSL_accept(tls);  // writes all of the server's part, and has the client's to wait for
    SSL_free(tls);
    ::shutdown(socket, SHUT_WR);
    ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
    ::poll(&hello, 1, -1);
  }

  Script script_;
  asio::io_context context_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::set<int> open_;
  bool closing_ = false;  ///< what is accepted now is shut down at once
  std::vector<std::thread> threads_;
  std::thread accept_;
};

class UpstreamTest : public testing::Test {
 protected:
  Request request(const Server& server, const std::string& method = "GET") const {
    Request out;
    out.to = {"vendor.example", 443, server.address(), authority().file.string(), false, "acme"};
    out.method = method;
    out.target = "/x";
    out.has_body = method == "POST";
    out.body = out.has_body ? "body" : "";
    out.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    return out;
  }

  Result<Response> send(Request out) {
    std::optional<Result<Response>> got;
    client->send(std::move(out), [&](Result<Response> response) { got = std::move(response); });
    EXPECT_FALSE(got.has_value()) << "the handler ran inside send()";
    while (!got)
      loop.run_one();
    return *std::move(got);
  }

  /// Ends the client and, with what it had posted, its connections: servers wait for that.
  void close() {
    client.reset();
    loop.poll();
  }

  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
  std::unique_ptr<Client> client = std::make_unique<Client>(loop);
};

/// Answers every request of a connection.
inline Script answer_all(Server*& server, const std::string& answer) {
  return [&server, answer](TlsStream& stream) {
    while (!server->read_request(stream).empty())
      Server::send(stream, answer);
  };
}

}  // namespace penstock::upstream
