#include "support.hpp"

namespace penstock::sandbox {
namespace {

const std::string base = "/chp03/ats/api/v1/";
const std::string good = "orgCode=ACME&userName=tbe-user&password=tbe-sandbox-password";

struct SandboxTaleoBusiness : testing::Test {
  SandboxState state;

  Response login(const std::string& form = good) {
    return ask(state, {"chp.tbe.taleo.net",
                       "POST",
                       base + "login",
                       {{"Content-Type", "application/x-www-form-urlencoded"}},
                       form});
  }
  std::string token() {
    auto answer = json_of(login());
    return string_member(*member(answer, "response"), "authToken").value_or("");
  }
  Response get(const std::string& path, const std::string& token, const std::string& method = "GET",
               const std::string& body = "") {
    return ask(
        state,
        {"chp.tbe.taleo.net", method, base + path, {{"Cookie", "authToken=" + token}}, body});
  }
};

TEST_F(SandboxTaleoBusiness, TellsTheCustomersHost) {
  const std::string path = "/MANAGER/dispatcher/api/v1/serviceUrl/";
  const Response known = ask(state, {"tbe.taleo.net", "GET", path + "ACME"});
  EXPECT_EQ(string_member(*member(json_of(known), "response"), "URL"),
            "https://chp.tbe.taleo.net/chp03/ats/api/v1/");
  EXPECT_EQ(ask(state, {"tbe.taleo.net", "GET", path + "OTHER"}).status, 500);
  EXPECT_EQ(ask(state, {"tbe.taleo.net", "GET", "/"}).status, 404);
}

TEST_F(SandboxTaleoBusiness, LetsInByPasswordThenByCookie) {
  const std::string mine = token();
  EXPECT_TRUE(mine.starts_with("webapi-"));
  EXPECT_EQ(get("object/info", mine).status, 200);
  EXPECT_EQ(get("object/info", "other").status, 401);
  EXPECT_EQ(ask(state, {"chp.tbe.taleo.net", "GET", base + "object/info"}).status, 401);
  for (const char* wrong : {"orgCode=ACME&userName=tbe-user&password=x", "", "orgCode=ACME",
                            "orgCode=X&userName=tbe-user&password=tbe-sandbox-password"})
    EXPECT_EQ(login(wrong).status, 401) << wrong;
  state.now += 4 * 3600;
  EXPECT_EQ(get("object/info", mine).status, 401) << "after four hours";
}

TEST_F(SandboxTaleoBusiness, KeepsTwoSessionsOpenAtMost) {
  const std::string first = token();
  token();
  EXPECT_EQ(login().status, 500);
  EXPECT_TRUE(contains(login().body, "Maximum number of open sessions"));
  EXPECT_EQ(get("logout", first, "POST").status, 200);
  EXPECT_EQ(get("object/info", first).status, 401);
  EXPECT_EQ(login().status, 200);
  EXPECT_EQ(state.taleo_business.sessions.size(), 2U);
}

TEST_F(SandboxTaleoBusiness, HasCandidates) {
  const std::string mine = token();
  auto found = json_of(get("object/candidate/search?start=229&limit=5", mine));
  const auto& response = *member(found, "response");
  EXPECT_EQ(member(response, "searchResults")->Size(), 2U);
  EXPECT_EQ(member(*member(response, "pagination"), "total")->GetInt(), 230);
  EXPECT_FALSE(member(*member(response, "pagination"), "next"));
  EXPECT_TRUE(contains(get("object/candidate/1", mine).body, "Lovelace"));
  EXPECT_EQ(get("object/candidate/999", mine).status, 404);
  EXPECT_EQ(get("object/candidate", mine, "POST", R"({"candidate":{}})").status, 200);
  EXPECT_EQ(get("object/candidate", mine, "POST", "{}").status, 500);
}

}  // namespace
}  // namespace penstock::sandbox
