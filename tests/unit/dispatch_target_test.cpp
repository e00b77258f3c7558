#include <gtest/gtest.h>

#include "dispatch/form.hpp"
#include "dispatch/header_policy.hpp"
#include "dispatch/target.hpp"

namespace penstock::dispatch {
namespace {

struct JoinCase {
  const char* base;
  const char* path;
  std::vector<Field> params;
  const char* expected;
};

TEST(Join, keeps_the_path_as_written_and_adds_params) {
  const JoinCase cases[] = {
      {"https://a.example/v1", "/people", {}, "https://a.example/v1/people"},
      {"https://a.example/v1", "people", {}, "https://a.example/v1/people"},
      {"https://a.example/v1", "", {}, "https://a.example/v1"},
      {"https://a.example/v1", "/", {}, "https://a.example/v1/"},
      {"https://a.example/v1/", "/people", {}, "https://a.example/v1/people"},
      {"https://a.example", "/people", {}, "https://a.example/people"},
      {"https://a.example/v1", "/a%2Fb;c!d/e=f(g)", {}, "https://a.example/v1/a%2Fb;c!d/e=f(g)"},
      {"https://a.example/v1", "/x?a=1&a=2&b=%20+c", {}, "https://a.example/v1/x?a=1&a=2&b=%20+c"},
      {"https://a.example/v1",
       "/x?a=1",
       {{"b", "2 3"}, {"c&d", "é"}},
       "https://a.example/v1/x?a=1&b=2%203&c%26d=%C3%A9"},
      {"https://a.example/v1", "/x", {{"b", "="}}, "https://a.example/v1/x?b=%3D"},
      {"https://a.example/v1", "/x?", {}, "https://a.example/v1/x?"},
      {"https://a.example/soap?ServiceName=Find",
       "",
       {{"b", "2"}},
       "https://a.example/soap?ServiceName=Find&b=2"},
      {"https://a.example/v1", "/a:b@c", {}, "https://a.example/v1/a:b@c"},
      {"https://a.example/v1", "@evil.example/x", {}, "https://a.example/v1/@evil.example/x"},
      {"https://a.example/v1", ":80@evil.example", {}, "https://a.example/v1/:80@evil.example"},
      {"https://a.example/v1", ".evil.example", {}, "https://a.example/v1/.evil.example"},
      {"https://a.example/v1",
       "/x?next=https://b.example/../y",
       {},
       "https://a.example/v1/x?next=https://b.example/../y"},
  };
  for (const JoinCase& one : cases) {
    const auto path = check_path(one.path);
    ASSERT_TRUE(path.has_value()) << one.path << ": " << path.error();
    EXPECT_EQ(join(*parse_url(one.base), *path, one.params).text(), one.expected);
  }
}

TEST(CheckPath, refuses_every_way_out_of_the_base) {
  const char* cases[] = {"//evil.example/x",
                         "http://evil.example/",
                         "https://evil.example",
                         "x://y",
                         "/\\evil",
                         "\\\\evil",
                         "/../admin",
                         "/a/..",
                         "/a/../b",
                         "/./a",
                         "/%2e%2e/a",
                         "/.%2e/a",
                         "/%2E./a",
                         "/a/..%2fb",
                         "/..;/a",
                         "/..;x=1/a",
                         "/..%5ca",
                         "/..%3f/a",
                         "/..%253f..%252fa",
                         "/..%250000/a",
                         "/a/.%23b",
                         "/%252e%252e/a",
                         "/%25252e%25252e/a",
                         "/a#b",
                         "/a b",
                         "/a\tb",
                         "/a\r\nHost: evil",
                         "/a\x7f",
                         "/\xC3\xA9",
                         "/a%0d%0ab",
                         "/a%00",
                         "/%",
                         "/%4",
                         "/%zz",
                         ".",
                         ".."};
  for (const char* path : cases)
    EXPECT_FALSE(check_path(path).has_value()) << path;
  EXPECT_FALSE(check_path(std::string("/a\0b", 4)).has_value());
  EXPECT_FALSE(check_path(std::string(9000, 'a')).has_value());
}

TEST(CheckPath, says_what_to_write_instead) {
  EXPECT_EQ(check_path("/a b").error(), "holds a space; write %20");
  EXPECT_EQ(check_path("/a#b").error(), "holds a fragment; write %23 for a literal #");
}

TEST(CheckHeaders, refuses_framing_credentials_routing_and_the_plugins_own) {
  const char* refused[] = {"Host",
                           "content-length",
                           "Transfer-Encoding",
                           "CONNECTION",
                           "TE",
                           "Trailer",
                           "Upgrade",
                           "Expect",
                           "Authorization",
                           "authorization",
                           "Cookie",
                           "Proxy-Authorization",
                           "Proxy-Connection",
                           "X-Forwarded-For",
                           "X_Forwarded_For",
                           "Forwarded",
                           "X-HTTP-Method-Override",
                           "X-Original-URL",
                           "SOAPAction",
                           "soap_action",
                           "Keep-Alive"};
  for (const char* name : refused) {
    std::vector<Problem> problems;
    check_headers({{name, "x"}}, {"soapaction", "soap-action"}, problems);
    EXPECT_EQ(problems.size(), 1U) << name;
  }
  std::vector<Problem> problems;
  check_headers({{"Accept", "text/csv"},
                 {"wd-warning-action", "updateonwarning"},
                 {"X-Trace", "a b"},
                 {"If-Match", "\"1\""}},
                {"soapaction"}, problems);
  EXPECT_TRUE(problems.empty());
}

TEST(CheckHeaders, refuses_every_byte_outside_the_grammar) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    std::vector<Problem> in_value;
    check_headers({{"X-A", "a" + text + "b"}}, {}, in_value);
    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
    EXPECT_EQ(in_value.empty(), !control) << byte;
    std::vector<Problem> in_name;
    check_headers({{"X" + text + "A", "a"}}, {}, in_name);
    const bool token =
        std::isalnum(byte) != 0 ||
        (byte < 0x80 &&
         std::string("!#$%&'*+-.^_`|~").find(static_cast<char>(byte)) != std::string::npos);
    EXPECT_EQ(in_name.empty(), token && byte != 0) << byte;
  }
}

