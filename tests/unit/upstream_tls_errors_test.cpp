// What a caller is told where TLS with the vendor fails, by real OpenSSL servers.
#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "upstream/authorities.hpp"
#include "upstream/tls_handshake.hpp"
#include "upstream_tls_server.hpp"

namespace penstock::upstream {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr long hour = 3600;

struct Wanted {
  std::string name;
  const Certificate* issuer = nullptr;
  bool authority = false;
  long from_s = -2 * hour, until_s = hour;
  int rsa_bits = 0;  ///< 0: an elliptic curve
};

int next_serial = 100;

Certificate issue(const Wanted& wanted) {
  Certificate made;
  if (wanted.rsa_bits > 0) {
    EVP_PKEY_free(made.key);
    made.key = EVP_RSA_gen(static_cast<unsigned>(wanted.rsa_bits));
  }
  X509_set_version(made.x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.x509), next_serial++);
  X509_gmtime_adj(X509_getm_notBefore(made.x509), wanted.from_s);
  X509_gmtime_adj(X509_getm_notAfter(made.x509), wanted.until_s);
  X509_set_pubkey(made.x509, made.key);
  X509_NAME* subject = X509_get_subject_name(made.x509);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wanted.name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(
      made.x509, wanted.issuer == nullptr ? subject : X509_get_subject_name(wanted.issuer->x509));
  const std::string extension = wanted.authority ? "critical,CA:TRUE" : "DNS:" + wanted.name;
  X509_EXTENSION* added = X509V3_EXT_conf_nid(
      nullptr, nullptr, wanted.authority ? NID_basic_constraints : NID_subject_alt_name,
      extension.c_str());
  X509_add_ext(made.x509, added, -1);
  X509_EXTENSION_free(added);
  X509_sign(made.x509, wanted.issuer == nullptr ? made.key : wanted.issuer->key, EVP_sha256());
  return made;
}

void use(SSL_CTX* tls, const Certificate& leaf, const std::vector<const Certificate*>& chain = {}) {
  SSL_CTX_set_security_level(tls, 0);
  SSL_CTX_use_certificate(tls, leaf.x509);
  SSL_CTX_use_PrivateKey(tls, leaf.key);
  for (const Certificate* one : chain)
    SSL_CTX_add1_chain_cert(tls, one->x509);
}

/// A file with certificates, which goes with this object.
class PemFile {
 public:
  explicit PemFile(const std::vector<const Certificate*>& all) { write(all); }
  ~PemFile() { std::filesystem::remove(path_); }
  PemFile(const PemFile&) = delete;
  PemFile& operator=(const PemFile&) = delete;

  void write(const std::vector<const Certificate*>& all) const {
    const std::string fresh = path_ + ".new";
    BIO* bio = BIO_new_file(fresh.c_str(), "w");
    for (const Certificate* one : all)
      PEM_write_bio_X509(bio, one->x509);
    BIO_free(bio);
    std::filesystem::rename(fresh, path_);
  }
  const std::string& path() const { return path_; }

 private:
  static inline int count_ = 0;
  std::string path_ =
      (std::filesystem::temp_directory_path() /
       ("penstock-tls-" + std::to_string(::getpid()) + "-" + std::to_string(count_++) + ".pem"))
          .string();
};

/// A TLS server whose context is the test's: it answers one request on each connection.
class OpenSslServer {
 public:
  using SetUp = std::function<void(SSL_CTX*)>;

  explicit OpenSslServer(const SetUp& set_up) {
    set_up(tls_.native_handle());
    serve_with([this](tcp::socket socket) {
      TlsStream stream(std::move(socket), tls_);
      boost::system::error_code error;
      stream.handshake(TlsStream::server, error);
      std::array<char, 4096> buffer{};
      if (!error) stream.read_some(asio::buffer(buffer), error);
      if (!error) Server::send(stream, Server::ok("hello"));
    });
  }
  /// A server that does as `serve` says, on TCP.
  explicit OpenSslServer(std::function<void(tcp::socket)> serve) { serve_with(std::move(serve)); }
  ~OpenSslServer() {
    ending_ = true;
    boost::system::error_code ignored;
    tcp::socket poke(context_);
    poke.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  OpenSslServer(const OpenSslServer&) = delete;
  OpenSslServer& operator=(const OpenSslServer&) = delete;

  std::string address() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }

