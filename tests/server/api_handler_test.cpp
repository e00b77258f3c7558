#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include <gmock/gmock.h>

#include "api/catalog_json.hpp"
#include "http_fixture.hpp"
#include "log/bounded_writer.hpp"

namespace penstock::server {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class ApiHandlerTest : public testing::Test {
 protected:
  HttpResponse ask(std::string_view raw, std::string body = {},
                   const Client& client = {"192.0.2.1"}) {
    if (!api_) make();
    const auto head = read_head(raw);
    if (!head) {
      ADD_FAILURE() << head.error().message;
      return {};
    }
    const Admission admission = api_->admit(*head, client);
    if (admission.rejection) return *admission.rejection;
    HttpResponse out;
    admission.exchange->respond(std::move(body), nullptr,
                                [&](HttpResponse response) { out = std::move(response); });
    return out;
  }

  HttpResponse call(std::string body, std::string_view target = "/v1/passthrough/hibob/v1") {
    return ask("POST " + std::string(target) +
                   " HTTP/1.1\r\nHost: x\r\nAuthorization: bearer  key\r\nX-Integration-Id: "
                   "hibob:acme\r\n\r\n",
               std::move(body));
  }

  void make() {
    api_.emplace(engine_, config_, *AllowedNetworks::parse(config_.allowed_networks),
                 [this](std::string line) { lines_.push_back(std::move(line)); });
  }

  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const Field& field : response.headers) {
      if (field.name == name) return field.value;
    }
    return {};
  }

  ServerConfig config_ = RunningServer::default_config();
  FakeEngine engine_;
  std::optional<ApiHandler> api_;
  std::vector<std::string> lines_;
};

TEST_F(ApiHandlerTest, ServesItsPages) {
  const struct {
    std::string_view target;
    int status;
    std::string_view body;
  } rows[] = {
      {"/v1/check-api-key", 200,
       R"({"status":"success","data":{"environment_id":"test \"one\""}})"},
      {"/v1/apis", 200,
       R"({"status":"success","data":[{"tool":"hibob","api":"v1","title":"HiBob","docs_url":"https://apidocs.hibob.com",)"},
      {"/v1/apis/hibob/v1?x", 200,
       R"("connection":{"type":"object"},"required_fields":[],"required_when":[],"headers":{"owned":["authorization"]},"examples":[{"title":"People","request":{"method":"POST",)"
       R"("path":"/people/search","params":{"limit":"5"},"data":{"a":1}},"curl":"curl -sS http://127.0.0.1:0/v1/passthrough/hibob/v1 )"},
      {"/v1/apis/hibob/v1", 200,
       R"(-i hibob:well -q limit=5 \\\n  -d '{\"a\":1}'","typescript":"import { Kombo })"},
      {"/v1/apis/hibob/v1", 200,
       R"(console.log(JSON.stringify(response.data));"}],"plugin":"hibob 1.0.0"}})"},
      {"/v1/apis/hibob/v2", 404, R"(did you mean \"hibob/v1\"?)"},
      {"/v1/integrations", 200,
       R"({"status":"success","data":[{"id":"hibob:well","tool":"hibob","enabled":true,"apis":["hibob/v1"],"health":"ok"},{"id":"hibob:acme",)"},
      {"/v1/integrations/hibob%3Aacme", 200, R"("data":{"id":"hibob:acme")"},
      {"/v1/integrations/other", 404, "PLATFORM.INTEGRATION_NOT_FOUND"},
      {"/healthz", 200, R"({"status":"ok"})"},
      {"/readyz", 200, R"({"status":"ok"})"},
      {"/v1/apis/", 404, "no such path"},
      {"/v1/apis/hibob", 404, "no such path"},
      {"/v1/apis/hibob/v1/x", 404, "no such path"},
      {"/v1/integrations/", 404, "no such path"},
      {"/passthrough/hibob/v1", 404, "no such path"},
      {"//healthz", 404, "no such path"},
      {"/", 404, "no such path"},
  };
  for (const auto& row : rows) {
    const HttpResponse response = ask("GET " + std::string(row.target) +
                                      " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n\r\n");
    EXPECT_EQ(response.status, row.status) << row.target;
    EXPECT_THAT(response.body, HasSubstr(row.body));
  }
}

