// Every field and option of every plugin, replaced behind its schema's back by what an attacker or
// an accident would put there. Whatever the plugin makes of it, nothing may break out of its place.
#include <algorithm>

#include <gtest/gtest.h>

#include "base/url.hpp"
#include "catalog/manifest.hpp"
#include "plausible.hpp"
#include "vector_file.hpp"
#include "xml_shape.hpp"

namespace penstock::tests {
namespace {

using testing::Built;
using testing::Given;
using testing::Value;
using testing::Values;

const std::vector<std::string> hostile = {
    "",
    std::string("nul\0byte", 8),
    "line\r\nX-Evil: 1",
    "line\nfeed",
    "quote\" and 'quote'",
    "</wsse:Password><evil/>",
    "]]>&amp;&#x0;<![CDATA[",
    "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>&e;",
    "../../admin",
    "%2e%2e%2f",
    "x@evil.example",
    "evil.example/#.workday.com",
    "evil.example?.taleo.net",
    "a:b:c",
    "\x01\x02\x1f\x7f",
    "\xff\xfe not utf-8",
    "\xed\xa0\x80 surrogate",
    "\xef\xbf\xbf noncharacter",
    "\xf0\x9f\x98\x80 grinning",
    std::string(100'000, 'A'),
    "{\"json\": \"\\u0000\"}",
};

/// What leaves must be a request, whatever stood in the fields.
void expect_sound(const catalog::Manifest& manifest, const Built& built) {
  if (built.verdict == PST_FAILED) {
    EXPECT_NE(built.failure.kind, 0);
    EXPECT_FALSE(built.failure.message.empty());
    return;
  }
  for (const auto& [name, value] : built.headers) {
    EXPECT_EQ(std::string_view(value).find_first_of(std::string("\r\n\0", 3)), std::string::npos)
        << name;
  }
  if (!built.url.empty()) {
    const auto url = parse_url(built.url);
    ASSERT_TRUE(url) << built.url.substr(0, 200);
    EXPECT_TRUE(manifest.egress.permits(*url)) << built.url.substr(0, 200);
  }
  if (built.body && built.body->starts_with("<?xml")) {
    const XmlShape shape = xml_shape(*built.body);
    EXPECT_EQ(shape.trouble, "") << built.body->substr(0, 1000);
    EXPECT_EQ(std::ranges::count(shape.names, "evil"), 0);
  }
}

class Hostile : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto parsed = catalog::parse_manifest(driver(GetParam()).manifest());
    ASSERT_TRUE(parsed);
    manifest_ = *std::move(parsed);
  }

  template <class Function>
  void each(Function&& function) {
    for (const catalog::Api& api : manifest_.apis) {
      const Given good = plausible(manifest_, api);
      for (const std::string& value : hostile) {
        for (const schema::FieldInfo& field : manifest_.connection.fields()) {
          SCOPED_TRACE(api.name + " connection " + field.name + " = " + value.substr(0, 60));
          Given given = good;
          given.unchecked_connection = {{field.name, value}};
          function(api, given, field.name, value);
        }
        for (const schema::FieldInfo& option : api.options.fields()) {
          SCOPED_TRACE(api.name + " option " + option.name + " = " + value.substr(0, 60));
          Given given = good;
          given.unchecked_options = {{option.name, value}};
          function(api, given, option.name, value);
        }
      }
    }
  }