 private:
  void serve_with(std::function<void(tcp::socket)> serve) {
    thread_ = std::thread([this, serve = std::move(serve)] {
      while (true) {
        tcp::socket socket(context_);
        boost::system::error_code error;
        acceptor_.accept(socket, error);
        if (error || ending_) return;
        serve(std::move(socket));
      }
    });
  }

  asio::io_context context_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

void read_hello(tcp::socket& socket) {
  std::array<char, 4096> buffer{};
  boost::system::error_code ignored;
  socket.read_some(asio::buffer(buffer), ignored);
}

void answer_hello(tcp::socket socket, const std::string& bytes) {
  boost::system::error_code ignored;
  read_hello(socket);
  asio::write(socket, asio::buffer(bytes), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  read_hello(socket);
}

/// A TLS 1.2 ServerHello without any extension, as servers from before RFC 5746 send it.
std::string hello_without_extensions() {
  std::string body = {'\x03', '\x03'};
  body += std::string(32, 'r');
  body += std::string("\0\xc0\x2b\0", 4);  // no session; ECDHE-ECDSA-AES128-GCM-SHA256; null
  std::string message = {'\x02', '\0', '\0', static_cast<char>(body.size())};
  message += body;
  return std::string("\x16\x03\x03\0", 4) + static_cast<char>(message.size()) + message;
}

EVP_PKEY* small_diffie_hellman() {
  BIGNUM* prime = BN_get_rfc2409_prime_1024(nullptr);
  BIGNUM* generator = BN_new();
  BN_set_word(generator, 2);
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_FFC_P, prime);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_FFC_G, generator);
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* making = EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr);
  EVP_PKEY* out = nullptr;
  EVP_PKEY_fromdata_init(making);
  EVP_PKEY_fromdata(making, &out, EVP_PKEY_KEY_PARAMETERS, parameters);
  EVP_PKEY_CTX_free(making);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  BN_free(generator);
  BN_free(prime);
  return out;
}

class TlsErrors : public UpstreamTest {
 protected:
  Request request_to(const OpenSslServer& server, const std::string& ca_file,
                     const std::string& extra_ca_file = {}) const {
    Request out;
    out.to = {"vendor.example", 443, server.address(), ca_file, false, "acme", extra_ca_file};
    out.method = "POST";
    out.target = "/x";
    out.has_body = true;
    out.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    out.connect_timeout = std::chrono::seconds(20);
    return out;
  }

  const Certificate root_ = issue({.name = "Root One", .authority = true});
  const Certificate middle_ = issue({.name = "Middle Two", .issuer = &root_, .authority = true});
  const Certificate leaf_ = issue({.name = "vendor.example", .issuer = &middle_});
  const Certificate stranger_ = issue({.name = "Stranger", .authority = true});
  const PemFile trusted_{{&root_}};
};