TEST_F(ApiHandlerTest, NamesTheMethodsThatAPathTakes) {
  const struct {
    std::string_view start;
    std::string_view allow;
  } rows[] = {{"GET /v1/passthrough/a/b", "POST"},
              {"POST /v1/apis", "GET, HEAD"},
              {"OPTIONS /healthz", "GET, HEAD"}};
  for (const auto& row : rows) {
    const HttpResponse response = ask(std::string(row.start) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(response.status, 405) << row.start;
    EXPECT_EQ(header(response, "Allow"), row.allow);
    EXPECT_THAT(response.body, HasSubstr("PLATFORM.INPUT_INVALID"));
  }
}

TEST_F(ApiHandlerTest, TakesOnlyItsKeys) {
  config_.api_keys = {{"first", Secret("key"), "", 0},
                      {"hashed", Secret(),
                       // SHA-256 of "abc", FIPS 180-2.
                       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 0},
                      {"empty", Secret(), "", 0}};
  const struct {
    std::string_view authorization;
    int status;
  } rows[] = {{"Bearer key", 200},
              {"bearer key", 200},
              {"BEARER   key", 200},
              {"Bearer abc", 200},
              {"Bearer ke", 401},
              {"Bearer keyy", 401},
              {"Bearer", 401},
              {"key", 401},
              {"Basic key", 401},
              {"Bearer key x", 401},
              {"Bearer ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 401}};
  for (const auto& row : rows) {
    const HttpResponse response =
        ask("GET /v1/check-api-key HTTP/1.1\r\nHost: x\r\nAuthorization: " +
            std::string(row.authorization) + "\r\n\r\n");
    EXPECT_EQ(response.status, row.status) << row.authorization;
    EXPECT_EQ(header(response, "WWW-Authenticate"), row.status == 401 ? "Bearer" : "");
  }
  EXPECT_EQ(ask("GET /v1/check-api-key HTTP/1.1\r\nHost: x\r\n\r\n").status, 401);
  for (const std::string& line : lines_)
    EXPECT_THAT(line, testing::Not(HasSubstr("keyy")));
}

TEST_F(ApiHandlerTest, NeedsNoKeyForProbes) {
  config_.api_keys.clear();
  config_.allowed_networks = {"10.0.0.0/8"};
  make();
  const Client stranger = api_->recognise(*IpAddress::parse("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "", stranger).status, 200);
  EXPECT_TRUE(lines_.empty());
}

TEST_F(ApiHandlerTest, ChecksTheAddressFirst) {
  config_.allowed_networks = {"10.0.0.0/8", "2001:db8::/33"};
  make();
  const struct {
    const char* address;
    int status;
  } rows[] = {{"10.255.0.1", 401},       {"::ffff:10.1.1.1", 401},  {"11.0.0.1", 403},
              {"2001:db8:7fff::1", 401}, {"2001:db8:8000::1", 403}, {"::1", 403}};
  for (const auto& row : rows) {
    const Client client = api_->recognise(*IpAddress::parse(row.address), row.address);
    const HttpResponse response = ask("GET /v1/apis HTTP/1.1\r\nHost: x\r\n\r\n", "", client);
    EXPECT_EQ(response.status, row.status) << row.address;
    EXPECT_THAT(response.body, HasSubstr(row.status == 403 ? "PLATFORM.IP_NOT_WHITELISTED"
                                                           : "AUTHENTICATION_INVALID"));
  }
}

TEST_F(ApiHandlerTest, SlowsAKeyDown) {
  config_.api_keys = {{"slow", Secret("key"), "", 2}, {"free", Secret("other"), "", 0}};
  const std::string start = "GET /v1/check-api-key HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ";
  EXPECT_EQ(ask(start + "key\r\n\r\n").status, 200);
  EXPECT_EQ(ask(start + "key\r\n\r\n").status, 200);
  const HttpResponse refused = ask(start + "key\r\n\r\n");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(header(refused, "Retry-After"), "1");
  EXPECT_THAT(refused.body, HasSubstr("PLATFORM.RATE_LIMIT_EXCEEDED"));
  EXPECT_EQ(ask(start + "other\r\n\r\n").status, 200);
}

TEST(ApiKey, RefillsSteadily) {
  ApiKey key("k", "", 4);
  const Clock::time_point start{1000s};
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(key.throttle(start));
  EXPECT_EQ(key.throttle(start), 250ms);
  EXPECT_EQ(key.throttle(start + 100ms), 150ms);
  EXPECT_FALSE(key.throttle(start + 250ms));
  EXPECT_EQ(key.throttle(start + 250ms), 250ms);
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(key.throttle(start + 60s));
  EXPECT_TRUE(key.throttle(start + 60s));
}

TEST_F(ApiHandlerTest, PassesAProblemOnAsItIs) {
  const struct {
    std::string body;
    int status;
    std::string_view says;
  } rows[] = {
      {"{", 400, "is not valid JSON"},
      {R"({"method":"GET"})", 400,
       R"("details":[{"pointer":"/path","message":"is required","rule":"required"}])"},
      {R"({"method":"GET","path":"/fail"})", 502, R"("code":null)"},
      {R"({"method":"GET","path":"/x","dat":1})", 200,
       R"("warnings":[{"message":"unknown member /dat is ignored)"},
      {R"({"method":"GET","path":"/x","data":{"a" : 1},"response_as_base64":true})", 200,
       R"("data":"aGlib2Iv)"},
  };
  for (const auto& row : rows) {
    const HttpResponse response = call(row.body);
    EXPECT_EQ(response.status, row.status) << row.body;
    EXPECT_THAT(response.body, HasSubstr(row.says));
    EXPECT_EQ(header(response, "X-Request-Id").size(), 16U);
  }
}

TEST_F(ApiHandlerTest, NeedsAnIntegration) {
  const HttpResponse response =
      ask("POST /v1/passthrough/hibob/v1 HTTP/1.1\r\nHost: x\r\nAuthorization: "
          "Bearer key\r\nX-Integration-Id:\r\n\r\n",
          R"({"method":"GET","path":"/"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("X-Integration-Id is required"));
}

TEST_F(ApiHandlerTest, ValidatesWithoutSending) {
  engine_.hold();  // A call would never come back.
  const HttpResponse response =
      call(R"({"method":"POST","path":"/x","data":"<a/>"})", "/v1/validate/hibob/v1");
  EXPECT_EQ(
      response.body,
      R"({"status":"success","data":{"valid":true,"request":{"method":"POST","url":"https://vendor.example/x",)"
      R"("headers":{"authorization":"***"},"body":"<a/>"}},"warnings":[]})");
  EXPECT_EQ(call(R"({"method":"POST","path":"/x"})", "/v1/validate/hibob/v2").status, 400);
}

TEST_F(ApiHandlerTest, ValidatesWithASessionWhereThatIsPreferred) {
  const std::string body = R"({"method":"GET","path":"/x","dta":1})";
  const HttpResponse response =
      ask("POST /v1/validate/hibob/v1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
          "key\r\nX-Integration-Id: hibob:acme\r\nPrefer: session\r\n\r\n",
          body);
  EXPECT_EQ(header(response, "Preference-Applied"), "session");
  EXPECT_THAT(
      response.body,
      HasSubstr(R"("session":{"needed":true,"had":true,"expires":"2026-09-21T13:13:20Z"})"));
  EXPECT_THAT(response.body, HasSubstr("unknown member /dta is ignored"));
  const HttpResponse without = call(body, "/v1/validate/hibob/v1");
  EXPECT_EQ(header(without, "Preference-Applied"), "");
  EXPECT_THAT(without.body, Not(HasSubstr("\"session\"")));
}

TEST_F(ApiHandlerTest, TellsTheSlipsOfTheEnvelopeTogetherWithThoseOfTheRest) {
  // The port knows no API v2, and says that of /api; the slip at /path it would only follow from.
  const HttpResponse response = call(R"({"method":"GET","path":7})", "/v1/passthrough/hibob/v2");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body,
              HasSubstr(R"("message":"path must be a string, not a number; api is unknown")"));
  EXPECT_THAT(response.body, Not(HasSubstr("begins with")));
}

TEST_F(ApiHandlerTest, HidesOnlyWhatStandsBelowASlip) {
  // The port says what is wrong with headers; the envelope's own slip is at /headers/X.
  const HttpResponse response =
      call(R"({"method":"GET","path":"/","headers":{"X":1}})", "/v1/passthrough/hibob/headers");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr(R"("pointer":"/headers/X-Forwarded-For")"));
  EXPECT_THAT(response.body, HasSubstr("follows from nothing"));
  EXPECT_THAT(response.body, Not(HasSubstr("follows from X")));
}

TEST_F(ApiHandlerTest, TellsOnceWhichHeadersTheProxyLeavesBehind) {
  const auto proxied = [this](const std::string& lines) {
    const std::string raw = "GET /v1/proxy/hibob/v1/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                            "key\r\nX-Integration-Id: a\r\n" +
                            lines + "\r\n";
    return api_->admit(*read_head(raw), {"192.0.2.1"}).rejection;
  };
  make();
  EXPECT_FALSE(proxied("X-Mine: 1\r\n"));
  EXPECT_TRUE(lines_.empty());
  for (int i = 0; i < 3; ++i)
    EXPECT_FALSE(proxied("Cookie: a=secret\r\nX-B3-TraceId: 1\r\nX_B3_SpanId: 2\r\n"));
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_THAT(lines_[0], HasSubstr("\"event\":\"header_left_behind\""));
  EXPECT_THAT(lines_[0], HasSubstr("Cookie"));
  EXPECT_THAT(lines_[1], HasSubstr("X-B3-TraceId"));
  EXPECT_THAT(lines_[0], Not(HasSubstr("secret")));
}

TEST_F(ApiHandlerTest, NamesTheMethodsThatAnApiTakesThroughTheProxy) {
  const struct {
    std::string_view start;
    std::string_view allow;
    std::string_view says;
  } rows[] = {
      {"PROPFIND /v1/proxy/hibob/v1/x", "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
       "hibob/v1 takes GET"},
      {"PUT /v1/proxy/hibob/soap;a=b/", "POST", "hibob/soap takes POST, not PUT"},
      {"GET /v1/proxy/hibob/soap/", "POST", "hibob/soap takes POST, not GET"},
      {"GET /v1/proxy/hibob/soap/?wsdl", "POST", "does not serve its WSDL"},
      {"GET /v1/proxy/hibob/soap?WSDL", "POST", "https://docs.example/soap"},
      {"GET /v1/proxy/hibob/soap/?singleWsdl", "POST", "its WSDL"},
      {"GET /v1/proxy/hibob/soap/?a=b&xsd=xsd0", "POST", "its WSDL"},
  };
  for (const auto& row : rows) {
    const HttpResponse response =
        ask(std::string(row.start) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                     "key\r\nX-Integration-Id: a\r\n\r\n");
    EXPECT_EQ(response.status, 405) << row.start;
    EXPECT_EQ(header(response, "Allow"), row.allow) << row.start;
    EXPECT_EQ(header(response, "Penstock-Answer"), "engine");
    EXPECT_THAT(response.body, HasSubstr(row.says));
  }
}

TEST_F(ApiHandlerTest, VerifiesAnIntegration) {
  const auto verify = [this](const std::string& id) {
    return ask("POST /v1/integrations/" + id +
               "/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n\r\n");
  };
  const HttpResponse response = verify("hibob:acme");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"status":"success","data":{"works":false,"checks":[)"
                           R"({"api":"hibob/v1","works":true,)"
                           R"("message":"works: the vendor returns HTTP 200","status":200},)"
                           R"({"api":"hibob/hire","works":false,)"
                           R"("message":"no route to \"there\""}]}})");
  EXPECT_EQ(verify("hibob:other").status, 404);
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_THAT(lines_[0], HasSubstr(R"("event":"verify")"));
  EXPECT_THAT(lines_[0], HasSubstr(R"("integration":"hibob:acme")"));
}

