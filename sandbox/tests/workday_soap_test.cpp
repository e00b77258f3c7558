#include "support.hpp"

namespace penstock::sandbox {
namespace {

constexpr const char* wsse =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
constexpr const char* password_text = "http://docs.oasis-open.org/wss/2004/01/"
                                      "oasis-200401-wss-username-token-profile-1.0#PasswordText";

struct Message {
  std::string soap = "http://schemas.xmlsoap.org/soap/envelope/";
  std::string security_ns = wsse;
  std::string user = "ISU_Penstock@acme";
  std::string password = "workday-sandbox-password";
  std::string type = " Type=\"" + std::string{password_text} + "\"";
  std::string more_headers;
  std::string operation = "<wd:Server_Timestamp_Get xmlns:wd=\"urn:com.workday/bsvc\"/>";

  std::string text() const {
    return "<s:Envelope xmlns:s=\"" + soap + "\"><s:Header><x:Security xmlns:x=\"" + security_ns +
           "\" s:mustUnderstand=\"1\"><x:UsernameToken><x:Username>" + user +
           "</x:Username><x:Password" + type + ">" + password +
           "</x:Password></x:UsernameToken></x:Security>" + more_headers + "</s:Header><s:Body>" +
           operation + "</s:Body></s:Envelope>";
  }
};

struct SandboxWorkdaySoap : testing::Test {
  SandboxState state;
  Response post(const std::string& body, const std::string& path = "Human_Resources/v38.2",
                std::vector<Header> headers = {}) {
    headers.push_back({"Content-Type", "text/xml; charset=UTF-8"});
    return ask(state, {"wd5-impl-services1.workday.com", "POST", "/ccx/service/acme/" + path,
                       std::move(headers), body});
  }
  Response post(const Message& message, const std::string& path = "Human_Resources/v38.2") {
    return post(message.text(), path);
  }
};

TEST_F(SandboxWorkdaySoap, TheUsernameTokenIsCheckedInItsNamespace) {
  EXPECT_EQ(post(Message{}).status, 200);
  EXPECT_EQ(post(Message{.type = ""}).status, 200);
  for (const auto& wrong :
       {Message{.user = "ISU_Penstock"}, Message{.user = "ISU_Penstock@other"},
        Message{.password = "wrong"}, Message{.password = " workday-sandbox-password"},
        Message{.type = " Type=\"http://docs.oasis-open.org/wss/2004/01/"
                        "oasis-200401-wss-username-token-profile-1.0#PasswordDigest\""},
        Message{.type = " Type=\"PasswordText\""}}) {
    auto response = post(wrong);
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(text_in(response, "faultcode"), "SOAP-ENV:Client.authenticationError");
    EXPECT_EQ(text_in(response, "faultstring"), "invalid username or password");
  }
}

TEST_F(SandboxWorkdaySoap, ASecurityHeaderOfAnotherNamespaceIsNotUnderstood) {
  EXPECT_EQ(text_in(post(Message{.security_ns = "urn:other"}), "faultcode"),
            "SOAP-ENV:MustUnderstand");
  EXPECT_EQ(
      text_in(post(Message{.more_headers = "<o:X xmlns:o=\"urn:o\" s:mustUnderstand=\"1\"/>"}),
              "faultcode"),
      "SOAP-ENV:MustUnderstand");
  EXPECT_EQ(post(Message{.more_headers = "<o:X xmlns:o=\"urn:o\"/>"}).status, 200);
  EXPECT_EQ(
      post(Message{.more_headers = "<o:Workday_Common_Header xmlns:o=\"urn:com.workday/bsvc\" "
                                   "s:mustUnderstand=\"1\"/>"})
          .status,
      200);
}

TEST_F(SandboxWorkdaySoap, WithoutTheHeaderABearerTokenOpensAndBasicDoesNot) {
  std::string bare = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>"
                     "<Server_Timestamp_Get xmlns=\"urn:com.workday/bsvc\"/></s:Body></s:Envelope>";
  state.workday.access_tokens["good"] = 3600;
  EXPECT_EQ(post(bare, "Human_Resources/v38.2", {bearer("good")}).status, 200);
  for (const auto& wrong : {bearer("bad"), basic("ISU_Penstock@acme:workday-sandbox-password")})
    EXPECT_EQ(text_in(post(bare, "Human_Resources/v38.2", {wrong}), "faultcode"),
              "SOAP-ENV:Client.authenticationError");
  EXPECT_EQ(post(bare).status, 500);
}

TEST_F(SandboxWorkdaySoap, VersionsThatTheTenantServes) {
  for (const char* good : {"v26.1", "v31.0", "v38.2", "v46.2", "v47.0"})
    EXPECT_EQ(post(Message{}, std::string{"Human_Resources/"} + good).status, 200) << good;
  for (const char* bad :
       {"v1.0", "v26.0", "v46.3", "v47.1", "v99.9", "38.2", "v38", "v38.2.1", "vv38.2"})
    EXPECT_EQ(text_in(post(Message{}, std::string{"Human_Resources/"} + bad), "faultstring"),
              "Invalid request service version")
        << bad;
}

TEST_F(SandboxWorkdaySoap, TheVersionMayStandInTheMessageAlone) {
  Message message{.operation = "<w:Server_Timestamp_Get xmlns:w=\"urn:com.workday/bsvc\" "
                               "w:version=\"v40.1\"/>"};
  EXPECT_TRUE(contains(post(message, "Human_Resources").body, "wd:version=\"v40.1\""));
  EXPECT_EQ(text_in(post(Message{}, "Human_Resources"), "faultstring"),
            "Invalid request service version");
}

TEST_F(SandboxWorkdaySoap, OperationsAreKnownByNamespaceAndService) {
  auto fault = [&](const std::string& operation, const std::string& path) {
    return text_in(post(Message{.operation = operation}, path), "faultcode");
  };
  const std::string in_bsvc = " xmlns=\"urn:com.workday/bsvc\"/>";
  EXPECT_EQ(fault("<Put_Worker" + in_bsvc, "Human_Resources/v38.2"),
            "SOAP-ENV:Server.processingError");
  EXPECT_EQ(fault("<Get_Workers_Request" + in_bsvc, "Payroll/v38.2"),
            "SOAP-ENV:Server.processingError");
  EXPECT_EQ(fault("<Get_Workers_Request/>", "Human_Resources/v38.2"),
            "SOAP-ENV:Client.validationError");
  EXPECT_EQ(fault("<Get_Workers_Request" + in_bsvc, "Nonsense/v38.2"),
            "SOAP-ENV:Client.validationError");
  EXPECT_EQ(fault("", "Human_Resources/v38.2"), "SOAP-ENV:Client.validationError");
  EXPECT_EQ(post(Message{.operation = "<Get_Workers_Request" + in_bsvc}, "Staffing/v38.2").status,
            200);
}

TEST_F(SandboxWorkdaySoap, WorkersComeInPages) {
  auto workers = [&](const std::string& inside) {
    return post(Message{.operation = "<wd:Get_Workers_Request xmlns:wd=\"urn:com.workday/bsvc\">" +
                                     inside + "</wd:Get_Workers_Request>"});
  };
  auto response = workers("<wd:Response_Filter><wd:Page>3</wd:Page><wd:Count>99</wd:Count>"
                          "</wd:Response_Filter>");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(text_in(response, "Total_Results"), "230");
  EXPECT_EQ(text_in(response, "Total_Pages"), "3");
  EXPECT_EQ(text_in(response, "Page_Results"), "32");
  EXPECT_EQ(text_in(response, "Page"), "3");
  EXPECT_EQ(text_in(response, "Worker_ID"), "21199");
  EXPECT_EQ(text_in(workers(""), "Page_Results"), "100");
  EXPECT_EQ(text_in(workers("<wd:Response_Filter><wd:Count>1000</wd:Count></wd:Response_Filter>"),
                    "faultcode"),
            "SOAP-ENV:Client.validationError");

  auto one = [](const std::string& id) {
    return "<wd:Request_References><wd:Worker_Reference><wd:ID wd:type=\"Employee_ID\">" + id +
           "</wd:ID></wd:Worker_Reference></wd:Request_References>";
  };
  EXPECT_EQ(text_in(workers(one("21002")), "User_ID"), "employee.2@acme.example");
  EXPECT_EQ(text_in(workers(one("45873")), "Message"),
            "Invalid ID value.  '45873' is not a valid ID value for type = 'Employee_ID'");
}

TEST_F(SandboxWorkdaySoap, WhatIsNoSoap11IsAFault) {
  EXPECT_EQ(text_in(post(Message{.soap = "http://www.w3.org/2003/05/soap-envelope"}), "faultcode"),
            "SOAP-ENV:VersionMismatch");
  for (std::string body : {"", "{}", "<a/>", "<!DOCTYPE a><a/>"})
    EXPECT_EQ(text_in(post(body), "faultcode"), "SOAP-ENV:Client.validationError") << body;
  EXPECT_EQ(text_in(post(Message{}, "../other/Human_Resources/v38.2"), "faultcode"),
            "SOAP-ENV:Server.processingError");
}

TEST_F(SandboxWorkdaySoap, ThePublicRequestSampleIsTaken) {
  auto body = sample("workday/samples/request-Get_Workers-usernameToken.constructed.xml");
  if (!body) GTEST_SKIP() << "the shared vendor samples are not here";
  EXPECT_EQ(text_in(post(*body), "faultcode"), "SOAP-ENV:Client.authenticationError");
  replace(*body, "ISU_Example@example_tenant", "ISU_Penstock@acme");
  replace(*body, "example-password", "workday-sandbox-password");
  EXPECT_EQ(text_in(post(*body), "Page_Results"), "100");
}

}  // namespace
}  // namespace penstock::sandbox
