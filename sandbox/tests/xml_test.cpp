#include "support.hpp"

namespace penstock::sandbox {
namespace {

TEST(SandboxXml, NamesAreResolvedWhateverTheirPrefix) {
  for (const char* text :
       {"<a xmlns='urn:x' b='1'> t </a>", "<p:a xmlns:p='urn:x' b='1'> t </p:a>"}) {
    auto document = parse_xml(text);
    ASSERT_TRUE(document.root) << document.problem;
    EXPECT_TRUE(document.root->is("urn:x", "a"));
    ASSERT_TRUE(document.root->attribute("", "b"));
    EXPECT_EQ(trimmed(document.root->text), "t");
  }
}

TEST(SandboxXml, EntitiesAreDecoded) {
  auto document = parse_xml("<a>1 &lt; 2 &amp; <![CDATA[<3>]]>&#x41;</a>");
  ASSERT_TRUE(document.root);
  EXPECT_EQ(document.root->text, "1 < 2 & <3>A");
}

TEST(SandboxXml, WhatIsNotPlainXmlIsRefused) {
  std::string deep;
  for (int i = 0; i < 300; ++i)
    deep += "<a>";
  for (std::string text :
       {std::string{}, std::string{"<a>"}, std::string{"<a></b>"}, std::string{"<p:a/>"},
        std::string{"<a/><b/>"}, deep, std::string{"<!DOCTYPE a><a/>"},
        std::string{"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"}})
    EXPECT_FALSE(parse_xml(text).root) << text.substr(0, 60);
}

}  // namespace
}  // namespace penstock::sandbox