TEST(Verification, WorksIsFalseForOneFailureAndNullWhereNothingWasTried) {
  const ProbeResult fine{"a", true}, broken{"b", false};
  EXPECT_THAT(verification_json({fine}), HasSubstr(R"("works":true)"));
  EXPECT_THAT(verification_json({fine, broken}), StartsWith(R"({"works":false)"));
  EXPECT_THAT(verification_json({}), StartsWith(R"({"works":null,"message":"nothing was tried)"));
}

TEST_F(ApiHandlerTest, ShowsHowAnIntegrationStands) {
  const HttpResponse response = ask("GET /v1/integrations/hibob:acme HTTP/1.1\r\nHost: x\r\n"
                                    "Authorization: Bearer key\r\n\r\n");
  EXPECT_THAT(response.body,
              HasSubstr(R"("health":"refused","cooling_down_until":)"
                        R"("2026-09-21T14:13:20Z","last_error":{"message":)"
                        R"("the vendor \"said\" no","at":"2026-09-21T14:13:19Z"}})"));
}

TEST_F(ApiHandlerTest, TakesPreferences) {
  const struct {
    std::string_view lines;
    bool respects;
  } rows[] = {
      {"Prefer: respect-rate-limit\r\n", true},
      {"prefer:Respect-Rate-Limit\r\n", true},
      {"Prefer: wait=5, respect-rate-limit;x=y\r\n", true},
      {"Prefer: wait=5\r\nPrefer: respect-rate-limit\r\n", true},
      {"", false},
      {"Prefer: respect-rate-limits\r\n", false},
      {"Prefer: x=respect-rate-limit\r\n", false},
      {"Prefer: ,,\r\n", false},
      {"X-Prefer: respect-rate-limit\r\n", false},
  };
  for (const auto& row : rows) {
    const HttpResponse response =
        ask("POST /v1/passthrough/hibob/v1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n"
            "X-Integration-Id: a\r\n" +
                std::string(row.lines) + "\r\n",
            R"({"method":"GET","path":"/x"})");
    EXPECT_EQ(response.body.find("respects the rate limit") != std::string::npos, row.respects)
        << row.lines;
  }
}

