#include "support.hpp"

#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace penstock::sandbox {
namespace {

const Header client = basic("penstock-client:workday-sandbox-secret");
const Header as_form{"Content-Type", "application/x-www-form-urlencoded"};

std::string url64(std::string_view bytes) {
  std::string text = base64(bytes);
  while (text.ends_with('='))
    text.pop_back();
  for (char& c : text)
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::string signed_jwt(const std::string& claims,
                       const std::string& header = R"({"alg":"RS256"})") {
  std::unique_ptr<FILE, int (*)(FILE*)> file{std::fopen(PENSTOCK_JWT_KEY, "r"), std::fclose};
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{
      PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  std::string text = url64(header) + "." + url64(claims);
  std::string signature(512, '\0');
  std::size_t size = signature.size();
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return text + "." + url64(signature.substr(0, size));
}

struct SandboxToken : testing::Test {
  SandboxState state;

  Response post(const std::string& body, std::vector<Header> headers) {
    headers.push_back(as_form);
    return ask(state, {"wd5-impl-services1.workday.com", "POST", "/ccx/oauth2/acme/token",
                       std::move(headers), body});
  }
  Response refresh(const std::string& token) {
    return post("grant_type=refresh_token&refresh_token=" + token, {client});
  }
  Response with_assertion(const std::string& jwt) {
    return post("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + jwt,
                {});
  }
  int use(const std::string& token) {
    return ask(state, {"wd5-impl-services1.workday.com",
                       "GET",
                       "/ccx/api/staffing/v6/acme/workers",
                       {bearer(token)}})
        .status;
  }
};

TEST_F(SandboxToken, EachGrantTakesItsOwnClientAuthentication) {
  const std::string refresh_body = "grant_type=refresh_token&refresh_token=workday-sandbox-refresh";
  const std::string in_form = "&client_id=penstock-client&client_secret=workday-sandbox-secret";
  const std::string cc_body = "grant_type=client_credentials&tenant_alias=acme";
  const Header id{"Authorization", "ID " + base64("penstock-client:workday-sandbox-secret")};
  struct {
    std::string body;
    std::vector<Header> headers;
    int status;
    const char* error;
  } rows[] = {
      {refresh_body, {client}, 200, nullptr},
      {refresh_body + in_form, {}, 200, nullptr},
      {cc_body, {id}, 200, nullptr},
      {refresh_body, {}, 401, "invalid_client"},
      {refresh_body, {id}, 401, "invalid_client"},
      {refresh_body, {basic("penstock-client:wrong")}, 401, "invalid_client"},
      {refresh_body + "&client_id=penstock-client&client_secret=x", {}, 401, "invalid_client"},
      {refresh_body + in_form, {client}, 400, "invalid_request"},
      {"grant_type=refresh_token&refresh_token=wrong", {client}, 400, "invalid_grant"},
      {"grant_type=refresh_token", {client}, 400, "invalid_request"},
      {refresh_body + "&refresh_token=again", {client}, 400, "invalid_request"},
      {cc_body, {client}, 401, "invalid_client"},
      {"grant_type=client_credentials", {id}, 400, "invalid_request"},
      {"grant_type=client_credentials&tenant_alias=other", {id}, 400, "invalid_request"},
      {"grant_type=password", {client}, 400, "unsupported_grant_type"},
      {"", {client}, 400, "invalid_request"},
  };
  for (const auto& row : rows) {
    auto response = post(row.body, row.headers);
    EXPECT_EQ(response.status, row.status) << row.body;
    auto answer = json_of(response);
    if (row.error)
      EXPECT_EQ(string_member(answer, "error"), row.error) << row.body;
    else
      EXPECT_EQ(use(string_member(answer, "access_token").value_or("")), 200) << row.body;
  }
}

TEST_F(SandboxToken, AFormSentAsSomethingElseIsRefused) {
  auto response = ask(state, {"wd5-impl-services1.workday.com",
                              "POST",
                              "/ccx/oauth2/acme/token",
                              {client, {"Content-Type", "application/json"}},
                              "grant_type=refresh_token&refresh_token=workday-sandbox-refresh"});
  EXPECT_EQ(string_member(json_of(response), "error"), "invalid_request");
}

TEST_F(SandboxToken, ATokenExpires) {
  state.settings.token_lifetime = 10;
  state.now = 100;
  auto answer = json_of(refresh("workday-sandbox-refresh"));
  EXPECT_EQ(member(answer, "expires_in")->GetInt(), 10);
  auto token = *string_member(answer, "access_token");
  state.now = 109;
  EXPECT_EQ(use(token), 200);
  state.now = 110;
  EXPECT_EQ(use(token), 401);
}

TEST_F(SandboxToken, TheRefreshTokenStaysUnlessItIsRotated) {
  EXPECT_EQ(refresh("workday-sandbox-refresh").status, 200);
  EXPECT_EQ(string_member(json_of(refresh("workday-sandbox-refresh")), "refresh_token"),
            "workday-sandbox-refresh");
}

TEST_F(SandboxToken, AReusedRefreshTokenRevokesTheWholeFamily) {
  state.settings.rotate_refresh_tokens = true;
  auto first = json_of(refresh("workday-sandbox-refresh"));
  auto second_token = *string_member(first, "refresh_token");
  EXPECT_NE(second_token, "workday-sandbox-refresh");
  auto second = json_of(refresh(second_token));
  auto access = *string_member(second, "access_token");
  EXPECT_EQ(use(access), 200);

  EXPECT_EQ(string_member(json_of(refresh("workday-sandbox-refresh")), "error"), "invalid_grant");
  EXPECT_EQ(use(access), 401);
  EXPECT_EQ(refresh(*string_member(second, "refresh_token")).status, 400);
  state.reset();
  EXPECT_EQ(refresh("workday-sandbox-refresh").status, 200);
}

TEST_F(SandboxToken, AnAssertionIsCheckedClaimByClaim) {
  state.now = 1000;
  auto claims = [](const std::string& iss, const std::string& sub, const std::string& aud,
                   int exp) {
    return "{\"iss\":\"" + iss + "\",\"sub\":\"" + sub + "\",\"aud\":\"" + aud +
           "\",\"exp\":" + std::to_string(exp) + "}";
  };
  const std::string right = claims("penstock-client", "ISU_Penstock", "wd", 1300);
  struct {
    std::string jwt;
    int status;
  } rows[] = {
      {signed_jwt(right), 200},
      {signed_jwt(claims("other", "ISU_Penstock", "wd", 1300)), 401},
      {signed_jwt(claims("penstock-client", "other", "wd", 1300)), 400},
      {signed_jwt(claims("penstock-client", "ISU_Penstock", "https://wd", 1300)), 400},
      {signed_jwt(claims("penstock-client", "ISU_Penstock", "wd", 1000)), 400},
      {signed_jwt(claims("penstock-client", "ISU_Penstock", "wd", 1400)), 400},
      {signed_jwt(R"({"iss":"penstock-client"})"), 400},
      {signed_jwt(right, R"({"alg":"none"})"), 400},
      {signed_jwt(right, R"({"alg":"HS256"})"), 400},
      {signed_jwt(right) + "x", 400},
      {url64(R"({"alg":"none"})") + "." + url64(right) + ".", 400},
      {"not.a.jwt", 400},
  };
  for (const auto& row : rows)
    EXPECT_EQ(with_assertion(row.jwt).status, row.status) << row.jwt;

  std::string forged = signed_jwt(right);
  auto dot = forged.find('.');
  forged.replace(dot + 1, forged.rfind('.') - dot - 1,
                 url64(claims("penstock-client", "ISU_Penstock", "wd", 1299)));
  EXPECT_EQ(with_assertion(forged).status, 400);
}

TEST_F(SandboxToken, TheLedgerCountsTokenRequestsApart) {
  refresh("workday-sandbox-refresh");
  refresh("wrong");
  const auto& ledger = state.vendors["workday"].ledger;
  EXPECT_EQ(ledger.token_requests, 2);
  EXPECT_EQ(ledger.token_refusals, 1);
  EXPECT_EQ(ledger.grants.at("refresh_token"), 2);
  EXPECT_EQ(ledger.calls, 0);
}

}  // namespace
}  // namespace penstock::sandbox
