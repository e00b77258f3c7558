// A plugin of each released ABI, built with the header of its time: today's host gives it what that
// header promises. fossil_1_0.c notes what it finds; here is what it must find.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <penstock/sdk/testing.hpp>

namespace penstock::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Pair;
using testing::Values;

class Fossil : public ::testing::Test {
 protected:
  testing::Given given(const std::string& how = "") const {
    testing::Given out;
    out.connection = {{"user", "ann"}, {"key", "k-1"}};
    if (!how.empty()) out.connection.emplace_back("how", how);
    out.options = {{"page", "2"}};
    out.call = {.api = "v1", .method = "POST", .path = "/people?a=%20b"};
    out.call.headers = {{"X-Caller", "me"}};
    out.call.query = {{"q", "c d"}};
    out.call.body = "four";
    out.entropy = std::string(32, '\x01');
    out.attempt = 3;
    out.session = testing::State{{{"token", "t-1"}}, 1'767'225'000'000, 1'767'229'000'000};
    out.session_seq = 7;
    return out;
  }

  const testing::PluginDriver plugin{PENSTOCK_BINARY_DIR "/tests/abi/compat/fossil_1_0.so"};
};

const Values environment_notes = {{"env.attempt", "3"},
                                  {"env.now_unix_ms", "1767225600000"},
                                  {"env.session_seq", "7"},
                                  {"env.entropy", "3935846912"}};
const Values connection_notes = {{"conn.id", "fossil:test"},
                                 {"conn.fields", "user=ann,key=k-1!"},
                                 {"conn.field_names", "user,key,how"}};
const Values session_notes = {
    {"session", "token=t-1!"}, {"created_ms", "1767225000000"}, {"expires_ms", "1767229000000"}};
const Values call_notes = {{"call.flags", "0"},
                           {"call.api", "v1"},
                           {"call.method", "POST"},
                           {"call.path", "/people?a=%20b"},
                           {"call.url", "https://api.fossil.example/v1/people"},
                           {"call.authority", "api.fossil.example"},
                           {"call.query_string", "a=%20b&q=c%20d"},
                           {"call.options_json", R"({"page":2,"region":"eu"})"},
                           {"call.options", "page=2,region=eu"},
                           {"call.option_names", "region,page"},
                           {"call.query", "q=c d"},
                           {"call.headers", "X-Caller=me"},
                           {"call.body", "four"},
                           {"call.body_sha256", ""},
                           {"call.body_len", "4"},
                           {"call.reserved", "0"}};
const Values reserved_note = {{"reserved", "0"}};

Values joined(std::initializer_list<Values> lists) {
  Values out;
  for (const Values& list : lists)
    out.insert(out.end(), list.begin(), list.end());
  return out;
}

TEST_F(Fossil, FindsEachMemberOfPrepareAndEachHelper) {
  const auto built = plugin.prepare(given());
  ASSERT_EQ(built.verdict, PST_OK) << built.failure.message;
  const Values helpers = {{"json_get", "two"},   {"xml_get", "c"},         {"xml_root", "n"},
                          {"xml_root", "a"},     {"digest md5", "16"},     {"digest sha512", "64"},
                          {"hmac sha256", "32"}, {"get_extension", "NULL"}};
  EXPECT_THAT(built.notes,
              ElementsAreArray(joined({environment_notes, connection_notes, session_notes,
                                       call_notes, reserved_note, helpers})));
  EXPECT_EQ(built.header("X-Token"), "t-1");
  EXPECT_THAT(built.query, ElementsAre(Pair("q", "c d"), Pair("added", "a b")));
  EXPECT_THAT(built.logs, ElementsAre("prepared"));
}