TEST_F(ApiHandlerTest, LogsNothingThatCouldForgeALine) {
  call(
      R"({"method":"GET","path":"/a\n{\"level\":\"x\"}\u001b[31m\u009b\u202e\u007fé?token=hidden"})");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0],
              HasSubstr(R"("path":"/a\n{\"level\":\"x\"}\u001B[31m\u009B\u202E\u2421\u00E9")"));
  EXPECT_THAT(lines_[0], testing::Not(HasSubstr("hidden")));
  for (const char c : lines_[0])
    EXPECT_TRUE(c >= ' ' && c < '\x7f');

  call("{}", "/v1/passthrough/%ff%0a%e2%80%ae/v1");
  EXPECT_THAT(lines_[1], HasSubstr(R"("tool":"\uFFFD\n\u202E")"));
}

TEST_F(ApiHandlerTest, LogsWhyACallWasRefusedAndHowMuchThatMatters) {
  call(R"({"method":"GTE","path":"/x"})");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0], HasSubstr(R"("level":"warn","event":"call",)"));
  EXPECT_THAT(lines_[0], HasSubstr(R"("message":"method must be one of)"));
}

TEST(LogLine, HasALevelForEachKindOfEvent) {
  const auto level = [](std::optional<Error> error) {
    CallRecord record;
    if (error) record.http_status = error->http_status;
    record.error = std::move(error);
    const std::string line = log_line(record, {});
    EXPECT_EQ(line.find(R"({"ts":"1970-01-01T00:00:00.000Z","level":")"), 0U) << line;
    return line.substr(42, line.find('"', 42) - 42);
  };
  EXPECT_EQ(level(std::nullopt), "info");
  EXPECT_EQ(level(input_invalid("x")), "warn");
  EXPECT_EQ(level(authentication_invalid("x")), "warn");
  EXPECT_EQ(level(vendor_timed_out("x", Phase::send, Sent::unknown)), "warn");
  EXPECT_EQ(level(vendor_unreachable("x", Phase::connect, Sent::no)), "warn");
  EXPECT_EQ(level(credentials_refused("x")), "warn");
  EXPECT_EQ(level(plugin_failed("x", Phase::authorize)), "error");
  EXPECT_EQ(level(engine_failed("x", Phase::receive, Sent::yes)), "error");
  Error stopping = engine_failed("x", Phase::route, Sent::no);
  stopping.http_status = 503;
  EXPECT_EQ(level(stopping), "warn");
  EXPECT_EQ(
      log_line(Level::warn, "lines_lost", "3 lines", {}),
      R"({"ts":"1970-01-01T00:00:00.000Z","level":"warn","event":"lines_lost","message":"3 lines"})");
}

TEST(BoundedWriter, NeverWaitsLongerThanItIsTold) {
  std::signal(SIGPIPE, SIG_IGN);  // as the server does
  for (const bool socket : {false, true}) {
    int ends[2] = {};
    ASSERT_EQ(socket ? ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : ::pipe(ends), 0);
    const std::string text(4096, 'x');
    std::size_t written = 0;
    BoundedWriter writer(ends[1]);
    const auto begin = std::chrono::steady_clock::now();
    for (std::optional<std::size_t> last = 1; last != 0U; written += *last) {
      last = writer.write(text, 20ms);
      ASSERT_TRUE(last);
    }
    EXPECT_GT(written, 0U);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
    EXPECT_EQ(::fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0) << "others share it";
    ::close(ends[0]);
    EXPECT_FALSE(writer.write(text, 20ms)) << "nobody reads any more";
    ::close(ends[1]);
  }
}

TEST(AllowedNetworks, AdmitsTheirAddressesAndWithoutAListAll) {
  const auto admits = [](const std::vector<std::string>& networks, const char* address) {
    return AllowedNetworks::parse(networks)->admits(*IpAddress::parse(address));
  };
  EXPECT_TRUE(admits({}, "203.0.113.9"));
  EXPECT_TRUE(admits({"10.0.0.0/8", "fd00::/8"}, "fd12::1"));
  EXPECT_FALSE(admits({"10.0.0.0/8", "fd00::/8"}, "203.0.113.9"));
  EXPECT_FALSE(AllowedNetworks::parse({"10.0.0.0/8", "10.0.0/8"}));
}

}  // namespace
}  // namespace penstock::server
