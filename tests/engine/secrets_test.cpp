#include <gmock/gmock.h>
#include <penstock/text.hpp>

#include "../unit/upstream_tls_server.hpp"
#include "sandbox_process.hpp"

namespace penstock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using upstream::Server;

/// An engine whose vendor answers every request with what `reflect` makes of it.
class ReflectingVendor {
 public:
  using Reflect = std::function<std::string(const std::string& request)>;

  ReflectingVendor(const std::string& host, Reflect reflect)
      : server_(
            [this, reflect = std::move(reflect)](upstream::TlsStream& stream) {
              for (std::string got; !(got = server_.read_request(stream)).empty();)
                Server::send(stream, reflect(got));
            },
            host) {
    Config config = sandbox_.config();
    config.upstream.connect_to = server_.address();
    config.upstream.ca_file = upstream::authority().file.string();
    auto opened = Engine::open(std::move(config), {});
    if (!opened) throw std::runtime_error(opened.error().front().text());
    engine_ = *std::move(opened);
  }

  Engine& engine() { return *engine_; }

 private:
  testing::SandboxProcess sandbox_;
  Server server_;
  std::unique_ptr<Engine> engine_;
};

std::string with_status(const char* status, const char* type, const std::string& body) {
  return std::string("HTTP/1.1 ") + status + "\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// In every form in which a debugging page has been seen to show a header or a body.
std::vector<std::string> forms_of(const std::string& secret) {
  std::string hex;
  for (const char c : secret) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    hex += two;
  }
  return {secret, percent_encode(secret), base64_encode(secret), base64_encode("user:" + secret),
          hex};
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts)
    out += text + " ; ";
  return out;
}

std::string all_words_of(const Error& error) {
  std::string out = error.title + error.message;
  for (const Problem& problem : error.details)
    out += problem.pointer + problem.message;
  return out;
}

void expect_none(const std::string& secret, const std::string& text) {
  for (const std::string& form : forms_of(secret)) {
    // Base64's edges mix in their neighbours: what is left of those tells two characters at most.
    EXPECT_THAT(text, Not(HasSubstr(form.substr(2, form.size() - 6)))) << form;
  }
}

TEST(Secrets, a_fault_that_quotes_the_credential_reaches_the_warnings_without_it) {
  const std::string token = "nmbrs-sandbox-token";
  ReflectingVendor vendor("api.nmbrs.nl", [&](const std::string&) {
    return with_status("500 Error", "text/xml",
                       "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>"
                       "<s:Fault><faultcode>s:Server</faultcode><faultstring>2003: bad token " +
                           joined(forms_of(token)) +
                           "</faultstring></s:Fault></s:Body></s:Envelope>");
  });
  Call call;
  call.tool = "nmbrs", call.api = "soap", call.integration_id = "nmbrs:acme";
  call.method = "POST";
  call.api_options = options({{"service_name", "CompanyService"}});
  call.body = R"(<List_GetAll xmlns="https://api.nmbrs.nl/soap/v3/CompanyService"/>)";
  const auto answer = testing::call(vendor.engine(), std::move(call));
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_FALSE(answer->warnings.empty());
  EXPECT_THAT(joined(answer->warnings), HasSubstr("2003: bad token"));
  expect_none(token, joined(answer->warnings) + answer->url);
  EXPECT_THAT(answer->body, HasSubstr(token)) << "the vendor's bytes are the vendor's";
}

TEST(Secrets, a_token_endpoint_that_quotes_the_credentials_is_reported_without_them) {
  const std::string secret = "workday-sandbox-secret", refresh = "workday-sandbox-refresh";
  ReflectingVendor vendor("wd5-impl-services1.workday.com", [&](const std::string& got) {
    EXPECT_THAT(got, HasSubstr(refresh)) << "the test's vendor was asked for something else";
    return with_status("400 Bad Request", "application/json",
                       R"({"error":"invalid_grant","error_description":")" +
                           joined(forms_of(secret)) + joined(forms_of(refresh)) + "\"}");
  });
  Call call;
  call.tool = "workday", call.api = "rest", call.integration_id = "workday:acme";
  call.path = "/workers";
  call.api_options = options({{"service_name", "staffing"}, {"version", "v6"}});
  const auto answer = testing::call(vendor.engine(), std::move(call));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("invalid_grant"));
  expect_none(secret, all_words_of(answer.error()));
  expect_none(refresh, all_words_of(answer.error()));
}

TEST(Secrets, a_redirect_is_an_answer_and_nobody_is_visited) {
  Server evil([](upstream::TlsStream&) {}, "api.hibob.com");
  const std::string port = evil.address().substr(evil.address().rfind(':'));
  const std::string targets[] = {"https://127.0.0.1" + port + "/x",
                                 "https://api.hibob.com" + port,
                                 "http://api.hibob.com/v1/people",
                                 "//localhost" + port + "/x",
                                 "/v1/people",
                                 "people",
                                 "file:///etc/passwd"};
  std::atomic<int> asked{0};
  std::atomic<int> status{0};
  std::string target;
  ReflectingVendor vendor("api.hibob.com", [&](const std::string&) {
    ++asked;
    return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + target +
           "\r\nContent-Length: 0\r\n\r\n";
  });
  for (const int code : {301, 302, 303, 307, 308}) {
    for (const std::string& to : targets) {
      for (const char* method : {"GET", "POST", "DELETE"}) {
        status = code, target = to, asked = 0;
        Call call;
        call.tool = "hibob", call.api = "v1", call.integration_id = "hibob:acme";
        call.method = method, call.path = "/people";
        const auto answer = testing::call(vendor.engine(), std::move(call));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->status, code);
        EXPECT_EQ(answer->url, "https://api.hibob.com/v1/people");
        EXPECT_EQ(asked, 1) << code << " to " << to;
      }
    }
  }
  EXPECT_EQ(evil.connections, 0);
}

}  // namespace
}  // namespace penstock
