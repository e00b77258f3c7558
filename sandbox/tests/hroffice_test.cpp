#include "support.hpp"

namespace penstock::sandbox {
namespace {

const std::string tempuri = "http://tempuri.org/";
const Header user = basic("hroffice-user:hroffice-sandbox-password");
const Header action{"SOAPAction", "\"http://tempuri.org/GetAllJobByLanguage\""};

std::string message(const std::string& operation_ns, const std::string& parameters) {
  return "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>"
         "<GetAllJobByLanguage xmlns=\"" +
         operation_ns + "\">" + parameters + "</GetAllJobByLanguage></s:Body></s:Envelope>";
}

struct SandboxHrOffice : testing::Test {
  SandboxState state;
  Response post(const std::string& body, std::vector<Header> headers = {user, action}) {
    headers.push_back({"Content-Type", "text/xml; charset=utf-8"});
    return ask(state,
               {"api.hroffice.nl", "POST", "/HROfficeCoreService.asmx", std::move(headers), body});
  }
};

TEST_F(SandboxHrOffice, BasicIsDemanded) {
  const auto body = message(tempuri, "<languageId>1</languageId>");
  EXPECT_EQ(text_in(post(body), "Title"), "Ontwikkelaar C++");
  for (const auto& wrong :
       {basic("hroffice-user:wrong"), basic("other:hroffice-sandbox-password"), Header{"X", ""}})
    EXPECT_EQ(post(body, {wrong, action}).status, 401) << wrong.value;
}

TEST_F(SandboxHrOffice, AParameterOfAnotherNamespaceIsNotFound) {
  EXPECT_EQ(text_in(post(message(tempuri, "<languageId>2</languageId>")), "Title"),
            "C++ Developer");
  EXPECT_EQ(text_in(post(message(tempuri, "<languageId xmlns=\"\">2</languageId>")), "Title"),
            "(none)");
  EXPECT_EQ(text_in(post(message(tempuri, "")), "Title"), "(none)");
}

TEST_F(SandboxHrOffice, OperationAndActionBelongTogether) {
  const auto body = message(tempuri, "<languageId>1</languageId>");
  EXPECT_TRUE(contains(text_in(post(message("urn:other", "")), "faultstring"), "was not expected"));
  EXPECT_TRUE(contains(text_in(post(body, {user}), "faultstring"), "valid action parameter"));
  EXPECT_TRUE(
      contains(text_in(post(body, {user, {"SOAPAction", tempuri + "Other"}}), "faultstring"),
               "did not recognize the value of HTTP Header SOAPAction"));
}

TEST_F(SandboxHrOffice, AHeaderThatMustBeUnderstoodIsNot) {
  auto body = message(tempuri, "<languageId>1</languageId>");
  replace(body, "<s:Body>",
          "<s:Header><o:Security xmlns:o=\"urn:o\" s:mustUnderstand=\"1\"/>"
          "</s:Header><s:Body>");
  EXPECT_EQ(text_in(post(body), "faultcode"), "soap:MustUnderstand");
}

}  // namespace
}  // namespace penstock::sandbox