TEST_F(Fossil, FindsEachMemberOfSession) {
  testing::Given login = given();
  const auto asked = plugin.session(PST_EV_START, login);
  ASSERT_EQ(asked.verdict, PST_FETCH) << asked.failure.message;
  const Values key = {{"api", "v1"}, {"options", "region=eu"}, {"option_names", "region"}};
  const auto step = [&](const char* event, const Values& carried, const Values& response) {
    return joined({{{"event", event}},
                   environment_notes,
                   connection_notes,
                   session_notes,
                   carried,
                   response,
                   key});
  };
  const Values times = {{"created_ms", "0"}, {"expires_ms", "0"}};
  EXPECT_THAT(asked.notes, ElementsAreArray(step("0", joined({{{"carried", ""}}, times}),
                                                 {{"response", "NULL"}})));
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.url, "https://api.fossil.example/login");
  EXPECT_EQ(asked.body, "ann");
  EXPECT_THAT(asked.carried, ElementsAre(Pair("step", "1")));

  const testing::TestResponse response{.status = 200, .body = "t-2", .headers = {{"x-a", "b"}}};
  const auto made = plugin.session(PST_EV_FETCHED, login, asked.carried, &response);
  ASSERT_EQ(made.verdict, PST_OK) << made.failure.message;
  EXPECT_THAT(made.notes, ElementsAreArray(step("1", joined({{{"carried", "step=1!"}}, times}),
                                                {{"response.status", "200"},
                                                 {"response.truncated", "0"},
                                                 {"response.headers", "x-a=b"},
                                                 {"response.body", "t-2"}})));
  EXPECT_THAT(made.session, ElementsAre(Pair("token", "t-2"), Pair("plain", "p")));
  EXPECT_EQ(made.expires_ms, login.time_unix_ms + 3'600'000);

  const testing::TestResponse refusal{.status = 403, .body = "no"};
  const auto failed = plugin.session(PST_EV_FETCHED, login, asked.carried, &refusal);
  EXPECT_EQ(failed.verdict, PST_FAILED);
  EXPECT_EQ(failed.failure.kind, PST_E_AUTH_REJECTED);
  EXPECT_EQ(failed.failure.vendor_code, "E7");
  EXPECT_EQ(failed.failure.message, "no");
  EXPECT_EQ(failed.retry_after_ms, 2500);

  EXPECT_EQ(plugin.session(PST_EV_LOGOUT, login).url, "https://api.fossil.example/logout");
  login.session.reset();
  EXPECT_THAT(plugin.session(PST_EV_START, login).notes,
              ::testing::Contains(Pair("session", "NULL")));
}

TEST_F(Fossil, FindsEachMemberOfInspectAndGivesEachVerdict) {
  const testing::TestResponse response{
      .status = 404, .body = "12345678", .headers = {{"x-a", "b"}}, .truncated = true};
  const auto passed = plugin.inspect(given(), response);
  EXPECT_EQ(passed.verdict, PST_PASS);
  const Values seen = {{"response.status", "404"},
                       {"response.truncated", "1"},
                       {"response.headers", "x-a=b"},
                       {"response.body", "12345678"}};
  EXPECT_THAT(passed.notes,
              ElementsAreArray(joined({environment_notes, connection_notes, session_notes,
                                       call_notes, seen, reserved_note})));

  EXPECT_EQ(plugin.inspect(given(), {.status = 401}).verdict, PST_REAUTH);
  EXPECT_EQ(plugin.inspect(given(), {.status = 418}).verdict, PST_OK);
  const auto busy = plugin.inspect(given(), {.status = 503});
  EXPECT_EQ(busy.verdict, PST_RETRY);
  EXPECT_EQ(busy.retry_after_ms, 1000);
  const auto fault = plugin.inspect(given(), {.status = 422});
  EXPECT_EQ(fault.verdict, PST_FAILED);
  EXPECT_EQ(fault.failure.kind, PST_E_VENDOR_FAULT);
  EXPECT_EQ(fault.failure.vendor_code, "E22");
  EXPECT_EQ(fault.failure.message, "said so");
}

TEST_F(Fossil, BuildsBodiesAndFailsAsTheHeaderSays) {
  testing::Given without = given();
  without.session.reset();
  EXPECT_EQ(plugin.prepare(without).verdict, PST_NEED_SESSION);

  const auto other = plugin.prepare(given("body"));
  EXPECT_EQ(other.method, "PUT");
  EXPECT_EQ(other.url, "https://api.fossil.example/other");
  EXPECT_EQ(other.body, "a body");
  EXPECT_EQ(plugin.prepare(given("wrap")).body, "<w>four</w>");
  EXPECT_EQ(plugin.prepare(given("soap")).body,
            R"(<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope )"
            R"(xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="n">)"
            "<soapenv:Header><p:h/></soapenv:Header>"
            "<soapenv:Body><w>four</w></soapenv:Body></soapenv:Envelope>");

  const auto unknown = plugin.prepare(given("unknown verdict"));
  EXPECT_EQ(unknown.verdict, PST_FAILED);
  EXPECT_EQ(unknown.failure.kind, PST_E_INTERNAL);
  const auto no_key = plugin.prepare(given("sign"));
  EXPECT_EQ(no_key.verdict, PST_FAILED) << "although it returned PST_OK";
  EXPECT_EQ(no_key.failure.kind, PST_E_BAD_CONNECTION);
}

}  // namespace
}  // namespace penstock::tests