TEST(EncodeForm, writes_parts_whose_names_cannot_break_out) {
  const EncodedForm form = encode_form(
      {{"note", "a\r\nb"}, {"file", "\0\xff", true, "L\xC3\xB6hne \"1\"\r\n.pdf", ""}}, "B");
  EXPECT_EQ(form.content_type, "multipart/form-data; boundary=B");
  EXPECT_EQ(form.body, "--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\na\r\nb\r\n"
                       "--B\r\nContent-Disposition: form-data; name=\"file\"; "
                       "filename=\"L\xC3\xB6hne %221%22%0D%0A.pdf\"\r\n"
                       "Content-Type: application/octet-stream\r\n\r\n\r\n--B--\r\n");
}

TEST(CheckForm, refuses_names_that_no_quoted_string_can_hold) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string name = "a" + std::string(1, static_cast<char>(byte)) + "b";
    const bool control =
        (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n') || byte == 0x7f;
    std::vector<Problem> problems;
    check_form({{"first", "text"}, {name, "text"}, {"file", "text", true, name, ""}}, problems);
    if (!control) {
      EXPECT_TRUE(problems.empty()) << byte;
      continue;
    }
    ASSERT_EQ(problems.size(), 2U) << byte;
    EXPECT_EQ(problems[0].pointer, "/multipart_form_data/1/name");
    EXPECT_EQ(problems[1].pointer, "/multipart_form_data/2/value/name");
  }
}

}  // namespace
}  // namespace penstock::dispatch