  catalog::Manifest manifest_;
};

TEST_P(Hostile, ThePlausibleCallPasses) {
  for (const catalog::Api& api : manifest_.apis) {
    const Built built = driver(GetParam()).prepare(plausible(manifest_, api));
    EXPECT_EQ(built.verdict, PST_OK) << api.name << ": " << built.failure.message;
  }
}

TEST_P(Hostile, PrepareBuildsASoundRequestOrFails) {
  each([&](const catalog::Api&, const Given& given, const std::string&, const std::string&) {
    expect_sound(manifest_, driver(GetParam()).prepare(given));
  });
}

TEST_P(Hostile, SessionBuildsASoundFetchOrFails) {
  if (!driver(GetParam()).has_session()) GTEST_SKIP() << "has no session";
  each([&](const catalog::Api& api, const Given& given, const std::string&, const std::string&) {
    if (!api.session) return;
    expect_sound(manifest_, driver(GetParam()).session(PST_EV_START, given));
    // A choice, such as a kind of grant, may lead to another request.
    for (const schema::FieldInfo& field : manifest_.connection.fields()) {
      for (const std::string& choice : field.choices) {
        Given with = given;
        with.unchecked_connection.insert(with.unchecked_connection.begin(),
                                         Value{field.name, choice});
        expect_sound(manifest_, driver(GetParam()).session(PST_EV_START, with));
      }
    }
  });
}

TEST_P(Hostile, SchemasRefuseWhatCouldLeaveItsPlace) {
  const std::vector<std::string> refused = {"line\r\nX-Evil: 1", "line\nfeed", "\x01", ""};
  for (const schema::FieldInfo& field : manifest_.connection.fields()) {
    for (const std::string& value : refused) {
      const std::vector<std::pair<std::string_view, std::string_view>> fields = {
          {field.name, value}};
      EXPECT_FALSE(manifest_.connection.validate_fields(fields, "").ok())
          << field.name << " = " << value;
    }
  }
  for (const catalog::Api& api : manifest_.apis) {
    const auto& places = api.base_url.placeholders();
    for (const schema::FieldInfo& option : api.options.fields()) {
      // Elsewhere than in the URL an option may hold what it likes.
      const auto in_url =
          std::ranges::find(places, option.name, &catalog::UrlTemplate::Placeholder::name);
      if (in_url == places.end()) continue;
      for (const std::string value :
           {"a/b", "../x", "a?b", "a#b", "%2e", "a b", "", "a\nb", "a\"b"}) {
        const std::vector<std::pair<std::string_view, std::string_view>> options = {
            {option.name, value}};
        const auto problems = api.options.validate_fields(options, "").problems;
        const bool named = std::ranges::any_of(
            problems, [&](const Problem& problem) { return problem.pointer == "/" + option.name; });
        EXPECT_TRUE(named) << option.name << " = " << value;
      }
    }
  }
}

TEST_P(Hostile, InspectSurvivesAnyAnswer) {
  if (!driver(GetParam()).has_inspect()) GTEST_SKIP() << "has no inspect";
  for (const catalog::Api& api : manifest_.apis) {
    for (const std::string& value : hostile) {
      const Built built =
          driver(GetParam()).inspect(plausible(manifest_, api), {.status = 500, .body = value});
      // It may call every 500 a fault; what must not happen is that it fails at reading one.
      EXPECT_TRUE(built.verdict != PST_FAILED || built.failure.kind != PST_E_INTERNAL)
          << value.substr(0, 60) << ": " << built.failure.message;
    }
  }
}

/// A credential that nobody places would be a call without one.
TEST(HrOffice, RefusesAnAuthStyleThatItDoesNotKnow) {
  const Given given{.connection = {{"username", "u"}, {"password", "p"}},
                    .options = {{"operation_name", "GetAllJobByLanguage"}},
                    .call = {.api = "soap", .method = "POST", .body = "<languageId>1</languageId>"},
                    .unchecked_connection = {{"auth_style", "ntlm"}}};
  const Built built = driver("hroffice").prepare(given);
  EXPECT_EQ(built.verdict, PST_FAILED);
  EXPECT_EQ(built.failure.kind, PST_E_BAD_CONNECTION) << built.failure.message;
}

INSTANTIATE_TEST_SUITE_P(, Hostile, ::testing::ValuesIn(all_plugins()),
                         [](const auto& given) { return given.param; });

}  // namespace
}  // namespace penstock::tests
