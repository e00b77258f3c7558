#include "support.hpp"

namespace penstock::sandbox {
namespace {

const std::string root = "https://api.nmbrs.nl/soap/v3/";
const std::string right = "<Username>penstock@acme.example</Username><Token>nmbrs-sandbox-token"
                          "</Token><Domain>acme</Domain>";

struct Message {
  std::string service = "DebtorService";
  std::string operation = "List_GetAll";
  std::string header_name = "AuthHeaderWithDomain";
  std::string header_ns = root + "DebtorService";
  std::string credentials = right;
  std::string parameters;
  std::string soap = "http://schemas.xmlsoap.org/soap/envelope/";

  std::string text() const {
    return "<s:Envelope xmlns:s=\"" + soap + "\"><s:Header><" + header_name + " xmlns=\"" +
           header_ns + "\">" + credentials + "</" + header_name + "></s:Header><s:Body><" +
           operation + " xmlns=\"" + root + service + "\">" + parameters + "</" + operation +
           "></s:Body></s:Envelope>";
  }
};

struct SandboxNmbrs : testing::Test {
  SandboxState state;
  Response post(const std::string& body, const std::string& service, std::vector<Header> headers,
                const std::string& host = "api.nmbrs.nl") {
    return ask(state, {host, "POST", "/soap/v3/" + service + ".asmx", std::move(headers), body});
  }
  Response post(const Message& message, const std::string& host = "api.nmbrs.nl") {
    return post(message.text(), message.service,
                {{"Content-Type", "text/xml; charset=utf-8"},
                 {"SOAPAction", "\"" + root + message.service + "/" + message.operation + "\""}},
                host);
  }
};

Message company_list(const std::string& parameters) {
  return {.service = "EmployeeService",
          .operation = "List_GetByCompany",
          .header_ns = root + "EmployeeService",
          .parameters = parameters};
}

TEST_F(SandboxNmbrs, TheCredentialsStandInOrderInTheServicesNamespace) {
  EXPECT_EQ(text_in(post(Message{}), "Name"), "Acme Holding B.V.");
  EXPECT_EQ(post(Message{}, "api-sandbox.nmbrs.nl").status, 200);
  const Message wrong[] = {
      {.credentials = "<Token>nmbrs-sandbox-token</Token><Username>penstock@acme.example</Username>"
                      "<Domain>acme</Domain>"},
      {.credentials =
           "<Username>penstock@acme.example</Username><Token>nmbrs-sandbox-token</Token>"},
      {.credentials = "<Username>penstock@acme.example</Username><Token>wrong</Token>"
                      "<Domain>acme</Domain>"},
      {.credentials = "<Username>penstock@acme.example</Username><Token>nmbrs-sandbox-token</Token>"
                      "<Domain>other</Domain>"},
      {.credentials = "<Username xmlns=\"\">penstock@acme.example</Username><Token>"
                      "nmbrs-sandbox-token</Token><Domain>acme</Domain>"},
      {.credentials = ""},
      {.header_name = "AuthHeader"},
      {.header_ns = root + "CompanyService"},
      {.header_ns = "https://api-sandbox.nmbrs.nl/soap/v3/DebtorService"},
  };
  for (const auto& message : wrong) {
    auto response = post(message);
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(text_in(response, "faultcode"), "soap:Server") << message.text();
    EXPECT_TRUE(
        contains(text_in(response, "faultstring"),
                 "Server was unable to process request. ---> 1001: Invalid Authentication"));
  }
}

TEST_F(SandboxNmbrs, EnvironmentGetNeedsNoDomain) {
  Message message{.operation = "Environment_Get",
                  .header_name = "AuthHeader",
                  .credentials = "<Username>penstock@acme.example</Username><Token>"
                                 "nmbrs-sandbox-token</Token>"};
  EXPECT_EQ(text_in(post(message), "SubDomain"), "acme");
  EXPECT_EQ(post(Message{.operation = "Environment_Get"}).status, 200);
  message.operation = "List_GetAll";
  EXPECT_EQ(post(message).status, 500);
}

TEST_F(SandboxNmbrs, TheSoapActionDecides) {
  const Header xml{"Content-Type", "text/xml; charset=utf-8"};
  auto with_action = [&](const std::string& action) {
    return post(Message{}.text(), "DebtorService", {xml, {"SOAPAction", action}});
  };
  EXPECT_EQ(with_action(root + "DebtorService/List_GetAll").status, 200);
  EXPECT_TRUE(contains(text_in(post(Message{}.text(), "DebtorService", {xml}), "faultstring"),
                       "Unable to handle request without a valid action parameter. Please supply a "
                       "valid soap action."));
  for (std::string wrong : {std::string{"\"\""}, root + "DebtorService/Nonsense",
                            root + "CompanyService/List_GetAll", std::string{"List_GetAll"}})
    EXPECT_TRUE(contains(text_in(with_action(wrong), "faultstring"),
                         "Server did not recognize the value of HTTP Header SOAPAction: "))
        << wrong;
  auto other = with_action(root + "DebtorService/Environment_Get");
  EXPECT_TRUE(contains(text_in(other, "faultstring"), "was not expected")) << other.body;
}

TEST_F(SandboxNmbrs, Soap12NeedsNoAction) {
  Message message{.soap = "http://www.w3.org/2003/05/soap-envelope"};
  auto as_soap12 = post(message.text(), "DebtorService",
                        {{"Content-Type", "application/soap+xml; charset=utf-8"}});
  EXPECT_EQ(text_in(as_soap12, "Name"), "Acme Holding B.V.");
  EXPECT_EQ(header_of(as_soap12, "Content-Type"), "application/soap+xml; charset=utf-8");
  EXPECT_EQ(post(message.text(), "DebtorService", {{"Content-Type", "text/xml"}}).status, 200);
  auto mixed = post(Message{}.text(), "DebtorService", {{"Content-Type", "application/soap+xml"}});
  EXPECT_EQ(text_in(mixed, "Value"), "soap:VersionMismatch");
  message.credentials = "";
  auto refused = post(message.text(), "DebtorService", {{"Content-Type", "application/soap+xml"}});
  EXPECT_EQ(text_in(refused, "Value"), "soap:Receiver");
  EXPECT_TRUE(contains(text_in(refused, "Text"), "1001: Invalid Authentication"));
}

TEST_F(SandboxNmbrs, ParametersAreFoundInTheirNamespaceOnly) {
  EXPECT_EQ(
      text_in(post(company_list("<CompanyId>54613</CompanyId><active>active</active>")), "Id"),
      "503293");
  EXPECT_EQ(
      text_in(post(company_list("<CompanyId>54613</CompanyId><active>notActive</active>")), "Id"),
      "503303");
  EXPECT_TRUE(contains(
      text_in(post(company_list("<CompanyId xmlns=\"\">54613</CompanyId>")), "faultstring"),
      "2004"));
  EXPECT_EQ(
      text_in(post(company_list("<CompanyId>54613</CompanyId><active>x</active>")), "faultcode"),
      "soap:Client");
}

TEST_F(SandboxNmbrs, WhatIsNotServed) {
  const std::vector<Header> xml{{"Content-Type", "text/xml"}};
  EXPECT_EQ(post("", "Nonsense", xml).status, 404);
  EXPECT_EQ(post("", "DebtorService", {{"Content-Type", "application/json"}}).status, 415);
  EXPECT_EQ(ask(state, {"api.nmbrs.nl", "POST", "/soap/v2.1/DebtorService.asmx", xml}).status, 404);
  EXPECT_EQ(ask(state, {"api.nmbrs.nl", "GET", "/soap/v3/DebtorService.asmx"}).status, 405);
}

TEST_F(SandboxNmbrs, ThePublicRequestSamplesAreTaken) {
  for (std::string name :
       {"nmbrs/samples/v3-DebtorService-List_GetAll-request.constructed.xml",
        "nmbrs/samples/v3-DebtorService-Environment_Get-request.constructed.xml"}) {
    auto body = sample(name);
    if (!body) GTEST_SKIP() << "the shared vendor samples are not here";
    replace(*body, "user@example.com", "penstock@acme.example");
    replace(*body, "0123456789abcdef0123456789abcdef", "nmbrs-sandbox-token");
    bool list = contains(name, "List_GetAll");
    if (list) replace(*body, "<Domain>example<", "<Domain>acme<");
    auto action = root + "DebtorService/" + (list ? "List_GetAll" : "Environment_Get");
    EXPECT_EQ(
        post(*body, "DebtorService", {{"Content-Type", "text/xml"}, {"SOAPAction", action}}).status,
        200)
        << name;
  }
}

}  // namespace
}  // namespace penstock::sandbox
