// What the plugins build against the requests that the vendors (or their clients) show: not byte
// for byte, since prefixes and white space are free, but element for element.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

#include <gtest/gtest.h>

#include "vector_file.hpp"
#include "xml_shape.hpp"

namespace penstock::tests {
namespace {

using testing::Built;
using testing::Given;

struct Sample {
  std::string name, file, plugin;
  Given given;
  std::string action;  ///< SOAPAction, with its quotes
  bool header =
      true;  ///< false: the sample shows no header, or one that its author left half empty
};

void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }

std::string read(const std::string& file) {
  std::ifstream stream(PENSTOCK_SHARED_DIR "/vendor-specs/" + file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The document behind an .http file's head.
std::string document_of(const std::string& sample) {
  const std::size_t start = sample.find("<?xml");
  return start == sample.npos ? sample : sample.substr(start);
}

/// What stands inside the Body, as a caller would send it. The samples declare its namespaces
/// inside, but for one.
std::string body_of(const std::string& document) {
  const std::size_t tag = document.find(":Body>");
  const std::size_t end = document.rfind("</", document.rfind(":Body>"));
  return tag == document.npos ? std::string() : document.substr(tag + 6, end - tag - 6);
}

std::vector<std::string> without_header(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  std::size_t depth = 0;
  bool inside = false;
  for (const std::string& line : lines) {
    if (line.starts_with("<")) ++depth;
    if (line.starts_with("<") && depth == 2 && line.ends_with(" Header")) inside = true;
    if (!inside) out.push_back(line);
    if (line == ">" && depth-- == 2) inside = false;
  }
  return out;
}

std::vector<Sample> samples() {
  const testing::Values nmbrs = {{"username", "user@example.com"},
                                 {"token", "0123456789abcdef0123456789abcdef"},
                                 {"domain", "example"}};
  const testing::Values workday = {{"domain", "wd5-impl-services1.workday.com"},
                                   {"tenant", "example_tenant"},
                                   {"username", "ISU_Example"},
                                   {"password", "example-password"}};
  const auto soap = [](testing::Values connection, testing::Values options) {
    return Given{.connection = std::move(connection),
                 .options = std::move(options),
                 .call = {.api = "soap", .method = "POST"}};
  };
  const std::string ns = "https://api.nmbrs.nl/soap/v3/";
  return {
      {"NmbrsDebtors", "nmbrs/samples/v3-DebtorService-List_GetAll-request.constructed.xml",
       "nmbrs", soap(nmbrs, {{"service_name", "DebtorService"}}),
       "\"" + ns + "DebtorService/List_GetAll\""},
      {"NmbrsEnvironment", "nmbrs/samples/v3-DebtorService-Environment_Get-request.constructed.xml",
       "nmbrs", soap(nmbrs, {{"service_name", "DebtorService"}}),
       "\"" + ns + "DebtorService/Environment_Get\""},
      {"NmbrsSingleSignOn", "nmbrs/samples/v3-SingleSignOn-GetToken-request.sandbox.soap11.http",
       "nmbrs", soap(nmbrs, {{"service_name", "SingleSignOn"}}),
       "\"" + ns + "SingleSignOn/GetToken\""},
      {"NmbrsContract", "nmbrs/samples/v3-EmployeeService-Contract_Insert-request.soap11.http",
       "nmbrs", soap(nmbrs, {{"service_name", "EmployeeService"}}),
       "\"" + ns + "EmployeeService/Contract_Insert\"", false},
      {"WorkdayWorkers", "workday/samples/request-Get_Workers-usernameToken.constructed.xml",
       "workday_soap", soap(workday, {{"service_name", "Human_Resources"}}), "\"\""},
      {"TaleoSubmitDocument", "taleo/samples/tee-integrationManagement-submitDocument-envelope.xml",
       "taleo",
       soap({{"subdomain", "acme"}, {"username", "u"}, {"password", "p"}},
            {{"service_name", "IntegrationManagementService"}}),
       "\"http://www.taleo.com/ws/integration/toolkit/2011/05/management/"
       "IntegrationManagementService#submitDocument\"",
       false},
      {"HrOfficeJobs", "hroffice/samples/GetAllJobByLanguage-request.inferred.http", "hroffice",
       soap({{"auth_style", "none"}}, {{"operation_name", "GetAllJobByLanguage"}}),
       "\"http://tempuri.org/GetAllJobByLanguage\""},
  };
}

class Samples : public ::testing::TestWithParam<Sample> {};

TEST_P(Samples, AreWhatThePluginBuilds) {
  const Sample& sample = GetParam();
  const std::string document = document_of(read(sample.file));
  if (document.empty()) GTEST_SKIP() << "needs " << PENSTOCK_SHARED_DIR << "/vendor-specs";
  const XmlShape wanted = xml_shape(document);
  ASSERT_EQ(wanted.trouble, "");

  Given given = sample.given;
  std::string body = body_of(document);
  if (sample.plugin == "hroffice")
    body = "<languageId>1</languageId>";  // there, the caller gives the parameters
  if (sample.plugin == "taleo") {         // this sample's prefixes are declared on its envelope
    body.replace(body.find("<man:submitDocument"), 19,
                 "<man:submitDocument "
                 "xmlns:man=\"http://www.taleo.com/ws/integration/toolkit/2011/05/management\""
                 " xmlns:itk=\"http://www.taleo.com/ws/integration/toolkit/2011/05\"");
  }
  given.call.body = body;
  const Built built = driver(sample.plugin).prepare(given);
  ASSERT_EQ(built.verdict, PST_OK) << built.failure.message;
  EXPECT_EQ(built.header("SOAPAction"), sample.action);
  EXPECT_EQ(built.header("Content-Type"), "text/xml; charset=utf-8");

  const XmlShape made = xml_shape(*built.body);
  ASSERT_EQ(made.trouble, "");
  if (sample.header) {
    EXPECT_EQ(made.lines, wanted.lines);
  } else {
    EXPECT_EQ(without_header(made.lines), without_header(wanted.lines));
  }
}

INSTANTIATE_TEST_SUITE_P(, Samples, ::testing::ValuesIn(samples()),
                         [](const auto& given) { return given.param.name; });

/// All 289 operations of the vendor's saved descriptions: the action is in the body's first
/// element.
TEST(NmbrsOperations, EachGivesTheSoapActionOfItsDescription) {
  const std::string text = read("nmbrs/wsdl/operations.json");
  if (text.empty()) GTEST_SKIP() << "needs " << PENSTOCK_SHARED_DIR << "/vendor-specs";
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  ASSERT_FALSE(document.HasParseError());
  std::size_t checked = 0;
  const auto check = [&](const std::string& ns, const std::string& element,
                         const std::string& action) {
    const Built built = driver("nmbrs").prepare(
        {.connection = {{"username", "u"}, {"token", "t"}, {"domain", "d"}},
         .options = {{"service_name", "EmployeeService"}},
         .call = {
             .api = "soap", .method = "POST", .body = "<" + element + " xmlns=\"" + ns + "\"/>"}});
    EXPECT_EQ(built.header("SOAPAction"), "\"" + action + "\"");
    ++checked;
  };
  for (const auto& file : document.GetArray()) {
    for (const auto& operation : file["operations"].GetArray()) {
      check(file["targetNamespace"].GetString(), operation["input"][0].GetString(),
            operation["soapAction"].GetString());
    }
  }
  EXPECT_EQ(checked, 289U);
}

}  // namespace
}  // namespace penstock::tests
