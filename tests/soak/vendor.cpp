#include "vendor.hpp"

#include <csignal>
#include <memory>
#include <stdexcept>
#include <string_view>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/upstream_tls_server.hpp"

namespace penstock::soak {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

int next_token = 0;

std::string answer(int status, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) + (status == 200 ? " OK" : " Refused") +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

/// A refresh token is good once: it rotates.
std::string token_for(std::string_view request) {
  if (!request.ends_with("refresh_token=r" + std::to_string(next_token)))
    return answer(400, "{\"error\":\"invalid_grant\"}");
  const std::string number = std::to_string(++next_token);
  return answer(200, "{\"access_token\":\"t" + number + "\",\"refresh_token\":\"r" + number +
                         "\",\"token_type\":\"Bearer\",\"expires_in\":3600}");
}

/// Empty: none is given.
std::string answer_to(std::string_view request) {
  const std::string_view target = request.substr(0, request.find(" HTTP/1.1"));
  const auto ends = [&](std::string_view end) { return target.ends_with(end); };
  if (ends("/hang")) return {};
  if (ends("/token")) return token_for(request);
  if (target.find("/renew/") != std::string_view::npos) {
    const std::size_t token = request.find("Bearer t");
    const int number = token == std::string_view::npos ? 0 : std::atoi(request.data() + token + 8);
    if (number % 2 == target.back() - '0') return answer(401, "{\"error\":\"expired\"}");
  }
  return answer(200,
                "{\"employees\":[{\"id\":\"1\",\"firstName\":\"Ada\",\"surname\":\"Lovelace\"}]}");
}

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, asio::ssl::context& tls) : stream_(std::move(socket), tls) {}

  void start() {
    stream_.async_handshake(upstream::TlsStream::server,
                            [self = shared_from_this()](boost::system::error_code error) {
                              if (!error) self->read();
                            });
  }

 private:
  void read() {
    stream_.async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
          if (error) return;
          self->input_.append(self->buffer_, size);
          self->serve();
        });
  }

  /// All requests carry their length; those of proxied bodies come in chunks only without one.
  void serve() {
    const std::size_t head = input_.find("\r\n\r\n");
    if (head == std::string::npos) return read();
    const std::size_t length = input_.find("Content-Length: ");
    const std::size_t size =
        head + 4 + (length < head ? std::stoul(input_.substr(length + 16)) : 0);
    if (input_.size() < size) return read();
    output_ = answer_to(std::string_view(input_).substr(0, size));
    input_.erase(0, size);
    if (output_.empty()) return read();
    asio::async_write(stream_, asio::buffer(output_),
                      [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                        if (!error) self->serve();
                      });
  }

  upstream::TlsStream stream_;
  char buffer_[16384];
  std::string input_, output_;
};

class Listener {
 public:
  Listener(asio::io_context& loop, const std::string& host)
      : acceptor_(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    const auto leaf = upstream::make_certificate(host, &upstream::authority().ca, 7L * 86'400);
    SSL_CTX_use_certificate(tls_.native_handle(), leaf.x509);
    SSL_CTX_use_PrivateKey(tls_.native_handle(), leaf.key);
    accept();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (!error) {
        boost::system::error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        std::make_shared<Session>(std::move(socket), tls_)->start();
      }
      accept();
    });
  }

  asio::ssl::context tls_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_;
};

}  // namespace

VendorProcess::VendorProcess() {
  (void)upstream::authority();
  int told[2];
  if (::pipe(told) != 0) throw std::runtime_error("no pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE, SIG_IGN);
    asio::io_context loop{1};
    Listener hibob(loop, "api.hibob.com"), workday(loop, workday_host), files(loop, "localhost");
    const std::uint16_t ports[3] = {hibob.port(), workday.port(), files.port()};
    if (::write(told[1], ports, sizeof ports) != sizeof ports) ::_exit(1);
    loop.run();
    ::_exit(0);
  }
  ::close(told[1]);
  const bool came = ::read(told[0], ports_, sizeof ports_) == sizeof ports_;
  ::close(told[0]);
  if (!came) throw std::runtime_error("the vendor did not start");
}

VendorProcess::~VendorProcess() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace penstock::soak
