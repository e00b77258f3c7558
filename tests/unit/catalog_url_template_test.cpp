// The base URLs of manifests: what their placeholders may be, and that no value leaves its place.
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/url_template.hpp"

namespace penstock::catalog {
namespace {

using Source = UrlTemplate::Source;

std::string expanded(const std::string& text, const std::string& value) {
  const auto url = UrlTemplate::parse(text);
  if (!url) return "refused: " + url.error();
  const std::string kept = value;
  const auto made = url->expand([&](Source, std::string_view) { return std::string_view(kept); });
  return made ? made->text() : "refused: " + made.error();
}

TEST(UrlTemplate, EncodesAValueAsOneComponent) {
  const struct {
    const char *text, *value, *url;
  } rows[] = {
      {"https://a.example/{conn.x}", "plain", "https://a.example/plain"},
      {"https://a.example/{conn.x}", "a/b", "https://a.example/a%2Fb"},
      {"https://a.example/{+conn.x}", "a/b", "https://a.example/a/b"},
      {"https://a.example/{+conn.x}/y", "a b/c", "https://a.example/a%20b/c/y"},
      {"https://a.example/{conn.x}", "a?b#c", "https://a.example/a%3Fb%23c"},
      {"https://a.example/{opt.x|v}", "45.2", "https://a.example/v45.2"},
      {"https://a.example/{opt.x|v}", "v45.2", "https://a.example/v45.2"},
      {"https://a.example/s?n={opt.x}", "A&b=c", "https://a.example/s?n=A%26b%3Dc"},
      {"{conn.x}", "https://b.example/api", "https://b.example/api"},
      {"{session.x}", "https://b.example/api/", "https://b.example/api/"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(expanded(row.text, row.value), row.url) << row.text << " with " << row.value;
}

TEST(UrlTemplate, RefusesWhatWouldLeadElsewhere) {
  for (const char* value : {"..", ".", "@evil.example/", "evil.example#"}) {
    EXPECT_THAT(expanded("https://{conn.x}.a.example/", value), ::testing::StartsWith("refused"))
        << value;
  }
  for (const char* value : {"http://b.example/", "https://u@b.example/", "b.example", ""})
    EXPECT_THAT(expanded("{conn.x}", value), ::testing::StartsWith("refused")) << value;
}

TEST(UrlTemplate, NamesTheValueThatIsMissing) {
  const auto url = UrlTemplate::parse("https://a.example/{opt.service}");
  ASSERT_TRUE(url);
  const auto made = url->expand([](Source, std::string_view) { return std::nullopt; });
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error(), ::testing::HasSubstr("api_options.service"));
}

TEST(UrlTemplate, RefusesPlaceholdersThatMeanNothing) {
  for (const char* text :
       {"https://a.example/{x}", "https://a.example/{conn.}", "https://a.example/{conn.X}",
        "https://a.example/{conn.x", "https://a.example/{}", "https://a.example/{opt.a b}",
        "https://a.example/{session.x}", "{session.x}/y"})
    EXPECT_FALSE(UrlTemplate::parse(text)) << text;
}

}  // namespace
}  // namespace penstock::catalog
