#include "server.hpp"
#include "support.hpp"

#include <csignal>
#include <cstdio>
#include <curl/curl.h>
#include <filesystem>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace penstock::sandbox {
namespace {

struct Answer {
  CURLcode code = CURLE_OK;
  long status = 0;
  std::string body;
};

/// Connects as the engine does: the vendor's URL, with the TCP connection to the sandbox.
class Client {
 public:
  Client(std::string authority_pem, std::uint16_t port)
      : curl_(curl_easy_init()), authority_(std::move(authority_pem)) {
    auto there = "::127.0.0.1:" + std::to_string(port);
    connect_to_ = curl_slist_append(nullptr, there.c_str());
  }
  ~Client() {
    curl_slist_free_all(connect_to_);
    curl_easy_cleanup(curl_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Answer get(const std::string& url, const char* user_and_password = nullptr,
             const std::string* body = nullptr) {
    Answer answer;
    curl_easy_reset(curl_);
    curl_blob authority{authority_.data(), authority_.size(), CURL_BLOB_NOCOPY};
    curl_easy_setopt(curl_, CURLOPT_CAINFO_BLOB, &authority);
    curl_easy_setopt(curl_, CURLOPT_CONNECT_TO, connect_to_);
    curl_easy_setopt(curl_, CURLOPT_PROXY, "");
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    if (user_and_password) curl_easy_setopt(curl_, CURLOPT_USERPWD, user_and_password);
    if (body) {
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body->data());
    }
    curl_write_callback append = [](char* data, std::size_t size, std::size_t count, void* to) {
      static_cast<std::string*>(to)->append(data, size * count);
      return size * count;
    };
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer.body);
    answer.code = curl_easy_perform(curl_);
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
  }

 private:
  CURL* curl_;
  std::string authority_;
  curl_slist* connect_to_ = nullptr;
};

constexpr const char* user = "SERVICE-0001:hibob-sandbox-token";
constexpr const char* people_url = "https://api.hibob.com/v1/people";

struct SandboxServer : testing::Test {
  SandboxState state;
  Certificates certificates = make_certificates(host_names());
  Server server{"127.0.0.1", 0, certificates, state};
  std::thread thread{[this] { server.run(false); }};
  Client client{certificates.authority_pem, server.port()};

  ~SandboxServer() override {
    server.stop();
    thread.join();
  }
  void order(const std::string& body) {
    auto answer = client.get("https://sandbox.penstock.test/control", nullptr, &body);
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  rapidjson::Document ledger() {
    return std::move(*parse_json(client.get("https://sandbox.penstock.test/ledger").body));
  }
};

TEST_F(SandboxServer, EveryHostPassesTheCertificateCheck) {
  for (const auto& host : host_names())
    EXPECT_EQ(client.get("https://" + host + "/").code, CURLE_OK) << host;
  EXPECT_EQ(client.get("https://api.example.com/").code, CURLE_PEER_FAILED_VERIFICATION);
}

TEST_F(SandboxServer, AnotherAuthorityIsNotTrusted) {
  Client stranger{make_certificates(host_names()).authority_pem, server.port()};
  EXPECT_EQ(stranger.get(people_url, user).code, CURLE_PEER_FAILED_VERIFICATION);
}

TEST_F(SandboxServer, CallsShareAConnection) {
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(client.get(people_url, user).status, 200);
  EXPECT_EQ(client.get(people_url).status, 401);
  auto seen = ledger();
  EXPECT_EQ(member(*member(seen, "hibob"), "calls")->GetInt(), 4);
  EXPECT_EQ(member(seen, "connections")->GetInt(), 2);  // one for each host
}

TEST_F(SandboxServer, ALargeBodyArrivesWholeAndATooLargeOneIsRefused) {
  std::string body(3u << 20, 'x');
  EXPECT_EQ(client.get("https://api.hibob.com/v1/people/search", user, &body).status, 415);
  auto seen = ledger();
  EXPECT_EQ(string_member(*member(*member(seen, "hibob"), "last"), "body_base64"), base64(body));
  body.assign(33u << 20, 'x');
  EXPECT_EQ(client.get("https://api.hibob.com/v1/people/search", user, &body).status, 413);
}

TEST_F(SandboxServer, OrderedFaultsReachTheWire) {
  order(R"({"vendor":"hibob","reset_before_answer":1})");
  // The connection is new, so libcurl does not mistake the reset for a closed idle connection.
  Client fresh{certificates.authority_pem, server.port()};
  auto reset = fresh.get(people_url, user).code;
  EXPECT_TRUE(reset == CURLE_RECV_ERROR || reset == CURLE_GOT_NOTHING) << reset;

  order(R"({"vendor":"hibob","cut_after_bytes":400})");
  auto cut = fresh.get(people_url, user);
  EXPECT_NE(cut.code, CURLE_OK);
  EXPECT_EQ(cut.status, 200);
  EXPECT_LT(cut.body.size(), 400u);

  order(R"({"vendor":"hibob","delay_ms":80})");
  auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(fresh.get(people_url, user).status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds{80});
}

TEST_F(SandboxServer, AChunkedAnswerIsWhole) {
  std::string body =
      "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body/></e:Envelope>";
  auto answer =
      client.get("https://wd5-impl-services1.workday.com/ccx/service/acme/Human_Resources/v38.2",
                 nullptr, &body);
  EXPECT_EQ(answer.status, 500);
  EXPECT_TRUE(answer.body.ends_with("</SOAP-ENV:Envelope>")) << answer.body;
}

TEST(SandboxProgram, SaysWhereItListensAndEndsAtSigterm) {
  auto folder = std::filesystem::temp_directory_path() /
                ("penstock-sandbox-test-" + std::to_string(::getpid()));
  auto ca_file = (folder / "new" / "ca.pem").string();
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::close(out[0]);
    ::close(out[1]);
    ::execl(PENSTOCK_SANDBOX, PENSTOCK_SANDBOX, "--listen", "127.0.0.1:0", "--ca-file",
            ca_file.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(out[1]);
  std::unique_ptr<FILE, int (*)(FILE*)> lines{::fdopen(out[0], "r"), std::fclose};
  char line[512] = "";
  ASSERT_TRUE(std::fgets(line, sizeof line, lines.get()));
  unsigned port = 0;
  char path[256] = "";
  EXPECT_EQ(std::sscanf(line, "penstock-sandbox listening on 127.0.0.1:%u ca=%255s", &port, path),
            2)
      << line;
  EXPECT_EQ(path, ca_file);

  std::ifstream file{ca_file};
  std::stringstream pem;
  pem << file.rdbuf();
  EXPECT_FALSE(contains(pem.str(), "PRIVATE KEY"));
  {
    Client client{pem.str(), static_cast<std::uint16_t>(port)};
    EXPECT_EQ(client.get(people_url, user).status, 200);
    // The connection is still open: an idle client does not delay the exit.
    ::kill(child, SIGTERM);
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace penstock::sandbox
