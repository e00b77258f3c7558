// Envelopes of a caller's own: what is read of them, and that nothing but the header block is
// added.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "soap/envelope.hpp"

namespace penstock::soap {
namespace {

using ::testing::HasSubstr;

const std::string soap11 = "http://schemas.xmlsoap.org/soap/envelope/";
const std::string soap12 = "http://www.w3.org/2003/05/soap-envelope";
const std::string block = R"(<k:Key xmlns:k="urn:k">v</k:Key>)";

struct AddCase {
  const char* name;
  std::string before, after;  ///< of the place where the block goes in
  std::string opening, closing;
};

TEST(SoapEnvelopeTest, adds_a_header_block_and_leaves_every_other_byte_alone) {
  const std::string open = "<s:Envelope xmlns:s=\"" + soap11 + "\">";
  const AddCase cases[] = {
      {"no header", open, "<s:Body><a/></s:Body></s:Envelope>", "<s:Header>", "</s:Header>"},
      {"a header", open + "<s:Header>", "<x/></s:Header><s:Body><a/></s:Body></s:Envelope>"},
      {"an empty header", open + "<s:Header>", "</s:Header><s:Body/></s:Envelope>"},
      {"attributes and blanks", open + "\n <s:Header a='>'\n>",
       "</s:Header >\n<s:Body/></s:Envelope>\n"},
      {"no prefix", "<?xml version='1.0' encoding=\"utf-8\"?>\n<Envelope xmlns='" + soap12 + "'>",
       "<Body>&#10;<!-- c --><![CDATA[<Body>]]></Body></Envelope>", "<Header>", "</Header>"},
      {"a byte order mark", "\xEF\xBB\xBF" + open, "<s:Body/></s:Envelope>", "<s:Header>",
       "</s:Header>"},
      {"CR LF and tabs", open + "\r\n\t", "<s:Body>\r\n</s:Body></s:Envelope>", "<s:Header>",
       "</s:Header>"},
  };
  for (const AddCase& one : cases) {
    const std::string xml = one.before + one.after;
    ASSERT_TRUE(is_soap_envelope(xml)) << one.name;
    const auto envelope = read_soap_envelope(xml);
    ASSERT_TRUE(envelope.has_value()) << one.name << ": " << envelope.error();
    const auto added = add_header(xml, *envelope, block);
    ASSERT_TRUE(added.has_value()) << one.name << ": " << added.error();
    EXPECT_EQ(*added, one.before + one.opening + block + one.closing + one.after) << one.name;
    EXPECT_EQ(*add_header(xml, *envelope, ""), xml) << one.name;
  }
}

TEST(SoapEnvelopeTest, opens_a_header_that_is_an_empty_element) {
  const std::string xml =
      "<s:Envelope xmlns:s=\"" + soap11 + "\"><s:Header id=\"1\" /><s:Body/></s:Envelope>";
  const auto envelope = read_soap_envelope(xml);
  ASSERT_TRUE(envelope.has_value()) << envelope.error();
  EXPECT_EQ(*add_header(xml, *envelope, block), "<s:Envelope xmlns:s=\"" + soap11 +
                                                    "\"><s:Header id=\"1\" >" + block +
                                                    "</s:Header><s:Body/></s:Envelope>");
}

TEST(SoapEnvelopeTest, knows_the_body_and_the_prefixes_bound_round_it) {
  const std::string xml =
      "<s:Envelope xmlns:s=\"" + soap11 +
      "\" xmlns:a=\"urn:1\" xmlns:b=\"urn:b\"><s:Header xmlns:h=\"urn:h\"/>"
      "<s:Body xmlns:a=\"urn:2\" xmlns=\"urn:d\"> <a:Op xmlns:c=\"urn:c\"/></s:Body></s:Envelope>";
  const auto envelope = read_soap_envelope(xml);
  ASSERT_TRUE(envelope.has_value()) << envelope.error();
  EXPECT_EQ(envelope->body(xml), " <a:Op xmlns:c=\"urn:c\"/>");
  EXPECT_THAT(envelope->scope,
              ::testing::UnorderedElementsAre(Field{"s", soap11}, Field{"a", "urn:2"},
                                              Field{"b", "urn:b"}, Field{"", "urn:d"}));
}

struct BadCase {
  const char* name;
  std::string xml;
  const char* says;
};

TEST(SoapEnvelopeTest, refuses_what_a_vendor_could_read_differently) {
  const std::string open = "<s:Envelope xmlns:s=\"" + soap11 + "\">";
  const std::string close = "</s:Envelope>";
  std::string deep, attributes;
  for (int i = 0; i < 250; ++i)
    deep += "<a>";
  for (int i = 0; i < 65; ++i)
    attributes += " a" + std::to_string(i) + "=''";
  const BadCase cases[] = {
      {"doctype", "<!DOCTYPE x>" + open + "<s:Body/>" + close, "document type"},
      {"doctype with an entity",
       "<!DOCTYPE x [<!ENTITY e 'v'>]>" + open + "<s:Body>&e;</s:Body>" + close, "document type"},
      {"another encoding",
       "<?xml version='1.0' encoding='ISO-8859-1'?>" + open + "<s:Body/>" + close,
       "an encoding other than"},
      {"bytes that are no UTF-8", open + "<s:Body>\xE9</s:Body>" + close, "well-formed"},
      {"UTF-16", std::string("\xFF\xFE<\0s\0", 6), "well-formed"},
      {"two bodies", open + "<s:Body/><s:Body/>" + close, "more than one Body"},
      {"a header behind the body", open + "<s:Body/><s:Header/>" + close, "behind its Body"},
      {"two headers", open + "<s:Header/><s:Header/><s:Body/>" + close, "more than one Header"},
      {"no body", open + "<s:Header/>" + close, "no Body"},
      {"another part", open + "<s:Body/><s:Tail/>" + close, "an element other than"},
      {"a body of the other version", open + "<t:Body xmlns:t=\"" + soap12 + "\"/>" + close,
       "an element other than"},
      {"text between", open + "text<s:Body/>" + close, "text between"},
      {"an unbound prefix", open + "<s:Body><x:a/></s:Body>" + close, "prefix"},
      {"an unknown entity", open + "<s:Body>&x;</s:Body>" + close, "entity"},
      {"two roots", open + "<s:Body/>" + close + "<a/>", "junk"},
      {"cut off", open + "<s:Body>", "well-formed"},
      {"too deep", open + "<s:Body>" + deep, "200 levels"},
      {"too many attributes", open + "<s:Body><a" + attributes + "/></s:Body>" + close,
       "64 attributes"},
      {"another root", "<Envelope/>", "not a SOAP envelope"},
      {"nothing", "", "well-formed"},
  };
  for (const BadCase& one : cases) {
    const auto envelope = read_soap_envelope(one.xml);
    ASSERT_FALSE(envelope.has_value()) << one.name;
    EXPECT_THAT(envelope.error(), HasSubstr(one.says)) << one.name;
    EXPECT_THAT(envelope.error(), ::testing::AnyOf(HasSubstr("(line "), HasSubstr("no Body")));
  }
}

TEST(SoapEnvelopeTest, adds_no_second_block_of_a_name_and_nothing_that_is_no_element) {
  const std::string xml = "<s:Envelope xmlns:s=\"" + soap11 +
                          "\"><s:Header><Key xmlns=\"urn:k\"/></s:Header><s:Body/></s:Envelope>";
  const auto envelope = read_soap_envelope(xml);
  ASSERT_TRUE(envelope.has_value()) << envelope.error();
  const auto twice = add_header(xml, *envelope, block);
  ASSERT_FALSE(twice.has_value());
  EXPECT_THAT(twice.error(), HasSubstr("has a Key of its own"));
  for (const char* bad : {"<a>", "</s:Header>", "<a/></h><h>", "<x:a/>", "&e;"})
    EXPECT_FALSE(add_header(xml, *envelope, bad).has_value()) << bad;
  EXPECT_TRUE(add_header(xml, *envelope, "<Key xmlns=\"urn:other\"/>").has_value());
}

TEST(SoapEnvelopeTest, tells_fragments_from_envelopes) {
  for (const char* fragment :
       {"", "<a/>", "<Envelope/>", "text", "<s:Envelope/>", "<x:Envelope xmlns:x='urn:x'/>"})
    EXPECT_FALSE(is_soap_envelope(fragment)) << fragment;
}

}  // namespace
}  // namespace penstock::soap