TEST_F(TlsErrors, name_the_certificate_its_issuer_and_what_to_do) {
  const Certificate other_name = issue({.name = "other.example", .issuer = &root_});
  const Certificate expired =
      issue({.name = "vendor.example", .issuer = &root_, .from_s = -9 * hour, .until_s = -hour});
  const Certificate early =
      issue({.name = "vendor.example", .issuer = &root_, .from_s = hour, .until_s = 9 * hour});
  const Certificate old_middle = issue({.name = "Middle Old",
                                        .issuer = &root_,
                                        .authority = true,
                                        .from_s = -9 * hour,
                                        .until_s = -hour});
  const Certificate under_old = issue({.name = "vendor.example", .issuer = &old_middle});
  const Certificate strange = issue({.name = "vendor.example", .issuer = &stranger_});
  const Certificate own = issue({.name = "vendor.example"});
  const Certificate weak = issue({.name = "vendor.example", .issuer = &root_, .rsa_bits = 1024});
  struct Case {
    const char* name;
    const Certificate* leaf;
    std::vector<const Certificate*> chain;
    ::testing::Matcher<std::string> says;
  };
  const Case cases[] = {
      {"an incomplete chain",
       &leaf_,
       {},
       AllOf(HasSubstr("incomplete chain"), HasSubstr("\"CN=Middle Two\""),
             HasSubstr("upstream.extra_ca_file"))},
      {"an unknown root, which is sent",
       &strange,
       {&stranger_},
       AllOf(HasSubstr("\"CN=Stranger\""), HasSubstr("not among the trusted"),
             HasSubstr("upstream.extra_ca_file"))},
      {"an unknown root, which is not sent",
       &strange,
       {},
       AllOf(HasSubstr("\"CN=Stranger\""), HasSubstr("upstream.extra_ca_file"))},
      {"signed by itself",
       &own,
       {},
       AllOf(HasSubstr("self-signed"), HasSubstr("upstream.extra_ca_file"))},
      {"expired",
       &expired,
       {},
       AllOf(HasSubstr("the certificate of vendor.example"), HasSubstr("\"CN=Root One\""),
             HasSubstr("expired on "), HasSubstr("GMT"))},
      {"not valid yet", &early, {}, AllOf(HasSubstr("is valid only from"), HasSubstr("clock"))},
      {"an intermediate that expired",
       &under_old,
       {&old_middle},
       AllOf(HasSubstr("\"CN=Middle Old\" in the chain of vendor.example"),
             HasSubstr("expired on"))},
      {"another name",
       &other_name,
       {},
       AllOf(HasSubstr("is not for vendor.example but for other.example"),
             HasSubstr("upstream.connect_to"))},
      {"a small key", &weak, {}, AllOf(HasSubstr("too small"), HasSubstr("\"CN=Root One\""))},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    const OpenSslServer server([&](SSL_CTX* tls) { use(tls, *one.leaf, one.chain); });
    const auto response = send(request_to(server, trusted_.path()));
    ASSERT_FALSE(response.has_value());
    EXPECT_THAT(response.error().message, one.says);
    EXPECT_FALSE(response.error().retryable);
    EXPECT_EQ(response.error().sent, Sent::no);
    EXPECT_EQ(response.error().phase, Phase::connect);
    EXPECT_EQ(response.error().http_status, 502);
  }
}

TEST(TlsErrorTexts, AreReadAsLibcurl7And8WriteThem) {
  const struct {
    const char* reason;
    const char* says;
    bool permanent;
  } rows[] = {
      {"error:0A00010B:SSL routines::wrong version number", "does not speak TLS", true},
      {"TLS connect error: error:0A00010B:SSL routines::wrong version number", "does not speak TLS",
       true},
      {"TLS connect error: error:0A00018A:SSL routines::dh key too small", "Diffie-Hellman", true},
      {"TLS connect error: error:0A000152:SSL routines::unsafe legacy renegotiation disabled",
       "secure renegotiation", true},
      {"TLS connect error: error:0A000126:SSL routines::unexpected eof while reading",
       "in the middle of the TLS handshake", false},
      {"OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to a.example:443",
       "in the middle of the TLS handshake", false},
      {"Recv failure: Connection reset by peer", "in the middle of the TLS handshake", false},
      {"TLS connect error: error:0A0000C1:SSL routines::no shared cipher",
       "no TLS with a.example: error:0A0000C1:SSL routines::no shared cipher", true},
      {"TLS connect error: error: unknown", "in the middle of the TLS handshake", false},
  };
  for (const auto& row : rows) {
    const TlsFailure trouble = tls_error("a.example", {}, row.reason);
    EXPECT_THAT(trouble.message, HasSubstr(row.says)) << row.reason;
    EXPECT_EQ(trouble.permanent, row.permanent) << row.reason;
  }
}

