// The client against a TLS server that plays a script: real handshakes, real resets, real closes.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "upstream/client.hpp"

namespace penstock::upstream {
namespace {

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

Certificate make_certificate(const std::string& name, const Certificate* issuer,
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

const Authority& authority() {
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

  /// Reads one request, head and body; empty at the end of the stream.
  std::string read_request(TlsStream& stream) {
    std::string got;
    char buffer[65536];
    std::size_t wanted = std::string::npos;
    while (got.size() < wanted) {
      boost::system::error_code error;
      const std::size_t n = stream.read_some(asio::buffer(buffer), error);
      if (error) return {};
      got.append(buffer, n);
      const std::size_t head = got.find("\r\n\r\n");
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

 private:
  void serve(tcp::socket socket) {
    const int descriptor = socket.native_handle();
    {
      const std::scoped_lock lock(mutex_);
      open_.insert(descriptor);
    }
    TlsStream stream(std::move(socket), tls_);
    boost::system::error_code error;
    stream.handshake(TlsStream::server, error);
    if (!error) {
      ++handshakes;
      script_(stream);
    }
    const std::scoped_lock lock(mutex_);
    open_.erase(descriptor);
  }

  Script script_;
  asio::io_context context_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::set<int> open_;
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

  Result<Reply> send(Request out) {
    std::optional<Result<Reply>> got;
    client->send(std::move(out), [&](Result<Reply> reply) { got = std::move(reply); });
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
Script answer_all(Server*& server, const std::string& answer) {
  return [&server, answer](TlsStream& stream) {
    while (!server->read_request(stream).empty())
      Server::send(stream, answer);
  };
}

TEST_F(UpstreamTest, keeps_a_connection_for_the_next_call) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok("hello")));
  self = &server;
  for (int i = 0; i < 3; ++i) {
    const auto reply = send(request(server, i == 1 ? "POST" : "GET"));
    ASSERT_TRUE(reply.has_value()) << reply.error().message;
    EXPECT_EQ(reply->body, "hello");
  }
  EXPECT_EQ(server.handshakes, 1);
  close();
}

TEST_F(UpstreamTest, never_shares_a_connection_across_partitions) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok()));
  self = &server;
  Request other = request(server);
  other.to.partition = "umbrella";
  ASSERT_TRUE(send(request(server)).has_value());
  ASSERT_TRUE(send(other).has_value());
  EXPECT_EQ(server.handshakes, 2);
  close();
}

TEST_F(UpstreamTest, carries_many_calls_at_once_and_large_bodies_both_ways) {
  Server* self = nullptr;
  Server server([&self](TlsStream& stream) {
    for (std::string got = self->read_request(stream); !got.empty();
         got = self->read_request(stream)) {
      Server::send(stream, Server::ok(got.substr(got.find("\r\n\r\n") + 4)));
    }
  });
  self = &server;
  int good = 0, ended = 0;
  for (int i = 0; i < 50; ++i) {
    Request out = request(server, "POST");
    out.body = std::string(i == 0 ? 3'000'000 : 100, static_cast<char>('a' + i % 26));
    const std::string expected = out.body;
    client->send(std::move(out), [&, expected](Result<Reply> reply) {
      ++ended;
      if (reply && reply->body == expected) ++good;
    });
  }
  while (ended < 50)
    loop.run_one();
  EXPECT_EQ(good, 50);
  close();
}

TEST_F(UpstreamTest, a_warm_connection_that_dies_after_a_post_is_doubtful_and_never_repeated) {
  Server* self = nullptr;
  Server server([&self](TlsStream& stream) {
    self->read_request(stream);
    Server::send(stream, Server::ok());
    self->read_request(stream);
    Server::reset(stream);
  });
  self = &server;
  ASSERT_TRUE(send(request(server)).has_value());
  const auto reply = send(request(server, "POST"));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().sent, Sent::unknown);
  EXPECT_EQ(reply.error().origin, Origin::network);
  EXPECT_FALSE(reply.error().retryable);
  EXPECT_EQ(server.requests, 2);
  EXPECT_EQ(server.connections, 1);
}

TEST_F(UpstreamTest, the_same_with_a_get_is_repeated_once_on_a_fresh_connection) {
  Server* self = nullptr;
  Server server([&self](TlsStream& stream) {
    const bool first = self->handshakes == 1;
    self->read_request(stream);
    Server::send(stream, Server::ok());
    if (!first) return Server::wait_for_end(stream);
    self->read_request(stream);
    Server::reset(stream);
  });
  self = &server;
  ASSERT_TRUE(send(request(server)).has_value());
  const auto reply = send(request(server));
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(server.handshakes, 2);
  close();
}

TEST_F(UpstreamTest, an_answer_cut_at_any_byte_is_an_error_that_says_whether_it_was_sent) {
  const std::string answer = Server::ok("hello");
  std::atomic<std::size_t> cut{0};
  Server* self = nullptr;
  Server server([&](TlsStream& stream) {
    self->read_request(stream);
    Server::send(stream, answer.substr(0, cut));
    boost::system::error_code ignored;
    stream.shutdown(ignored);
  });
  self = &server;
  for (; cut < answer.size(); ++cut) {
    const auto reply = send(request(server, "POST"));
    ASSERT_FALSE(reply.has_value()) << "cut at " << cut;
    EXPECT_EQ(reply.error().sent, cut == 0 ? Sent::unknown : Sent::yes) << "cut at " << cut;
    EXPECT_EQ(reply.error().http_status, 502);
  }
  EXPECT_EQ(server.requests, static_cast<int>(answer.size()));
}

