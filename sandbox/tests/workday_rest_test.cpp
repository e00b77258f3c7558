#include "support.hpp"

namespace penstock::sandbox {
namespace {

constexpr const char* services_host = "wd5-impl-services1.workday.com";

struct SandboxWorkdayRest : testing::Test {
  SandboxState state;
  SandboxWorkdayRest() { state.workday.access_tokens["good"] = 3600; }
  Response get(const std::string& target, const Header& authorization = bearer("good")) {
    return ask(state, {services_host, "GET", target, {authorization}});
  }
};

TEST_F(SandboxWorkdayRest, OnlyAValidTokenOpens) {
  const std::string workers = "/ccx/api/staffing/v6/acme/workers";
  EXPECT_EQ(get(workers).status, 200);
  for (const auto& wrong : {bearer("bad"), bearer(""), Header{"Authorization", "good"},
                            basic("ISU_Penstock:workday-sandbox-password"), Header{"X", ""}}) {
    auto response = get(workers, wrong);
    EXPECT_EQ(response.status, 401) << wrong.value;
    EXPECT_EQ(string_member(json_of(response), "error"), "invalid_token");
  }
}

TEST_F(SandboxWorkdayRest, ServicesAndVersionsThatAreServed) {
  struct {
    const char* target;
    int status;
  } rows[] = {
      {"/ccx/api/staffing/v1/acme/workers", 200},
      {"/ccx/api/staffing/v6/acme/workers", 200},
      {"/api/staffing/v6/acme/workers", 200},
      {"/ccx/api/v1/acme/workers", 200},
      {"/ccx/api/staffing/v7/acme/workers", 404},
      {"/ccx/api/staffing/6/acme/workers", 404},
      {"/ccx/api/staffing/v0/acme/workers", 404},
      {"/ccx/api/recruiting/v6/acme/workers", 404},
      {"/ccx/api/staffing/v6/other/workers", 404},
      {"/ccx/api/staffing/v6/acme/jobs", 404},
      {"/ccx/api/staffing/v6/acme/workers/me", 200},
      {"/ccx/api/staffing/v6/acme/workers/Employee_ID=21001", 200},
      {"/ccx/api/staffing/v6/acme/workers/Employee_ID%3D21001", 200},
      {"/ccx/api/staffing/v6/acme/workers/abc", 404},
      {"/", 404},
  };
  for (const auto& row : rows) {
    auto response = get(row.target);
    EXPECT_EQ(response.status, row.status) << row.target;
    if (row.status == 404) {
      EXPECT_TRUE(string_member(json_of(response), "code")) << row.target;
    }
  }
}

TEST_F(SandboxWorkdayRest, PagesAreByLimitAndOffset) {
  auto page = json_of(get("/ccx/api/staffing/v6/acme/workers?limit=100&offset=200"));
  EXPECT_EQ(member(page, "total")->GetInt(), 230);
  EXPECT_EQ(member(page, "data")->Size(), 30u);
  EXPECT_EQ(member(json_of(get("/ccx/api/staffing/v6/acme/workers")), "data")->Size(), 20u);
  EXPECT_EQ(member(json_of(get("/ccx/api/staffing/v6/acme/workers?offset=999")), "data")->Size(),
            0u);
  for (const char* query : {"limit=0", "limit=101", "limit=x", "offset=-1"})
    EXPECT_EQ(get(std::string{"/ccx/api/staffing/v6/acme/workers?"} + query).status, 400) << query;
}

TEST_F(SandboxWorkdayRest, AJobChangeComesBackByteForByte) {
  Call call{services_host,
            "POST",
            "/ccx/api/staffing/v6/acme/workers/me/jobChanges",
            {bearer("good"), {"Content-Type", "application/json"}},
            "{ \"date\": \"2026-01-01\", \"rate\": 1.10 }"};
  auto response = ask(state, call);
  EXPECT_EQ(response.status, 201);
  EXPECT_TRUE(contains(response.body, ", \"date\": \"2026-01-01\", \"rate\": 1.10 }"));
  EXPECT_TRUE(string_member(json_of(response), "id"));
  call.body = "{}";
  EXPECT_TRUE(string_member(json_of(ask(state, call)), "id"));
  call.body = "[1]";
  EXPECT_EQ(ask(state, call).status, 400);
  call.headers[1].value = "text/plain";
  EXPECT_EQ(ask(state, call).status, 415);
}

TEST_F(SandboxWorkdayRest, ReportsTakeBasicOrAToken) {
  const std::string report = "/ccx/service/customreport2/acme/jane.doe/Head-Count_(2)?format=json";
  struct {
    Header authorization;
    int status;
  } rows[] = {
      {basic("ISU_Penstock:workday-sandbox-password"), 200},
      {basic("ISU_Penstock@acme:workday-sandbox-password"), 200},
      {bearer("good"), 200},
      {basic("ISU_Penstock@other:workday-sandbox-password"), 401},
      {basic("ISU_Penstock:wrong"), 401},
      {bearer("bad"), 401},
      {{"X", ""}, 401},
  };
  for (const auto& row : rows)
    EXPECT_EQ(get(report, row.authorization).status, row.status) << row.authorization.value;
  EXPECT_EQ(member(json_of(get(report)), "Report_Entry")->Size(), 5u);
}

TEST_F(SandboxWorkdayRest, ReportsHaveFormats) {
  const std::string report = "/ccx/service/customreport2/acme/jane.doe/Workers";
  EXPECT_TRUE(contains(get(report + "?format=csv").body, "Employee_ID,Worker,Department\n"));
  EXPECT_EQ(text_in(get(report), "Employee_ID"), "21001");
  EXPECT_EQ(get(report + "?format=doc").status, 400);
  EXPECT_EQ(get("/ccx/service/customreport2/acme/jane.doe/Missing_Report").status, 404);
  EXPECT_EQ(get("/ccx/service/customreport2/other/jane.doe/Workers").status, 404);
}

TEST_F(SandboxWorkdayRest, AThrottledCallIsA429) {
  state.vendors["workday"].rate_limit = 1;
  EXPECT_EQ(get("/ccx/api/staffing/v6/acme/workers").status, 200);
  EXPECT_EQ(get("/ccx/api/staffing/v6/acme/workers").status, 429);
}

}  // namespace
}  // namespace penstock::sandbox
