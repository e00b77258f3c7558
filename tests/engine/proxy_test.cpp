// Streamed calls through the embedded engine, with real plugins, over real TLS, against the
// sandbox.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "sandbox_process.hpp"

namespace penstock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::SandboxProcess;

struct Streamed {
  Response head;
  std::string body;
  std::optional<Error> error;
  std::vector<int> interims;
};

/// Sends a text in small pieces, keeps what comes.
class Peer final : public ProxyPeer, public std::enable_shared_from_this<Peer> {
 public:
  explicit Peer(std::string body) : body_(std::move(body)) {}

  void read(ReadHandler handler) override {
    std::string piece = body_.substr(sent_, 7);
    sent_ += piece.size();
    handler(std::move(piece));
  }
  void interim(Response head) override { got_.interims.push_back(head.status); }
  void head(Response head) override { got_.head = std::move(head); }
  void write(std::string piece, std::function<void(bool)> next) override {
    got_.body += piece;
    next(true);
  }
  void finish(Result<ProxyEnd> end) override {
    if (!end) got_.error = std::move(end).error();
    done_.set_value(std::move(got_));
  }

  Streamed wait() { return done_.get_future().get(); }

 private:
  std::string body_;
  std::size_t sent_ = 0;
  Streamed got_;
  std::promise<Streamed> done_;
};

class ProxyTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    sandbox = new SandboxProcess();
    engine = sandbox->engine().release();
  }
  static void TearDownTestSuite() {
    delete engine;
    delete sandbox;
  }
  void SetUp() override { sandbox->control(R"({"vendor":"workday","revoke_access_tokens":true})"); }

  static Streamed proxy(const std::string& tool, const std::string& api, const std::string& method,
                        const std::string& path, std::vector<Field> asked = {},
                        const std::string& body = {}, Headers headers = {}) {
    ProxyCall call;
    call.call.tool = tool;
    call.call.api = api;
    call.call.integration_id = tool + ":acme";
    call.call.method = method;
    call.call.path = path;
    call.call.api_options = options(asked);
    call.call.headers = std::move(headers);
    call.has_body = !body.empty();
    const auto peer = std::make_shared<Peer>(body);
    engine->proxy(std::move(call), peer);
    return peer->wait();
  }

  static SandboxProcess* sandbox;
  static Engine* engine;
};
SandboxProcess* ProxyTest::sandbox = nullptr;
Engine* ProxyTest::engine = nullptr;

TEST_F(ProxyTest, streams_a_vendors_answer_as_it_is) {
  const Streamed got = proxy("hibob", "v1", "GET", "/people?x=%2F", {}, {},
                             {{"Host", "penstock"},
                              {"Connection", "x-hop"},
                              {"x-hop", "1"},
                              {"Cookie", "jar=1"},
                              {"traceparent", "00-1-2-01"},
                              {"x_forwarded_for", "192.0.2.1"},
                              {"x_trace", "kept"}});
  ASSERT_FALSE(got.error) << got.error->message;
  EXPECT_EQ(got.head.status, 200);
  EXPECT_EQ(got.head.url, "https://api.hibob.com/v1/people?x=%2F");
  EXPECT_TRUE(got.head.body.empty());
  EXPECT_THAT(got.body, ::testing::StartsWith("{\"employees\""));
  EXPECT_EQ(got.head.concurrency_slots.limit, 30);
  EXPECT_EQ(got.head.concurrency_slots.remaining, 29);
  const std::string ledger = sandbox->ledger();
  for (const char* left_behind : {"x-hop", "jar=1", "traceparent", "192.0.2.1"})
    EXPECT_THAT(ledger, Not(HasSubstr(left_behind)));
  EXPECT_THAT(ledger, HasSubstr("x_trace"));
}

TEST_F(ProxyTest, sends_a_body_in_pieces_to_an_api_with_a_session_that_it_makes_first) {
  const std::string body = R"({"effective":"2026-01-01",  "odd":12.500e+00})";
  const Streamed got = proxy("workday", "rest", "POST", "/workers/me/jobChanges",
                             {{"service_name", "staffing"}, {"version", "v6"}}, body,
                             {{"Content-Type", "application/json"}});
  ASSERT_FALSE(got.error) << got.error->message;
  EXPECT_EQ(got.head.status / 100, 2) << got.body;
  EXPECT_THAT(got.body, HasSubstr(R"("effective":"2026-01-01",  "odd":12.500e+00)"));
}

