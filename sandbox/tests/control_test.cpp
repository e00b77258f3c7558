#include "support.hpp"

namespace penstock::sandbox {
namespace {

struct SandboxControl : testing::Test {
  SandboxState state;
  const Call people{
      "api.hibob.com", "GET", "/v1/people", {basic("SERVICE-0001:hibob-sandbox-token")}};
  Response order(const std::string& body) {
    return ask(state, {std::string{control_host}, "POST", "/control", {}, body});
  }
};

TEST_F(SandboxControl, AHostThatIsNotServedOrNotTheSniIsMisdirected) {
  EXPECT_EQ(ask(state, {"api.example.com"}).status, 421);
  Request request{
      "GET", "/v1/people", "api.hibob.com", "app.hibob.com", {{"Host", "api.hibob.com"}}};
  EXPECT_EQ(deliver(request, state).response.status, 421);
  EXPECT_EQ(state.vendors["hibob"].ledger.calls, 0);
}

TEST_F(SandboxControl, AnAmbiguousRequestIsRefused) {
  Call twice = people;
  twice.headers.push_back({"host", "app.hibob.com"});
  EXPECT_EQ(ask(state, twice).status, 400);
  Call smuggled = people;
  smuggled.headers.push_back({"Content-Length", "3"});
  smuggled.headers.push_back({"Transfer-Encoding", "chunked"});
  EXPECT_EQ(ask(state, smuggled).status, 400);
}

TEST_F(SandboxControl, OrderedFailuresAreUsedUp) {
  EXPECT_EQ(order(R"({"vendor":"hibob","fail_next":2,"status":502})").status, 200);
  EXPECT_EQ(ask(state, people).status, 502);
  EXPECT_EQ(ask(state, people).status, 502);
  EXPECT_EQ(ask(state, people).status, 200);
}

TEST_F(SandboxControl, ARawAnswerIsGivenOnceToACallThatIsLetIn) {
  EXPECT_EQ(order(R"({"vendor":"hibob","next_raw_base64":"no base64"})").status, 400);
  order(R"({"vendor":"hibob","next_raw_base64":"SFRUUC8xLjEgMjA0IApYLUE6IDENCg=="})");
  Call stranger = people;
  stranger.headers = {basic("SERVICE-0001:wrong")};
  EXPECT_FALSE(deliver(state, stranger).raw);
  EXPECT_EQ(deliver(state, people).raw, "HTTP/1.1 204 \nX-A: 1\r\n");
  EXPECT_FALSE(deliver(state, people).raw);
  EXPECT_EQ(state.vendors["hibob"].ledger.kinds["ordered_answer"], 1);
}

TEST_F(SandboxControl, DelayCutAndResetReachTheDelivery) {
  order(R"({"vendor":"hibob","delay_ms":5,"cut_after_bytes":7,"reset_before_answer":1})");
  auto first = deliver(state, people);
  EXPECT_EQ(first.delay.count(), 5);
  EXPECT_TRUE(first.reset);
  EXPECT_FALSE(first.cut_after);
  auto second = deliver(state, people);
  EXPECT_FALSE(second.reset);
  EXPECT_EQ(second.cut_after, 7u);
  EXPECT_FALSE(deliver(state, people).cut_after);
}

TEST_F(SandboxControl, FaultsOfTokenRequestsAreApart) {
  const Call token{"wd5-impl-services1.workday.com", "POST", "/ccx/oauth2/acme/token"};
  order(R"({"vendor":"workday","token_delay_ms":9,"delay_ms":1,"token_fail_next":1})");
  auto delivery = deliver(state, token);
  EXPECT_EQ(delivery.delay.count(), 9);
  EXPECT_EQ(delivery.response.status, 503);
  EXPECT_EQ(deliver(state, {"wd5-impl-services1.workday.com"}).delay.count(), 1);
}

TEST_F(SandboxControl, TokensAreRevokedOnOrder) {
  state.workday.access_tokens["good"] = 3600;
  order(R"({"vendor":"workday","revoke_access_tokens":true})");
  EXPECT_FALSE(state.workday.accepts("good", 0));
}

TEST_F(SandboxControl, AnOrderThatIsNotUnderstoodChangesNothing) {
  for (const char* body :
       {"", "[]", "{}", R"({"vendor":"other"})", R"({"vendor":"hibob","fail_next":1,"nonsense":1})",
        R"({"vendor":"hibob","fail_next":1,"delay_ms":-1})",
        R"({"vendor":"hibob","fail_next":1,"status":99})",
        R"({"vendor":"hibob","fail_next":1,"token_rate_limit":1})"})
    EXPECT_EQ(order(body).status, 400) << body;
  EXPECT_EQ(ask(state, people).status, 200);
}

TEST_F(SandboxControl, TheLedgerShowsTheLastRequestAsItCame) {
  Call call = people;
  call.body = "\x01\xff";
  call.target = "/v1/people?a=%20";
  ask(state, call);
  auto ledger = json_of(ask(state, {std::string{control_host}, "GET", "/ledger"}));
  const auto& hibob = *member(ledger, "hibob");
  EXPECT_EQ(member(hibob, "calls")->GetInt(), 1);
  EXPECT_EQ(member(*member(hibob, "kinds"), "people")->GetInt(), 1);
  const auto& last = *member(hibob, "last");
  EXPECT_EQ(string_member(last, "target"), "/v1/people?a=%20");
  EXPECT_EQ(string_member(last, "body_base64"), "Af8=");
  EXPECT_EQ((*member(last, "headers"))[1][1].GetString(), people.headers[0].value);
}

TEST_F(SandboxControl, ResetForgetsEverything) {
  ask(state, people);
  order(R"({"vendor":"hibob","fail_next":5,"rate_limit":1})");
  ask(state, {std::string{control_host}, "POST", "/reset"});
  EXPECT_EQ(state.vendors["hibob"].ledger.calls, 0);
  EXPECT_EQ(ask(state, people).status, 200);
}

}  // namespace
}  // namespace penstock::sandbox