TEST_F(TlsErrors, tell_what_the_two_sides_cannot_agree_on) {
  const Certificate rsa = issue({.name = "vendor.example", .issuer = &root_, .rsa_bits = 2048});
  const Certificate sound = issue({.name = "vendor.example", .issuer = &root_});
  struct Case {
    const char* name;
    OpenSslServer::SetUp set_up;
    ::testing::Matcher<std::string> says;
  };
  const Case cases[] = {
      {"TLS 1.0 only",
       [&](SSL_CTX* tls) {
         use(tls, rsa);
         SSL_CTX_set_min_proto_version(tls, TLS1_VERSION);
         SSL_CTX_set_max_proto_version(tls, TLS1_VERSION);
       },
       AllOf(HasSubstr("neither TLS 1.2 nor 1.3"), HasSubstr("vendor must update"))},
      {"a small Diffie-Hellman key",
       [&](SSL_CTX* tls) {
         use(tls, rsa);
         SSL_CTX_set_max_proto_version(tls, TLS1_2_VERSION);
         SSL_CTX_set_cipher_list(tls, "DHE-RSA-AES128-GCM-SHA256");
         SSL_CTX_set0_tmp_dh_pkey(tls, small_diffie_hellman());
       },
       HasSubstr("Diffie-Hellman key that is too small")},
      {"no cipher in common",
       [&](SSL_CTX* tls) {
         use(tls, rsa);
         SSL_CTX_set_max_proto_version(tls, TLS1_2_VERSION);
         SSL_CTX_set_cipher_list(tls, "NULL-SHA256");
       },
       AllOf(HasSubstr("no cipher or key exchange in common"), HasSubstr("handshake failure"))},
      {"a client certificate, TLS 1.2",
       [&](SSL_CTX* tls) {
         use(tls, sound);
         SSL_CTX_set_max_proto_version(tls, TLS1_2_VERSION);
         SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
       },
       HasSubstr("requires a client certificate (mutual TLS)")},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    const OpenSslServer server(one.set_up);
    const auto response = send(request_to(server, trusted_.path()));
    ASSERT_FALSE(response.has_value());
    EXPECT_THAT(response.error().message, one.says);
    EXPECT_THAT(response.error().message, HasSubstr("vendor.example"));
    EXPECT_FALSE(response.error().retryable);
    EXPECT_EQ(response.error().sent, Sent::no);
    EXPECT_EQ(response.error().phase, Phase::connect);
  }
}

TEST_F(TlsErrors, tell_a_client_certificate_that_tls_1_3_asks_for_after_the_handshake) {
  const Certificate sound = issue({.name = "vendor.example", .issuer = &root_});
  const OpenSslServer server([&](SSL_CTX* tls) {
    use(tls, sound);
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  });
  const auto response = send(request_to(server, trusted_.path()));
  ASSERT_FALSE(response.has_value());
  EXPECT_THAT(response.error().message, HasSubstr("requires a client certificate (mutual TLS)"));
  EXPECT_FALSE(response.error().retryable);
}

TEST_F(TlsErrors, a_client_certificate_that_is_only_welcome_is_no_error) {
  const Certificate sound = issue({.name = "vendor.example", .issuer = &root_});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const OpenSslServer server([&](SSL_CTX* tls) {
      use(tls, sound);
      SSL_CTX_set_min_proto_version(tls, version);
      SSL_CTX_set_max_proto_version(tls, version);
      SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, nullptr);
    });
    const auto response = send(request_to(server, trusted_.path()));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "hello");
  }
}

