#include <gtest/gtest.h>

#include "base/url.hpp"

namespace penstock {
namespace {

TEST(ParseUrl, takes_https_urls_apart_and_keeps_their_path) {
  const auto url = parse_url("https://Api.HiBob.com./v1/a%2Fb/../c;d?x=1&x=2");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->host, "api.hibob.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/v1/a%2Fb/../c;d");
  EXPECT_EQ(url->query, "x=1&x=2");
  EXPECT_EQ(url->origin(), "https://api.hibob.com");
}

TEST(Url, gives_its_target_and_takes_parameters) {
  struct Case {
    const char *url, *target, *with_parameter;
  };
  const Case cases[] = {{"https://a.example", "/", "/?n%26=a%20b"},
                        {"https://a.example/p?", "/p?", "/p?n%26=a%20b"},
                        {"https://a.example/p?x=1", "/p?x=1", "/p?x=1&n%26=a%20b"}};
  for (const Case& one : cases) {
    auto url = parse_url(one.url);
    ASSERT_TRUE(url) << one.url;
    EXPECT_EQ(url->target(), one.target);
    url->add_parameter("n&", "a b");
    EXPECT_EQ(url->target(), one.with_parameter);
    EXPECT_EQ(url->text(), std::string("https://a.example") + one.with_parameter);
  }
}

TEST(ParseUrl, refuses_what_could_lead_elsewhere) {
  for (const char* text : {"http://a.example/", "ftp://a.example", "//a.example", "/a", "a.example",
                           "https://u@a.example/", "https://u:p@a.example/", "https://a.example/#f",
                           "https://a.example/a b", "https://a.example\\@b/",
                           "https://a.example/\r\nX: y", "https://%2e%2e%2f.hibob.com/v1",
                           "https://a_b.example/", "https://[::1]/", "https://.a.example/",
                           "https://", "file:///etc/passwd", "https://a.example/\xC3\xA9", ""}) {
    EXPECT_FALSE(parse_url(text).has_value()) << text;
  }
}

// Each is one host to the parser that took it apart and another to the one that connects.
TEST(ParseUrl, refuses_hosts_that_are_read_differently_the_second_time) {
  for (const char* text :
       {"https://a.example../", "https://a..example/", "https://0x.../", "https://127.1./",
        "https://%31%32%37.1/", "https://%34/", "https://a.example.4/", "https://a.0x7f/"}) {
    EXPECT_FALSE(parse_url(text).has_value()) << text;
  }
  for (const char* text : {"https://127.0.0.1./", "https://0x7f.1/", "https://2130706433/"}) {
    const auto url = parse_url(text);
    ASSERT_TRUE(url.has_value()) << text;
    EXPECT_EQ(url->host, "127.0.0.1") << text;
  }
}

struct EgressCase {
  const char* url;
  bool permitted;
};

TEST(Egress, permits_its_origins_and_no_other) {
  const auto egress = Egress::parse({"https://api.hibob.com", "https://*.workday.com"});
  ASSERT_TRUE(egress.has_value());
  const EgressCase cases[] = {{"https://api.hibob.com/v1", true},
                              {"https://API.hibob.com:443/", true},
                              {"https://api.hibob.com.evil.example/", false},
                              {"https://evilapi.hibob.com/", false},
                              {"https://x.api.hibob.com/", false},
                              {"https://api.hibob.com:8443/", false},
                              {"https://wd5.workday.com/", true},
                              {"https://a.b.workday.com/", true},
                              {"https://workday.com/", false},
                              {"https://evilworkday.com/", false},
                              {"https://x.workday.com.evil.example/", false}};
  for (const EgressCase& one : cases) {
    const auto url = parse_url(one.url);
    ASSERT_TRUE(url.has_value()) << one.url;
    EXPECT_EQ(egress->permits(*url), one.permitted) << one.url;
  }
}

TEST(Egress, refuses_patterns_that_are_too_wide_or_not_origins) {
  for (const char* pattern : {"https://*.com", "https://*", "http://a.example",
                              "https://a.example/v1", "https://a.*.example", "*"}) {
    EXPECT_FALSE(Egress::parse({pattern}).has_value()) << pattern;
  }
}

}  // namespace
}  // namespace penstock
