// What a caller may write as data of a SOAP API, through the engine and the real plugins.
#include <gtest/gtest.h>

#include "sandbox_process.hpp"

namespace penstock {
namespace {

using testing::SandboxProcess;

TEST(SoapFragment, is_sent_only_if_it_is_one_sound_element_inside_its_envelope) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine();
  struct Row {
    const char *tool, *service, *body, *says;
  };
  const std::string nmbrs = "xmlns=\"https://api.nmbrs.nl/soap/v3/CompanyService\"";
  const std::string list = "<List_GetAll " + nmbrs + "/>", bad = "<List_GetAll " + nmbrs + ">";
  const std::string two = list + list, text = list + "text", deep = bad + "<q:b/></List_GetAll>";
  const std::string attribute = bad + "<b q:c=\"\"/></List_GetAll>";
  const std::string twice =
      bad + "<b xmlns:p=\"urn:a\" xmlns:q=\"urn:a\" p:c=\"\" q:c=\"\"/></List_GetAll>";
  const std::string undone = bad + "<p:b xmlns:p=\"\"/></List_GetAll>";
  const Row rows[] = {
      {"workday", "Staffing", "<wd:X><q:b/></wd:X>", "unbound prefix"},
      {"workday", "Staffing", "<wd:X/><wd:Y/>", "one element"},
      {"workday", "Staffing", "<wd:X/>text", "one element"},
      {"nmbrs", "CompanyService", two.c_str(), "one element"},
      {"nmbrs", "CompanyService", text.c_str(), "one element"},
      {"nmbrs", "CompanyService", deep.c_str(), "unbound prefix"},
      {"nmbrs", "CompanyService", attribute.c_str(), "unbound prefix"},
      {"nmbrs", "CompanyService", twice.c_str(), "duplicate attribute"},
      {"nmbrs", "CompanyService", undone.c_str(), "undeclare prefix"},
      {"workday", "Staffing", "<!-- c --><wd:X xmlns:q='urn:q'><q:b bsvc:c=''/></wd:X>\n", ""},
      {"nmbrs", "CompanyService", list.c_str(), ""},
  };
  for (const Row& row : rows) {
    Call call;
    call.tool = row.tool, call.api = "soap", call.integration_id = call.tool + ":acme";
    call.method = "POST";
    call.api_options = options({{"service_name", row.service}});
    call.body = row.body;
    const auto preview = engine->validate(call);
    const auto answer = testing::call(*engine, call);
    ASSERT_EQ(preview.has_value(), *row.says == '\0') << row.body;
    ASSERT_EQ(answer.has_value(), *row.says == '\0') << row.body;
    if (answer) continue;
    EXPECT_EQ(answer.error().message, preview.error().message);
    EXPECT_EQ(answer.error().sent, Sent::no);
    EXPECT_EQ(answer.error().details.at(0).pointer, "/data");
    EXPECT_NE(answer.error().message.find(row.says), std::string::npos) << answer.error().message;
  }
}

TEST(SoapFragment, that_is_more_than_a_fragment_is_refused_by_every_plugin_in_its_own_words) {
  const SandboxProcess sandbox;
  const auto engine = sandbox.engine();
  const std::string element = "<a xmlns='urn:x'/>";
  const std::pair<std::string, const char*> rows[] = {
      {"\xEF\xBB\xBF" + element, "byte order mark"},
      {"<?xml version='1.0' encoding='utf-8'?>" + element, "XML declaration"},
      {"\n<?xml version='1.0'?>" + element, "XML declaration"},
      {"<!DOCTYPE a>" + element, "document type"},
      {"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>" + element +
           "</s:Body></s:Envelope>",
       "whole SOAP envelope"},
      {"<soapenv:Body>" + element + "</soapenv:Body>", "SOAP Body"},
  };
  for (const std::string tool : {"workday", "nmbrs", "taleo", "hroffice"}) {
    for (const auto& [body, says] : rows) {
      Call call;
      call.tool = tool, call.api = "soap", call.integration_id = tool + ":acme";
      call.method = "POST";
      if (tool == "hroffice") {
        call.api_options = options({{"operation_name", "GetAllJobByLanguage"}});
      } else {
        call.api_options = options({{"service_name", "FindService"}});
      }
      call.body = body;
      const auto answer = testing::call(*engine, call);
      ASSERT_FALSE(answer) << tool << body;
      EXPECT_EQ(answer.error().details.at(0).pointer, "/data") << tool;
      EXPECT_NE(answer.error().message.find(says), std::string::npos) << answer.error().message;
    }
  }
}

}  // namespace
}  // namespace penstock