TEST_F(UpstreamTest, bounds_the_answer) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok(std::string(1000, 'a'))));
  self = &server;
  Request out = request(server);
  out.max_response_bytes = 999;
  const auto reply = send(out);
  ASSERT_FALSE(reply.has_value());
  EXPECT_NE(reply.error().message.find("max_response_bytes"), std::string::npos);
  EXPECT_EQ(reply.error().sent, Sent::yes);
  EXPECT_EQ(reply.error().phase, Phase::receive);
}

TEST_F(UpstreamTest, a_deadline_tells_how_far_the_call_had_come) {
  struct Case {
    const char* name;
    Script script;
    Phase phase;
    Sent sent;
  };
  Server* self = nullptr;
  const Case cases[] = {
      {"before the answer",
       [&](TlsStream& stream) {
         self->read_request(stream);
         Server::wait_for_end(stream);
       },
       Phase::receive, Sent::unknown},
      {"in the answer",
       [&](TlsStream& stream) {
         self->read_request(stream);
         Server::send(stream, "HTTP/1.1 200 OK\r\n");
         Server::wait_for_end(stream);
       },
       Phase::receive, Sent::yes},
  };
  for (const Case& one : cases) {
    Server server(one.script);
    self = &server;
    Request out = request(server, "POST");
    out.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
    const auto reply = send(out);
    ASSERT_FALSE(reply.has_value()) << one.name;
    EXPECT_EQ(reply.error().code, Code::task_timed_out) << one.name;
    EXPECT_EQ(reply.error().phase, one.phase) << one.name;
    EXPECT_EQ(reply.error().sent, one.sent) << one.name;
    close();
    client = std::make_unique<Client>(loop);
  }
}

TEST_F(UpstreamTest, a_server_that_never_speaks_tls_ends_in_the_connect_timeout) {
  asio::io_context context;
  tcp::acceptor silent(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  Request out;
  out.to = {"vendor.example",
            443,
            "127.0.0.1:" + std::to_string(silent.local_endpoint().port()),
            authority().file.string(),
            false,
            ""};
  out.method = "GET";
  out.target = "/";
  out.connect_timeout = std::chrono::milliseconds(200);
  out.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto reply = send(out);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, Code::task_timed_out);
  EXPECT_EQ(reply.error().phase, Phase::connect);
  EXPECT_EQ(reply.error().sent, Sent::no);
}

TEST_F(UpstreamTest, a_bad_certificate_ends_the_call_before_a_byte_of_it_left) {
  struct Case {
    const char* name;
    const char* certificate_name;
    long valid_for_s;
    bool own_authority;
    const char* message;
  };
  const Case cases[] = {{"wrong name", "other.example", 3600, true, "is not for vendor.example"},
                        {"expired", "vendor.example", -60, true, "expired"},
                        {"unknown authority", "vendor.example", 3600, false, "upstream.ca_file"}};
  for (const Case& one : cases) {
    Server* self = nullptr;
    Server server([&](TlsStream& stream) { self->read_request(stream); }, one.certificate_name,
                  one.valid_for_s);
    self = &server;
    Request out = request(server, "POST");
    if (!one.own_authority) out.to.ca_file.clear();
    const auto reply = send(out);
    ASSERT_FALSE(reply.has_value()) << one.name;
    EXPECT_EQ(reply.error().phase, Phase::connect) << one.name;
    EXPECT_EQ(reply.error().sent, Sent::no) << one.name;
    EXPECT_NE(reply.error().message.find(one.message), std::string::npos)
        << one.name << ": " << reply.error().message;
    EXPECT_EQ(server.requests, 0) << one.name;
  }
}

TEST_F(UpstreamTest, private_addresses_are_refused_unless_they_are_allowed) {
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok()), "localhost");
  self = &server;
  Request out = request(server);
  out.to.host = "localhost";
  out.to.port = static_cast<std::uint16_t>(std::stoi(server.address().substr(10)));
  out.to.connect_to.clear();
  const auto refused = send(out);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("allow_private_addresses"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(server.connections, 0);
  out.to.allow_private_addresses = true;
  EXPECT_TRUE(send(out).has_value());
  close();
}

TEST_F(UpstreamTest, the_environment_has_no_say_in_proxies) {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"})
    ::setenv(name, "http://127.0.0.1:1", 1);
  Server* self = nullptr;
  Server server(answer_all(self, Server::ok()));
  self = &server;
  EXPECT_TRUE(send(request(server)).has_value());
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"})
    ::unsetenv(name);
  close();
}

TEST_F(UpstreamTest, a_client_that_goes_away_drops_its_calls_in_silence) {
  Server* self = nullptr;
  Server server([&](TlsStream& stream) {
    self->read_request(stream);
    Server::wait_for_end(stream);
  });
  self = &server;
  bool ran = false;
  client->send(request(server), [&](Result<Reply>) { ran = true; });
  while (server.requests == 0)
    loop.run_one_for(std::chrono::milliseconds(10));
  close();
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace penstock::upstream