TEST_F(ProxyTest, renews_an_expired_session_and_repeats_what_can_be_repeated) {
  const std::vector<Field> asked = {{"service_name", "staffing"}, {"version", "v6"}};
  ASSERT_EQ(proxy("workday", "rest", "GET", "/workers", asked).head.status, 200);
  sandbox->control(R"({"vendor":"workday","revoke_access_tokens":true})");
  const Streamed again = proxy("workday", "rest", "GET", "/workers", asked);
  ASSERT_FALSE(again.error) << again.error->message;
  EXPECT_EQ(again.head.status, 200) << "the vendor's 401 reached the caller";
  EXPECT_THAT(again.body, HasSubstr("\"total\""));

  sandbox->control(R"({"vendor":"workday","revoke_access_tokens":true})");
  const auto change_job = [&] {
    return proxy("workday", "rest", "POST", "/workers/me/jobChanges", asked, "{\"a\":1}",
                 {{"Content-Type", "application/json"}});
  };
  const Streamed streamed = change_job();
  ASSERT_FALSE(streamed.error) << streamed.error->message;
  EXPECT_EQ(streamed.head.status, 401) << "a body that was streamed cannot be sent again";
  EXPECT_EQ(change_job().head.status, 201)
      << "the next call must not use the session that was refused";
}

const std::string envelope_open =
    R"(<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" )";

TEST_F(ProxyTest, takes_a_whole_envelope_for_each_soap_dialect) {
  struct Case {
    const char *tool, *ns, *element, *service, *expected;
  };
  const Case cases[] = {
      {"workday", "urn:com.workday/bsvc", "Get_Workers_Request", "Human_Resources",
       "Get_Workers_Response"},
      {"nmbrs", "https://api.nmbrs.nl/soap/v3/CompanyService", "List_GetAll", "CompanyService",
       "List_GetAllResponse"},
  };
  for (const Case& one : cases) {
    const std::string name(one.element);
    // The prefix is bound far from its use: the plugin must find the operation all the same.
    const std::string envelope = envelope_open + "xmlns:o=\"" + one.ns +
                                 "\">\n <s:Body><o:" + name + "/></s:Body>\n</s:Envelope>";
    const Streamed got =
        proxy(one.tool, "soap", "POST", "/", {{"service_name", one.service}}, envelope,
              {{"Content-Type", "text/xml; charset=utf-8"}, {"SOAPAction", "\"toolkit's\""}});
    ASSERT_FALSE(got.error) << one.tool << ": " << got.error->message;
    EXPECT_EQ(got.head.status, 200) << got.body;
    EXPECT_THAT(got.body, HasSubstr(one.expected)) << one.tool;
  }
}

TEST_F(ProxyTest, takes_an_envelope_of_soap_12_where_the_vendor_does) {
  const std::string envelope =
      R"(<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header/><e:Body>)"
      R"(<List_GetAll xmlns="https://api.nmbrs.nl/soap/v3/CompanyService"/></e:Body></e:Envelope>)";
  const Streamed got = proxy("nmbrs", "soap", "POST", "", {{"service_name", "CompanyService"}},
                             envelope, {{"Content-Type", "application/soap+xml; charset=utf-8"}});
  ASSERT_FALSE(got.error) << got.error->message;
  EXPECT_EQ(got.head.status, 200) << got.body;
  EXPECT_THAT(got.body, HasSubstr("Acme Nederland"));
}

TEST_F(ProxyTest, takes_what_stands_in_a_body_as_well) {
  const Streamed got =
      proxy("hroffice", "soap", "POST", "/", {{"operation_name", "GetAllJobByLanguage"}},
            "<languageId>1</languageId>", {{"Content-Type", "text/plain"}});
  ASSERT_FALSE(got.error) << got.error->message;
  EXPECT_EQ(got.head.status, 200) << got.body;
}

struct RefusedCase {
  const char* name;
  std::string tool, api, method, path, body;
  std::vector<Field> asked;
  Headers headers;
  const char* says;
};

