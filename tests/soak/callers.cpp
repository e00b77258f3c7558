#include "callers.hpp"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace penstock::soak {
namespace {

std::string request(std::string_view method, std::string_view path, std::string_view integration,
                    std::string_view body, std::string_view key = "soak") {
  std::string out;
  out.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: soak\r\n");
  out.append("Authorization: Bearer ").append(key).append("\r\nX-Integration-Id: ");
  out.append(integration).append("\r\n");
  if (!body.empty() || method == "POST")
    out.append("Content-Type: application/json\r\nContent-Length: ")
        .append(std::to_string(body.size()))
        .append("\r\n");
  return out.append("\r\n").append(body);
}

std::string hibob_call(std::string_view envelope, std::string_view integration = "hibob:soak") {
  return request("POST", "/v1/passthrough/hibob/v1", integration, envelope);
}

std::string workday_call(const std::string& path) {
  return request("POST", "/v1/passthrough/workday/rest", "workday:soak",
                 R"({"method":"GET","api_options":{"service_name":"staffing"},"path":")" + path +
                     "\"}");
}

struct Kind {
  std::string request;
  int status;
};

/// A file that the engine fetches from that port of localhost.
std::string upload(std::uint16_t files_port) {
  return hibob_call(R"({"method":"POST","path":"/people/1/avatar/upload","multipart_form_data":[)"
                    R"({"name":"file","value":{"name":"a.json","content_type":"application/json",)"
                    R"("data_url":"https://localhost:)" +
                        std::to_string(files_port) + R"(/a.json"}}]})",
                    "hibob:upload");
}

/// The common kinds take turns; the costly ones come now and then.
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {hibob_call(R"({"method":"GET","path":"/people"})"), 200},
      {hibob_call(R"({"method":"POST","path":"/people/search","data":{"fields":["root.id"]}})"),
       200},
      {request("GET", "/v1/proxy/hibob/v1/people?humanReadable=true", "hibob:soak", ""), 200},
      {request("POST", "/v1/proxy/hibob/v1/people/search", "hibob:soak", R"({"fields":[]})"), 200},
      {request("POST", "/v1/validate/hibob/v1", "hibob:soak",
               R"({"method":"GET","path":"/people"})"),
       200},
      {workday_call("/workers"), 200},
      {hibob_call(R"({"method":"GET","path":"/people"})", "hibob:nobody"), 404},
      {hibob_call(R"({"method":"GET","path":"/../x"})"), 400},
      {hibob_call("{"), 400},
      {request("GET", "/v1/integrations", "", "", "wrong"), 401},
      {request("GET", "/v1/integrations", "", ""), 200},
      {hibob_call(R"({"method":"GET","path":"/people","response_as_base64":true})"), 200},
  };
  return all;
}

constexpr std::uint64_t hung_every = 997, gone_every = 1499, renewed_every = 4001,
                        uploaded_every = 101;

struct Ports {
  std::uint16_t server = 0, files = 0;
};

class KeptConnection {
 public:
  explicit KeptConnection(std::uint16_t port) : port_(port) {}
  ~KeptConnection() { close(); }
  KeptConnection(const KeptConnection&) = delete;
  KeptConnection& operator=(const KeptConnection&) = delete;

  bool send(std::string_view bytes) {
    if (socket_ < 0) open();
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return close(), false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// The status of the next answer; 0: there is none.
  int read() {
    for (;;) {
      const std::size_t head = input_.find("\r\n\r\n");
      if (head != std::string::npos) {
        std::string fields = input_.substr(0, head);
        std::ranges::transform(fields, fields.begin(),
                               [](unsigned char c) { return std::tolower(c); });
        const std::size_t length = fields.find("content-length: ");
        // The proxy's answers are the vendor's, who always says a length.
        const std::size_t body =
            length == std::string::npos ? 0 : std::stoul(fields.substr(length + 16));
        if (input_.size() >= head + 4 + body) {
          input_.erase(0, head + 4 + body);
          if (fields.find("connection: close") != std::string::npos) close();
          return std::atoi(fields.c_str() + 9);
        }
      }
      char some[16384];
      const ssize_t got = ::recv(socket_, some, sizeof some, 0);
      if (got <= 0) return close(), 0;
      input_.append(some, static_cast<std::size_t>(got));
    }
  }

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    input_.clear();
  }

