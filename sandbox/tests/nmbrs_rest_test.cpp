#include "support.hpp"

namespace penstock::sandbox {
namespace {

const Header client = basic("PartnerApp_Penstock_1:nmbrs-sandbox-secret");
const Header key{"X-Subscription-Key", "nmbrs-sandbox-subscription"};

struct SandboxNmbrsRest : testing::Test {
  SandboxState state;

  Response refresh(const std::string& token, const Header& as = client) {
    return ask(state, {"identityservice.nmbrs.com",
                       "POST",
                       "/connect/token",
                       {as, {"Content-Type", "application/x-www-form-urlencoded"}},
                       "grant_type=refresh_token&refresh_token=" + token});
  }
  std::string access(const std::string& token) {
    return string_member(json_of(refresh(token)), "access_token").value_or("");
  }
  Response get(const std::string& target, std::vector<Header> headers) {
    return ask(state, {"api.nmbrsapp.com", "GET", target, std::move(headers), ""});
  }
};

TEST_F(SandboxNmbrsRest, ReplacesTheRefreshTokenAtEachUseAndForgivesNoSecondOne) {
  EXPECT_EQ(string_member(json_of(refresh("nmbrs-sandbox-refresh")), "refresh_token"),
            "nmbrs-sandbox-refresh-1");
  EXPECT_EQ(string_member(json_of(refresh("nmbrs-sandbox-refresh-1")), "refresh_token"),
            "nmbrs-sandbox-refresh-2");
  EXPECT_EQ(refresh("nmbrs-sandbox-refresh").status, 400);
  EXPECT_EQ(refresh("nmbrs-sandbox-refresh-2").status, 400) << "the family goes with it";
  EXPECT_EQ(state.vendors["nmbrs_rest"].ledger.token_requests, 4);
  EXPECT_EQ(state.vendors["nmbrs_rest"].ledger.token_refusals, 2);
}

TEST_F(SandboxNmbrsRest, TakesTheCustomersTokenAsItFindsItAfterAStart) {
  EXPECT_EQ(string_member(json_of(refresh("nmbrs-sandbox-refresh-7")), "refresh_token"),
            "nmbrs-sandbox-refresh-8");
  for (const char* none : {"other", "nmbrs-sandbox-refresh-", "nmbrs-sandbox-refresh-07",
                           "nmbrs-sandbox-refresh-x", "nmbrs-sandbox-refresh-99", ""})
    EXPECT_EQ(refresh(none).status, 400) << none;
  EXPECT_EQ(refresh("nmbrs-sandbox-refresh-8").status, 200);
}

TEST_F(SandboxNmbrsRest, GrantsGraceWhereItIsToldTo) {
  state.settings.refresh_grace = true;
  refresh("nmbrs-sandbox-refresh");
  EXPECT_EQ(string_member(json_of(refresh("nmbrs-sandbox-refresh")), "refresh_token"),
            "nmbrs-sandbox-refresh-1");
  refresh("nmbrs-sandbox-refresh-1");
  EXPECT_EQ(refresh("nmbrs-sandbox-refresh").status, 400);
}

TEST_F(SandboxNmbrsRest, WantsTheClientTheTokenAndTheSubscription) {
  EXPECT_EQ(refresh("nmbrs-sandbox-refresh", basic("PartnerApp_Penstock_1:no")).status, 400);
  const std::string token = access("nmbrs-sandbox-refresh");
  EXPECT_EQ(get("/api/companies", {bearer(token), key}).status, 200);
  const struct {
    std::vector<Header> headers;
    const char* says;
  } rows[] = {
      {{key}, "missing or invalid credentials"},
      {{bearer("other"), key}, "missing or invalid credentials"},
      {{basic(token), key}, "missing or invalid credentials"},
      {{bearer(token)}, "subscription key"},
      {{bearer(token), {"X-Subscription-Key", "other"}}, "subscription key"},
  };
  for (const auto& row : rows) {
    const Response response = get("/api/companies", row.headers);
    EXPECT_EQ(response.status, 401);
    EXPECT_TRUE(contains(response.body, row.says)) << response.body;
  }
  state.now += 3600;
  EXPECT_EQ(get("/api/companies", {bearer(token), key}).status, 401);
}

TEST_F(SandboxNmbrsRest, Pages) {
  const std::vector<Header> headers{bearer(access("nmbrs-sandbox-refresh")), key};
  const std::string employees = "/api/companies/5b6a77c7-6abe-4f31-93dc-2692169e3ea4/employees";
  auto page = json_of(get(employees + "?pageSize=100&pageNumber=3", headers));
  EXPECT_EQ(member(page, "data")->Size(), 30U);
  EXPECT_EQ(string_member(*member(page, "pagination"), "nextPage"), "");
  EXPECT_TRUE(
      contains(*string_member(*member(page, "pagination"), "previousPage"), "pageNumber=2"));
  EXPECT_EQ(get("/api/companies/x/employees", headers).status, 403);
  EXPECT_EQ(get("/api/debtors", headers).status, 404);
  EXPECT_EQ(
      ask(state, {"api.nmbrsapp.com", "POST", employees, headers, R"({"PersonalInfo":{}})"}).status,
      201);
}

}  // namespace
}  // namespace penstock::sandbox
