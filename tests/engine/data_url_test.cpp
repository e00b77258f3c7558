#include <fstream>

#include <gmock/gmock.h>

#include "../unit/upstream_tls_server.hpp"
#include "sandbox_process.hpp"

namespace penstock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using upstream::Server;

/// A store of files that the caller names, on this machine, and an engine that may go there or not.
class DataUrl : public ::testing::Test {
 protected:
  DataUrl()
      : store(
            [this](upstream::TlsStream& stream) {
              for (std::string got; !(got = store.read_request(stream)).empty();) {
                requests.push_back(got);
                Server::send(stream, answer(got.substr(4, got.find(' ', 4) - 4)));
                if (got.starts_with("GET /cut ")) return;  // without TLS's close_notify
              }
            },
            "localhost") {}

  static std::string plain(const std::string& type, const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string to(const std::string& location) {
    return "HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n";
  }

  std::string answer(const std::string& path) const {
    if (path == "/cv.pdf?sig=%2Fa+b") return plain("application/pdf", pdf);
    if (path == "/large") return plain("text/plain", std::string(300'000, 'x'));
    if (path == "/moved") return to("/cv.pdf?sig=%2Fa+b");
    if (path == "/away") return to("https://localhost:" + port() + "/moved");
    if (path == "/plain_http") return to("http://localhost:" + port() + "/moved");
    if (path == "/file") return to("file:///etc/passwd");
    if (path == "/relative") return to("cv.pdf");
    if (path == "/other_authority") return to("//localhost/cv.pdf");
    if (path == "/unchanged")
      return "HTTP/1.1 304 Not Modified\r\nLocation: /cv.pdf?sig=%2Fa+b\r\n\r\n";
    if (path == "/choices")
      return "HTTP/1.1 300 Multiple Choices\r\nLocation: /moved\r\nContent-Length: 0\r\n\r\n";
    if (path == "/round") return to("/round");
    if (path == "/cut") return "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\nid;name\n1;Ad";
    if (path == "/coded")
      return "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf";
    if (path == "/html_type") return plain("text/html\tx", "hello");
    return "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
  }

  std::string port() const { return store.address().substr(store.address().rfind(':') + 1); }
  std::string url(const std::string& path) const { return "https://localhost:" + port() + path; }

  /// Uploads what `data_url` names to HiBob, which answers what came to it.
  Result<Response> upload(const std::string& data_url, bool private_allowed = true) {
    Config config = sandbox.config();
    config.server.max_request_bytes = 200'000;
    for (IntegrationConfig& one : config.integrations) {
      if (one.id != "hibob:acme") continue;
      // The vendor is the sandbox, by connect_to; the store has an authority of its own.
      one.upstream.allow_private_addresses = private_allowed;
      one.upstream.ca_file = bundle();
    }
    auto engine = Engine::open(std::move(config), {});
    if (!engine) throw std::runtime_error(engine.error().front().text());
    Call call;
    call.tool = "hibob", call.api = "v1", call.integration_id = "hibob:acme";
    call.method = "POST", call.path = "/docs/people/3332883884017713000/shared/upload";
    FormPart name, file;
    name.name = "documentName", name.content = "cv";
    file.name = "file", file.is_file = true, file.file_name = "cv.pdf", file.data_url = data_url;
    call.form = {name, file};
    return testing::call(**engine, std::move(call));
  }

  std::string bundle() const {
    const std::filesystem::path path = sandbox.folder() / "both.pem";
    std::ofstream out(path);
    for (const auto& part : {sandbox.folder() / "ca.pem", upstream::authority().file})
      out << std::ifstream(part).rdbuf();
    return path.string();
  }

  const std::string pdf = std::string("%PDF-1.7 \0\xff", 11);
  std::vector<std::string> requests;
  testing::SandboxProcess sandbox;
  Server store;
};

TEST_F(DataUrl, is_fetched_and_sent_as_if_the_caller_had_sent_its_content) {
  for (const char* path : {"/cv.pdf?sig=%2Fa+b", "/moved", "/away"}) {
    const auto answer = upload(url(path));
    ASSERT_TRUE(answer) << path << ": " << answer.error().message;
    EXPECT_EQ(answer->status, 200) << answer->body;
    EXPECT_THAT(answer->body, HasSubstr("application/pdf")) << path;
    EXPECT_THAT(answer->body, HasSubstr(":11")) << path << " has another size";
  }
  for (const std::string& request : requests) {
    EXPECT_THAT(request, Not(HasSubstr("Authorization"))) << "a credential of the connection";
    EXPECT_THAT(request, Not(HasSubstr("hibob")));
  }
}

struct RefusedUrl {
  const char* name;
  std::string url;
  const char* says;
};

TEST_F(DataUrl, that_leads_anywhere_else_refuses_the_call_before_the_vendor_hears_of_it) {
  const RefusedUrl cases[] = {
      {"plain http", "http://localhost/cv.pdf", "https"},
      {"a file", "file:///etc/passwd", "https"},
      {"a user", "https://a:b@localhost/cv.pdf", "user"},
      {"what is not there", url("/none"), "404"},
      {"a redirect to plain http", url("/plain_http"), "https"},
      {"a redirect to a file", url("/file"), "https"},
      {"a redirect by a relative path", url("/relative"), "neither a URL nor a path"},
      {"a redirect without a scheme", url("/other_authority"), "neither a URL nor a path"},
      {"a redirect to itself", url("/round"), "more than three times"},
      {"a 304 with a Location", url("/unchanged"), "304"},
      {"a 300 with a Location", url("/choices"), "300"},
      {"more than is allowed", url("/large"), "larger"},
  };
  for (const RefusedUrl& one : cases) {
    const auto answer = upload(one.url);
    ASSERT_FALSE(answer) << one.name;
    EXPECT_EQ(answer.error().sent, Sent::no) << one.name;
    EXPECT_THAT(answer.error().message, HasSubstr(one.says)) << one.name;
    ASSERT_EQ(answer.error().details.size(), 1U) << one.name;
    EXPECT_EQ(answer.error().details[0].pointer, "/multipart_form_data/1/value/data_url");
  }
  EXPECT_THAT(sandbox.ledger(), HasSubstr(R"("hibob":{"calls":0)"));
}

TEST_F(DataUrl, that_is_not_whole_is_not_uploaded) {
  const std::pair<const char*, const char*> cases[] = {{"/cut", "close_notify"},
                                                       {"/coded", "Content-Encoding"}};
  for (const auto& [path, message] : cases) {
    const auto answer = upload(url(path));
    ASSERT_FALSE(answer.has_value()) << path;
    EXPECT_THAT(answer.error().message, HasSubstr(message));
    EXPECT_EQ(answer.error().sent, Sent::no) << path;
  }
}

TEST_F(DataUrl, reaches_public_addresses_and_the_usual_port_only_unless_the_integration_says_so) {
  const auto port = upload(url("/cv.pdf"), false);
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error().message, HasSubstr("a port other than 443"));
  // Nobody learns by it which names this network knows, and at which addresses.
  const auto address = upload("https://localhost/cv.pdf", false);
  const auto name = upload("https://no-such-host.invalid/cv.pdf", false);
  ASSERT_FALSE(address);
  ASSERT_FALSE(name);
  EXPECT_EQ(address.error().message, name.error().message);
  EXPECT_EQ(address.error().retryable, name.error().retryable);
  EXPECT_THAT(address.error().message, Not(HasSubstr("127.0.0.1")));
  EXPECT_EQ(store.connections, 0);
  EXPECT_THAT(sandbox.ledger(), HasSubstr(R"("hibob":{"calls":0)"));
}

TEST_F(DataUrl, keeps_a_type_of_the_callers_and_takes_none_that_is_no_media_type) {
  const auto answer = upload(url("/html_type"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(answer->body, Not(HasSubstr("text/html")));
}

}  // namespace
}  // namespace penstock