 private:
  void open() {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) close();
  }

  std::uint16_t port_;
  int socket_ = -1;
  std::string input_;
};

std::atomic<std::uint64_t> made{0}, renewals{0};

/// False: it ended otherwise than it should.
bool make_call(KeptConnection& connection, const Ports& ports) {
  const std::uint64_t number = made++;
  if (number % gone_every == gone_every - 1) {
    KeptConnection leaving(ports.server);
    return leaving.send(hibob_call(R"({"method":"GET","path":"/hang"})"));
  }
  Kind special;
  const Kind* kind = &kinds()[number % kinds().size()];
  if (number % hung_every == hung_every - 1) {
    special = {hibob_call(R"({"method":"GET","path":"/hang"})", "hibob:hung"), 504};
    kind = &special;
  } else if (number % renewed_every == renewed_every - 1) {
    special = {workday_call("/renew/" + std::to_string(renewals++ % 2)), 200};
    kind = &special;
  } else if (number % uploaded_every == uploaded_every - 1) {
    special = {upload(ports.files), 200};
    kind = &special;
  }
  const int status = connection.send(kind->request) ? connection.read() : 0;
  if (status == kind->status) return true;
  std::fprintf(stderr, "soak: answered %d instead of %d: %s\n", status, kind->status,
               kind->request.c_str());
  return false;
}

std::uint64_t run_batch(std::vector<std::unique_ptr<KeptConnection>>& connections,
                        const Ports& ports, std::uint64_t calls) {
  std::atomic<std::int64_t> left{static_cast<std::int64_t>(calls)};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> threads;
  for (const auto& connection : connections) {
    threads.emplace_back([&, one = connection.get()] {
      while (left.fetch_sub(1) > 0) {
        if (!make_call(*one, ports)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  return wrong;
}

[[noreturn]] void serve_commands(int commands, int results, int count) {
  Ports ports;
  if (::read(commands, &ports, sizeof ports) != sizeof ports) ::_exit(1);
  std::vector<std::unique_ptr<KeptConnection>> connections;
  for (int i = 0; i < count; ++i)
    connections.push_back(std::make_unique<KeptConnection>(ports.server));
  for (std::uint64_t word = 0; ::read(commands, &word, sizeof word) == sizeof word;) {
    const std::uint64_t wrong = run_batch(connections, ports, word);
    if (::write(results, &wrong, sizeof wrong) != sizeof wrong) break;
  }
  ::_exit(0);
}

}  // namespace

CallerProcess::CallerProcess(int connections) {
  int commands[2], results[2];
  if (::pipe(commands) != 0 || ::pipe(results) != 0) throw std::runtime_error("no pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(commands[1]);
    ::close(results[0]);
    serve_commands(commands[0], results[1], connections);
  }
  ::close(commands[0]);
  ::close(results[1]);
  commands_ = commands[1];
  results_ = results[0];
}

CallerProcess::~CallerProcess() {
  ::close(commands_);
  ::waitpid(pid_, nullptr, 0);
  ::close(results_);
}

void CallerProcess::connect_to(std::uint16_t port, std::uint16_t files_port) {
  const Ports ports{port, files_port};
  if (::write(commands_, &ports, sizeof ports) != sizeof ports)
    throw std::runtime_error("the callers have gone");
}

std::uint64_t CallerProcess::run(std::uint64_t calls) {
  std::uint64_t wrong = 0;
  if (::write(commands_, &calls, sizeof calls) != sizeof calls ||
      ::read(results_, &wrong, sizeof wrong) != sizeof wrong)
    throw std::runtime_error("the callers have gone");
  return wrong;
}

}  // namespace penstock::soak