TEST_F(ProxyTest, refuses_before_anything_is_sent) {
  const std::vector<Field> workers = {{"service_name", "Human_Resources"}};
  const std::string own_security =
      envelope_open +
      "><s:Header><w:Security xmlns:w=\"http://docs.oasis-open.org/wss/2004/01/"
      "oasis-200401-wss-wssecurity-secext-1.0.xsd\"/></s:Header><s:Body><a xmlns=\"urn:com."
      "workday/bsvc\"/></s:Body></s:Envelope>";
  const auto with_block = [](const std::string& block, const std::string& ns) {
    return envelope_open + "><s:Header>" + block + "</s:Header><s:Body><a xmlns=\"" + ns +
           "\"/></s:Body></s:Envelope>";
  };
  const std::string taleo_security =
      with_block("<w:Security xmlns:w=\"http://docs.oasis-open.org/wss/2004/01/"
                 "oasis-200401-wss-wssecurity-secext-1.0.xsd\"/>",
                 "http://www.taleo.com/ws/tee800/2009/01/find");
  const std::string nmbrs_ns = "https://api.nmbrs.nl/soap/v3/CompanyService";
  const std::string nmbrs_auth = with_block("<AuthHeader xmlns=\"" + nmbrs_ns + "\"/>", nmbrs_ns);
  const std::string foreign_auth = with_block("<Credentials xmlns=\"urn:x\"/>", nmbrs_ns);
  const Headers xml = {{"Content-Type", "text/xml"}};
  const std::string plain_envelope =
      envelope_open + "><s:Body><a xmlns=\"urn:com.workday/bsvc\"/></s:Body></s:Envelope>";
  const RefusedCase cases[] = {
      {"Security for Taleo",
       "taleo",
       "soap",
       "POST",
       "/",
       taleo_security,
       {},
       xml,
       "Security of its own"},
      {"AuthHeader for Nmbrs",
       "nmbrs",
       "soap",
       "POST",
       "/",
       nmbrs_auth,
       {{"service_name", "CompanyService"}},
       xml,
       "AuthHeader of its own"},
      {"another's credentials",
       "nmbrs",
       "soap",
       "POST",
       "/",
       foreign_auth,
       {{"service_name", "CompanyService"}},
       xml,
       "Credentials of its own"},
      {"the base URL's parameter",
       "taleo",
       "soap",
       "POST",
       "/?serviceName=Other",
       "<a xmlns='urn:x'/>",
       {},
       xml,
       "base URL of taleo/soap"},
      {"a hidden charset",
       "workday",
       "soap",
       "POST",
       "/",
       plain_envelope,
       workers,
       {{"Content-Type", "text/xml; x=\"charset=utf-8\"; charset=utf-7"}},
       "a charset other than utf-8"},
      {"two charsets",
       "workday",
       "soap",
       "POST",
       "/",
       plain_envelope,
       workers,
       {{"Content-Type", "text/xml; charset=utf-8; charset=utf-7"}},
       "more than once"},
      {"a broken parameter",
       "workday",
       "soap",
       "POST",
       "/",
       plain_envelope,
       workers,
       {{"Content-Type", "text/xml; charset=\"utf-8"}},
       "parameters"},
      {"a declaration before a fragment", "workday", "soap", "POST", "/",
       "<?xml version=\"1.0\"?><wd:X/>", workers, xml, "XML declaration"},
      {"two content types",
       "hibob",
       "v1",
       "POST",
       "/a",
       "{}",
       {},
       {{"Content-Type", "a/b"}, {"content-type", "c/d"}},
       "only one"},
      {"a host", "hibob", "v1", "GET", "//evil.example/x", "", {}, {}, "host"},
      {"a dot segment", "hibob", "v1", "GET", "/a/%2e%2e/b", "", {}, {}, "dot segment"},
      {"a credential", "hibob", "v1", "GET", "/a", "", {}, {{"Authorization", "x"}}, "credential"},
      {"another method",
       "hibob",
       "v1",
       "GET",
       "/a",
       "",
       {},
       {{"X_HTTP_Method-Override", "PUT"}},
       "a request other than"},
      {"a method", "hibob", "v1", "TRACE", "/a", "", {}, {}, "TRACE"},
      {"a method of SOAP", "workday", "soap", "HEAD", "/", "", workers, {}, "HEAD"},
      {"a path of SOAP", "workday", "soap", "POST", "/x", "<a/>", workers, {}, "a single URL"},
      {"no option", "workday", "soap", "POST", "/", "<a/>", {}, {}, "service_name"},
      {"Security of its own",
       "workday",
       "soap",
       "POST",
       "/",
       own_security,
       workers,
       {{"Content-Type", "text/xml"}},
       "remove it"},
      {"another charset",
       "workday",
       "soap",
       "POST",
       "/",
       envelope_open + "><s:Body><a xmlns=\"urn:com.workday/bsvc\"/></s:Body></s:Envelope>",
       workers,
       {{"Content-Type", "text/xml; charset=latin1"}},
       "charset"},
      {"another type",
       "workday",
       "soap",
       "POST",
       "/",
       envelope_open + "><s:Body><a xmlns=\"urn:com.workday/bsvc\"/></s:Body></s:Envelope>",
       workers,
       {{"Content-Type", "application/json"}},
       "text/xml"},
      {"a broken envelope",
       "workday",
       "soap",
       "POST",
       "/",
       envelope_open + ">",
       workers,
       {{"Content-Type", "text/xml"}},
       "well-formed"},
  };
  const auto seen = [] {  // but for the connections: asking for the ledger is one
    const std::string ledger = sandbox->ledger();
    return ledger.substr(0, ledger.rfind("\"connections\""));
  };
  const std::string before = seen();
  for (const RefusedCase& one : cases) {
    const Streamed got =
        proxy(one.tool, one.api, one.method, one.path, one.asked, one.body, one.headers);
    ASSERT_TRUE(got.error) << one.name;
    EXPECT_EQ(got.error->http_status, 400) << one.name << ": " << got.error->message;
    EXPECT_EQ(got.error->sent, Sent::no) << one.name;
    EXPECT_THAT(got.error->message, HasSubstr(one.says)) << one.name;
  }
  EXPECT_EQ(seen(), before);
}

TEST_F(ProxyTest, tells_a_cut_answer_from_a_whole_one) {
  sandbox->control(R"({"vendor":"hibob","cut_after_bytes":400})");
  const Streamed got = proxy("hibob", "v1", "GET", "/people");
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->sent, Sent::yes);
  EXPECT_EQ(got.error->http_status, 502);
}

}  // namespace
}  // namespace penstock
