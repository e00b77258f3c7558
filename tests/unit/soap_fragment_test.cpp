#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "soap/fragment.hpp"

namespace penstock::soap {
namespace {

TEST(XmlFragment, takes_what_may_stand_in_a_body) {
  for (const char* xml :
       {"", " \r\n", "<wd:Get_Workers_Request/>", "<a><b x='1'>&lt;&#65;</b></a>",
        "<languageId>1</languageId><x/>", "<!-- c --><a/>", "<a><![CDATA[</soapenv:Body>]]></a>",
        "text", "<a>\xC3\xA9</a>", "<?pi x?><a/>"}) {
    EXPECT_EQ(check_xml_fragment(xml), "") << xml;
  }
}

TEST(XmlFragment, refuses_every_way_out_and_everything_that_is_not_well_formed) {
  const char* cases[] = {"</soapenv:Body>",
                         "<a/></b><b>",
                         "</b>",
                         "</b></b>",
                         "<a>",
                         "<a></b>",
                         "<a/></soapenv:Body></soapenv:Envelope>",
                         "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
                         "<!DOCTYPE a><a/>",
                         "<?xml version='1.0'?><a/>",
                         "<a>&undefined;</a>",
                         "<a b='1' b='2'/>",
                         "<a",
                         "<a b=1/>",
                         "&",
                         "<a>]]></a>",
                         "<!--",
                         "<![CDATA[",
                         "\xff",
                         "<a>\xC3</a>",
                         "<a>&#0;</a>",
                         "<a>\x01</a>"};
  for (const char* xml : cases)
    EXPECT_NE(check_xml_fragment(xml), "") << xml;
  EXPECT_NE(check_xml_fragment(std::string("<a>\0</a>", 8)), "");
}

TEST(XmlFragment, says_what_to_leave_out_of_what_belongs_round_a_body) {
  const std::pair<std::string, const char*> cases[] = {
      {"\xEF\xBB\xBF<a/>", "byte order mark"},
      {std::string("\xFF\xFE<\0a\0", 6), "UTF-16"},
      {"<?xml version='1.0'?><a/>", "XML declaration"},
      {"\r\n <?xml version='1.0'?><a/>", "XML declaration"},
      {"<!DOCTYPE a><a/>", "document type"},
      {"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>",
       "whole SOAP envelope"},
      {"<!-- c --><Envelope/>", "whole SOAP envelope"},
      {"<a/><x:Envelope/>", "whole SOAP envelope"},
      {"<soapenv:Header><Security/></soapenv:Header>", "Header"},
      {"<soap:Body><a/></soap:Body>", "SOAP Body"},
  };
  for (const auto& [xml, says] : cases)
    EXPECT_NE(check_xml_fragment(xml).find(says), std::string::npos)
        << xml << ": " << check_xml_fragment(xml);
  EXPECT_EQ(check_xml_fragment("<a><Envelope/></a>"), "");
  EXPECT_EQ(check_xml_fragment("<?xml-stylesheet x?><a/>"), "");
}

TEST(XmlFragment, has_limits) {
  std::string deep;
  for (int i = 0; i < 250; ++i)
    deep += "<a>";
  EXPECT_EQ(check_xml_fragment(deep).substr(0, 32), "is nested deeper than 200 levels");
  std::string wide = "<a";
  for (int i = 0; i < 65; ++i)
    wide += " x" + std::to_string(i) + "=''";
  EXPECT_NE(check_xml_fragment(wide + "/>").find("64 attributes"), std::string::npos);
}

TEST(XmlFragment, says_where) {
  EXPECT_EQ(check_xml_fragment("<a>\n  </b>"),
            "is not well-formed XML: mismatched tag (line 2, column 5)");
}

TEST(XmlFragment, refuses_the_attack_samples) {
  int files = 0;
  for (const char* folder : {PENSTOCK_SOURCE_DIR "/tests/corpora/seeds/xml",
                             PENSTOCK_SHARED_DIR "/testdata/xml-attacks/defusedxml"}) {
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
      if (file.path().extension() != ".xml") continue;
      std::ostringstream text;
      text << std::ifstream(file.path()).rdbuf();
      if (text.str().find("<!DOCTYPE") == std::string::npos &&
          text.str().find("<?xml ") == std::string::npos)
        continue;
      EXPECT_NE(check_xml_fragment(text.str()), "") << file.path();
      ++files;
    }
  }
  EXPECT_GT(files, 15);
}

}  // namespace
}  // namespace penstock::soap
