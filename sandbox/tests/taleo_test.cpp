#include "support.hpp"

namespace penstock::sandbox {
namespace {

const std::string find_ns = "http://www.taleo.com/ws/tee800/2009/01/find";
const std::string management_ns = "http://www.taleo.com/ws/integration/toolkit/2011/05/management";
const Header user = basic("taleo-user:taleo-sandbox-password");

std::string enveloped(const std::string& body) {
  return "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>" + body +
         "</s:Body></s:Envelope>";
}

struct Search {
  std::string operation = "findPartialEntities";
  std::string mapping = "http://www.taleo.com/ws/tee800/2009/01";
  std::string query_ns = "http://itk.taleo.com/ws/query";
  std::string projected = "Candidate";
  std::string field = "Number";
  std::string filterings;
  std::string attributes;

  std::string text() const {
    return enveloped("<f:" + operation + " xmlns:f=\"" + find_ns + "\" xmlns:q=\"" + query_ns +
                     "\"><f:mappingVersion>" + mapping +
                     "</f:mappingVersion><f:query><q:query "
                     "alias=\"A\" projectedClass=\"" +
                     projected +
                     "\"><q:projections><q:projection>"
                     "<q:field path=\"" +
                     field + "\"/></q:projection></q:projections>" + filterings +
                     "</q:query></f:query><f:attributes>" + attributes +
                     "</f:attributes></f:" + operation + ">");
  }
};

struct SandboxTaleo : testing::Test {
  SandboxState state;
  Response post(const std::string& body, const std::string& action,
                const std::string& service = "FindService", const Header& authorization = user) {
    return ask(
        state,
        {"acme.taleo.net",
         "POST",
         "/enterprise/soap?ServiceName=" + service,
         {authorization, {"Content-Type", "text/xml; charset=UTF-8"}, {"SOAPAction", action}},
         body});
  }
  Response post(const Search& search) {
    return post(search.text(), "\"" + find_ns + "/FindService#" + search.operation + "\"");
  }
};

TEST_F(SandboxTaleo, BasicIsMandatory) {
  const std::string action = find_ns + "/FindService#findPartialEntities";
  EXPECT_EQ(post(Search{}.text(), action).status, 200);
  for (const auto& wrong : {basic("taleo-user:wrong"), basic("other:taleo-sandbox-password"),
                            bearer("taleo-sandbox-password"), Header{"X", ""}}) {
    auto response = post(Search{}.text(), action, "FindService", wrong);
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(header_of(response, "WWW-Authenticate"), "Basic realm=\"Taleo\"");
  }
}

TEST_F(SandboxTaleo, TheSoapActionNamesServiceAndOperation) {
  for (std::string wrong :
       {std::string{"\"\""}, find_ns + "#findPartialEntities",
        find_ns + "/FindService#findEntities", find_ns + "/FindService/findPartialEntities"}) {
    auto response = post(Search{}.text(), wrong);
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(text_in(response, "faultcode"), "soap:Client") << wrong;
  }
  EXPECT_EQ(post(Search{}.text(), find_ns + "/FindService#findPartialEntities", "Other").status,
            500);
  EXPECT_EQ(
      ask(state, {"acme.taleo.net", "POST", "/other/soap?ServiceName=FindService", {user}}).status,
      404);
}

TEST_F(SandboxTaleo, EntitiesComeInPages) {
  auto response =
      post(Search{.attributes = "<f:entry><f:key>pageindex</f:key><f:value>2</f:value>"
                                "</f:entry><f:entry><f:key>pagingsize</f:key><f:value>50"
                                "</f:value></f:entry>"});
  auto document = parse_xml(response.body);
  ASSERT_TRUE(document.root) << document.problem;
  const Element* entities = find(*document.root, "Entities");
  ASSERT_TRUE(entities);
  EXPECT_EQ(entities->ns, find_ns);
  EXPECT_EQ(*entities->attribute("", "pageIndex"), "2");
  EXPECT_EQ(*entities->attribute("", "pageCount"), "2");
  EXPECT_EQ(*entities->attribute("", "entityCount"), "60");
  EXPECT_EQ(entities->children.size(), 10u);
  EXPECT_EQ(text_in(response, "Number"), "100009712");
  EXPECT_EQ(text_in(response, "EmailAddress"), "(none)");
}

TEST_F(SandboxTaleo, AFilterSelectsAndFindEntitiesShowsAll) {
  auto filter = "<q:filterings><q:filtering><q:equal><q:field path=\"EmailAddress\"/><q:string>"
                "candidate.7@example.com</q:string></q:equal></q:filtering></q:filterings>";
  for (std::string ns :
       {"http://itk.taleo.com/ws/query", "http://www.taleo.com/ws/integration/query"}) {
    auto response = post(Search{.operation = "findEntities", .query_ns = ns, .filterings = filter});
    EXPECT_EQ(text_in(response, "Number"), "100009669") << response.body;
    EXPECT_EQ(text_in(response, "EmailAddress"), "candidate.7@example.com");
  }
}

TEST_F(SandboxTaleo, WhatTheExportCannotDoIsAFaultWithACode) {
  EXPECT_EQ(text_in(post(Search{.field = "Nonsense"}), "code"), "ExportUnknownModelElementName");
  EXPECT_EQ(text_in(post(Search{.projected = "Nonsense"}), "code"),
            "ExportUnknownModelElementName");
  EXPECT_EQ(text_in(post(Search{.query_ns = "urn:other"}), "code"),
            "ExportBadSelectionQueryFormat");
  auto response = post(Search{.mapping = "urn:other"});
  EXPECT_EQ(text_in(response, "code"), "SystemError");
  EXPECT_EQ(text_in(response, "faultcode"), "soap:Server");
  EXPECT_EQ(text_in(response, "faultstring"),
            "An error occurred while performing the export operation:");
}

TEST_F(SandboxTaleo, ALargeMessageComesAsMtom) {
  auto response = post(enveloped("<m:getMessageByKey xmlns:m=\"" + management_ns + "\"/>"),
                       "\"" + management_ns + "/IntegrationManagementService#getMessageByKey\"",
                       "IntegrationManagementService");
  EXPECT_EQ(response.status, 200);
  auto media = parse_media_type(header_of(response, "Content-Type"));
  EXPECT_EQ(media.type, "multipart/related");
  EXPECT_EQ(only(media.parameters, "type"), "application/xop+xml");
  EXPECT_TRUE(contains(response.body, std::string{"\0\1\2\3", 4}));
  EXPECT_TRUE(response.body.ends_with("--" + *only(media.parameters, "boundary") + "--\r\n"));
}

TEST_F(SandboxTaleo, ThePublicBodySamplesAreTaken) {
  for (std::string operation : {"findEntities", "findPartialEntities"}) {
    auto body = sample(operation == "findEntities"
                           ? "taleo/samples/tee-findEntities-body.xml"
                           : "taleo/samples/tee-findPartialEntities-paged-body.constructed.xml");
    if (!body) GTEST_SKIP() << "the shared vendor samples are not here";
    auto response = post(enveloped(*body), find_ns + "/FindService#" + operation);
    EXPECT_EQ(response.status, 200) << response.body;
  }
}

}  // namespace
}  // namespace penstock::sandbox
