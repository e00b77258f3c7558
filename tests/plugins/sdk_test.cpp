// The SDK's building blocks that need no host. What needs one is tested through the plugins'
// vectors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/form.hpp>
#include <penstock/sdk/jwt.hpp>
#include <penstock/sdk/oauth2.hpp>
#include <penstock/sdk/soap.hpp>
#include <penstock/sdk/time.hpp>
#include <penstock/sdk/wssec.hpp>
#include <penstock/sdk/xml.hpp>

#include "xml_shape.hpp"

namespace penstock::sdk {
namespace {

/// The kind with which `function` fails; 0 where it does not.
template <class Function>
std::int32_t kind_of(Function&& function) {
  try {
    function();
  } catch (const Failure& failure) {
    return failure.kind;
  }
  return 0;
}

TEST(Base64, HoldsTheVectorsOfTheRfc) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : cases)
    EXPECT_EQ(base64(plain), coded);
  EXPECT_EQ(base64("\xfb\xff\xfe"), "+//+");
  EXPECT_EQ(base64url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(base64url("f"), "Zg");
}

TEST(Basic, IsTheRfcsExample) {
  EXPECT_EQ(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic("test", "123\xc2\xa3"), "Basic dGVzdDoxMjPCow==");
}

TEST(Basic, RefusesWhatWouldMoveTheBorder) {
  EXPECT_EQ(kind_of([] { basic("a:b", "c"); }), PST_E_BAD_CONNECTION);
  EXPECT_EQ(kind_of([] { basic("a", "b:c"); }), 0);
  EXPECT_EQ(kind_of([] { basic("a\n", "b"); }), PST_E_BAD_CONNECTION);
  EXPECT_EQ(kind_of([] { basic("a", std::string_view("b\0", 2)); }), PST_E_BAD_CONNECTION);
}

TEST(Form, EncodesEveryReservedCharacter) {
  EXPECT_EQ(form({{"a b", "c&d=e"}, {"plus", "+/%"}, {"empty", ""}}),
            "a%20b=c%26d%3De&plus=%2B%2F%25&empty=");
  EXPECT_EQ(url_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(url_encode("\xc3\xa9\n"), "%C3%A9%0A");
}

TEST(Time, IsIso8601AtEveryCorner) {
  const std::pair<std::int64_t, const char*> cases[] = {
      {0, "1970-01-01T00:00:00Z"},
      {-1, "1969-12-31T23:59:59Z"},
      {951'782'400'000, "2000-02-29T00:00:00Z"},
      {951'868'799'999, "2000-02-29T23:59:59Z"},
      {951'868'800'000, "2000-03-01T00:00:00Z"},
      {4'107'542'399'000, "2100-02-28T23:59:59Z"},
      {4'107'542'400'000, "2100-03-01T00:00:00Z"},
      {1'767'225'599'999, "2025-12-31T23:59:59Z"},
      {1'767'225'600'000, "2026-01-01T00:00:00Z"},
      {253'402'300'799'999, "9999-12-31T23:59:59Z"},
      {INT64_MAX, "9999-12-31T23:59:59Z"},
      {-62'167'219'200'000, "0000-01-01T00:00:00Z"},
      {INT64_MIN, "0000-01-01T00:00:00Z"},
  };
  for (const auto& [unix_ms, text] : cases)
    EXPECT_EQ(iso8601(unix_ms), text) << unix_ms;
}

TEST(Xml, EscapesMarkup) {
  EXPECT_EQ(xml_text("a<b>&\"'\r\n\t"), "a&lt;b&gt;&amp;&quot;'&#13;\n\t");
  EXPECT_EQ(xml_attribute("a<b>&\"'\r\n\t"), "a&lt;b&gt;&amp;&quot;'&#13;&#10;&#9;");
  EXPECT_EQ(xml_text("p\xc3\xa4ss \xe2\x9c\x93 \xf0\x9f\x98\x80"),
            "p\xc3\xa4ss \xe2\x9c\x93 \xf0\x9f\x98\x80");
}

TEST(Xml, WhatWasEscapedComesBack) {
  const std::string text = "a<b>&\"']]>\r\n\t\x7f\xc2\x85 end";
  const auto shape =
      tests::xml_shape("<r a=\"" + xml_attribute(text) + "\">" + xml_text(text) + "</r>");
  ASSERT_EQ(shape.trouble, "");
  EXPECT_THAT(shape.lines, ::testing::ElementsAre("<r a=" + text, "\"" + text + "\"", ">"));
}

TEST(Xml, RefusesWhatXmlCannotCarry) {
  const std::string_view foul[] = {
      std::string_view("\0", 1),
      "\x01",
      "\x1f",
      "\x80",
      "\xc0\x80",
      "\xc1\xbf",
      "\xc3",
      "\xe2\x9c",
      "\xe0\x80\x80",
      "\xed\xa0\x80",
      "\xef\xbf\xbe",
      "\xef\xbf\xbf",
      "\xf0\x80\x80\x80",
      "\xf4\x90\x80\x80",
      "\xf5\x80\x80\x80",
      "\xff",
      "\xe0\x81\xbf",  // DEL, U+07FF and U+FFFD, each in too many bytes
      "\xe0\x9f\xbf",
      "\xf0\x8f\xbf\xbd"};
  for (const std::string_view text : foul) {
    EXPECT_EQ(kind_of([&] { xml_text(text); }), PST_E_BAD_CONNECTION) << text;
    EXPECT_EQ(kind_of([&] { xml_attribute(text, PST_E_BAD_OPTION); }), PST_E_BAD_OPTION) << text;
  }
  // The last character before each border passes.
  EXPECT_EQ(xml_text("\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf4\x8f\xbf\xbf").size(), 13U);
}

TEST(SoapAction, IsQuotedAndStaysInItsLine) {
  EXPECT_EQ(soap_action(""), "\"\"");
  EXPECT_EQ(soap_action(joined("http://a", "Op")), "\"http://a/Op\"");
  EXPECT_EQ(soap_action(joined("http://a/", "Op")), "\"http://a/Op\"");
  for (const char* foul : {"a\"b", "a\r\nb", "a\xc3\xa4", "a\x7f"}) {
    EXPECT_EQ(kind_of([&] { soap_action(foul); }), PST_E_BAD_REQUEST) << foul;
  }
}

TEST(UsernameToken, HoldsNonceAndTimeWhereAsked) {
  pst_env env{};
  env.now_unix_ms = 1'767'225'600'000;
  for (std::size_t i = 0; i < sizeof env.entropy; ++i)
    env.entropy[i] = static_cast<std::uint8_t>(i);
  const std::string made = username_token_with_nonce("user", "pass", Env(&env));
  const auto shape = tests::xml_shape(made);
  ASSERT_EQ(shape.trouble, "");
  const std::string wss = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-";
  const std::string wsse = "<" + wss + "wssecurity-secext-1.0.xsd ";
  EXPECT_THAT(
      shape.lines,
      ::testing::ElementsAre(
          wsse + "Security http://schemas.xmlsoap.org/soap/envelope/ mustUnderstand=1",
          wsse + "UsernameToken", wsse + "Username", "\"user\"", ">",
          wsse + "Password Type=" + wss + "username-token-profile-1.0#PasswordText", "\"pass\"",
          ">", wsse + "Nonce EncodingType=" + wss + "soap-message-security-1.0#Base64Binary",
          "\"AAECAwQFBgcICQoLDA0ODw==\"", ">", "<" + wss + "wssecurity-utility-1.0.xsd Created",
          "\"2026-01-01T00:00:00Z\"", ">", ">", ">"));
}

TEST(JsonString, EscapesQuotesAndControls) {
  EXPECT_EQ(json_string("a\"b\\c\n\x01\xc3\xa4"), "\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa4\"");
}

TEST(Fields, AreComparedExactly) {
  const pst_kv items[] = {{str("name"), str("value"), 0}, {str("empty"), {nullptr, 0}, 0}};
  const Fields fields(items, 2);
  EXPECT_EQ(fields["name"], "value");
  EXPECT_EQ(fields["Name"], "");
  EXPECT_TRUE(fields.has("empty"));
  EXPECT_EQ(fields["empty"], "");
  EXPECT_FALSE(fields.has("nam"));
}

}  // namespace
}  // namespace penstock::sdk