TEST_F(TlsErrors, tell_what_is_no_tls_from_what_was_lost) {
  struct Case {
    const char* name;
    std::function<void(tcp::socket)> serve;
    ::testing::Matcher<std::string> says;
    bool retryable;
  };
  const Case cases[] = {
      {"plain HTTP",
       [](tcp::socket socket) {
         answer_hello(std::move(socket), "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
       },
       AllOf(HasSubstr("does not speak TLS"), HasSubstr("upstream.connect_to")), false},
      {"another protocol",
       [](tcp::socket socket) { answer_hello(std::move(socket), "SSH-2.0-OpenSSH_9.2p1\r\n"); },
       HasSubstr("does not speak TLS"), false},
      {"a server from before RFC 5746",
       [](tcp::socket socket) { answer_hello(std::move(socket), hello_without_extensions()); },
       HasSubstr("secure renegotiation"), false},
      {"the alert unrecognized_name",
       [](tcp::socket socket) {
         answer_hello(std::move(socket), std::string("\x15\x03\x03\0\x02\x02\x70", 7));
       },
       AllOf(HasSubstr("no server of that name"), HasSubstr("unrecognized name")), false},
      {"the alert internal_error",
       [](tcp::socket socket) {
         answer_hello(std::move(socket), std::string("\x15\x03\x03\0\x02\x02\x50", 7));
       },
       HasSubstr("internal error"), true},
      {"RST",
       [](tcp::socket socket) {
         read_hello(socket);
         socket.set_option(asio::socket_base::linger(true, 0));
       },
       HasSubstr("in the middle of the TLS handshake"), true},
      {"FIN", [](tcp::socket socket) { answer_hello(std::move(socket), ""); },
       HasSubstr("in the middle of the TLS handshake"), true},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    const OpenSslServer server(one.serve);
    const auto response = send(request_to(server, trusted_.path()));
    ASSERT_FALSE(response.has_value());
    EXPECT_THAT(response.error().message, one.says);
    EXPECT_EQ(response.error().retryable, one.retryable);
    EXPECT_EQ(response.error().sent, Sent::no);
    EXPECT_EQ(response.error().phase, Phase::connect);
  }
}

TEST_F(TlsErrors, say_nothing_that_a_certificate_could_put_into_a_log) {
  const Certificate odd = issue({.name = "a\r\nb\x1b[31m" + std::string(40, 'x')});
  const OpenSslServer server([&](SSL_CTX* tls) { use(tls, odd); });
  const auto response = send(request_to(server, trusted_.path()));
  ASSERT_FALSE(response.has_value());
  for (const char c : response.error().message)
    EXPECT_TRUE(c >= ' ' && c <= '~') << static_cast<int>(c);
}

TEST_F(TlsErrors, extra_authorities_stand_besides_the_others) {
  const Certificate strange = issue({.name = "vendor.example", .issuer = &stranger_});
  const OpenSslServer incomplete([&](SSL_CTX* tls) { use(tls, leaf_); });
  const OpenSslServer stranger([&](SSL_CTX* tls) { use(tls, strange); });
  const PemFile extra{{&middle_, &stranger_}};
  struct Case {
    const char* name;
    const OpenSslServer* server;
    std::string ca_file, extra_ca_file;
    bool trusted;
  };
  const Case cases[] = {
      {"besides ca_file: an intermediate that the server leaves out", &incomplete, trusted_.path(),
       extra.path(), true},
      {"besides ca_file: another root", &stranger, trusted_.path(), extra.path(), true},
      {"besides the system's", &stranger, "", extra.path(), true},
      {"not without", &stranger, trusted_.path(), "", false},
      {"not the system's alone", &stranger, "", "", false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    const auto response = send(request_to(*one.server, one.ca_file, one.extra_ca_file));
    EXPECT_EQ(response.has_value(), one.trusted) << (response ? "" : response.error().message);
  }
}

TEST_F(TlsErrors, name_a_file_of_authorities_that_cannot_be_used) {
  const OpenSslServer server([&](SSL_CTX* tls) { use(tls, leaf_); });
  const PemFile empty{{}};
  struct Case {
    std::string ca_file, extra_ca_file, says;
  };
  const Case cases[] = {{"/absent.pem", "", "upstream.ca_file /absent.pem"},
                        {empty.path(), "", "upstream.ca_file " + empty.path()},
                        {trusted_.path(), "/absent.pem", "upstream.extra_ca_file /absent.pem"}};
  for (const Case& one : cases) {
    const auto response = send(request_to(server, one.ca_file, one.extra_ca_file));
    ASSERT_FALSE(response.has_value());
    EXPECT_THAT(response.error().message, HasSubstr(one.says));
    EXPECT_FALSE(response.error().retryable);
    EXPECT_EQ(response.error().sent, Sent::no);
  }
}

TEST(Authorities, are_read_once_and_again_when_their_file_changes) {
  const Certificate one = issue({.name = "One", .authority = true});
  const Certificate two = issue({.name = "Two", .authority = true});
  const PemFile file{{&one}};
  const auto first = authorities(file.path(), "");
  ASSERT_TRUE(first.has_value()) << first.error();
  EXPECT_EQ(*first, *authorities(file.path(), ""));
  file.write({&one, &two});
  const auto second = authorities(file.path(), "");
  ASSERT_TRUE(second.has_value()) << second.error();
  EXPECT_NE(*first, *second);
  EXPECT_NE(*second, *authorities(file.path(), file.path()));
}

}  // namespace
}  // namespace penstock::upstream
