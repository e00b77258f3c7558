#include <gtest/gtest.h>

#include "policy/header_rules.hpp"
#include "policy/multipart.hpp"
#include "policy/request_path.hpp"

namespace penstock::policy {
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

TEST(CheckPath, reads_dots_and_slashes_as_the_most_lenient_server_does) {
  const char* refused[] = {"/..%c0%af../x",
                           "/%c0%ae%c0%ae/x",
                           "/.%C0%AE/x",
                           "/%c0%2e%c0%2e/x",
                           "/%c0%6e./x",
                           "/x%c1%9c..",
                           "/..%c1%9cx",
                           "/..%c0%2fx",
                           "/%e0%80%ae%e0%80%ae/x",
                           "/..%e0%80%afx",
                           "/%f0%80%80%ae./x",
                           "/%f8%80%80%80%ae./x",
                           "/%fc%80%80%80%80%ae./",
                           "/%25c0%25ae./x",
                           "/%c0%25ae/..%25c0%25af",
                           "/%2e%2e%5cx",
                           "/%252e%252e%255cx",
                           "/%25u002e%25u002e/x",
                           "/..%25u2215x",
                           "/..%25u002fx",
                           "/%ef%bc%8e%ef%bc%8e/x",
                           "/..%ef%bc%8fx",
                           "/..%ef%bc%bcx",
                           "/%e2%80%a4./x",
                           "/%e2%80%a5/x",
                           "/%ef%b9%92./x",
                           "/..%e2%88%95x",
                           "/..%e2%88%96x",
                           "/..%e2%81%84x",
                           "/.%ff./x",
                           "/x%c1/..%c0%af",
                           "/x%25c1/%25c0%25ae./",
                           "/x%25c1/..%25ef%25bc%258f",
                           "/.%80./x",
                           "/.%e2%80%8b./x",
                           "/%ef%bb%bf../x",
                           "/.%c2%ad./x",
                           "/..;/x",
                           "/..%3bx=1/x",
                           "/..%ef%bc%9bx/x",
                           "/..%20/x",
                           "/%20../x",
                           "/..%2509/x",
                           "/%ef%bc%852e./x",
                           "/x%c0%8ay",
                           "/x%c0%80",
                           "/x%e0%80%8dy"};
  for (const char* path : refused)
    EXPECT_FALSE(check_path(path).has_value()) << path;
  const char* taken[] = {
      "/caf%C3%A9",  "/caf%E9",    "/%C0%20la%20carte", "/%E6%9D%B1%E4%BA%AC", "/a%ef%bc%8eb",
      "/a%e2%80%a6", "/x..y/...",  "/a%c0%afb",         "/%e5%98%8a%e5%98%8d", "/.well-known/x;v=1",
      "/100%25",     "/a%2Fb%5Cc", "/..a/a../.a/a.",    "/%F0%9F%94%91"};
  for (const char* path : taken)
    EXPECT_TRUE(check_path(path).has_value()) << path << ": " << check_path(path).error();
}

struct AgainCase {
  const char* path;
  std::vector<Field> params;
  const char* pointer;  ///< null: fine
};

TEST(GivenAgain, is_a_parameter_that_any_server_could_take_for_the_engines) {
  const AgainCase cases[] = {
      {"", {{"ServiceName", "x"}}, "/params/ServiceName"},
      {"", {{"a", "1"}, {"servicename", "x"}}, "/params/servicename"},
      {"", {{" Service\tName", "x"}}, "/params/ Service\tName"},
      {"", {{"ServiceName[]", "x"}}, "/params/ServiceName[]"},
      {"", {{"%53erviceName", "x"}}, "/params/%53erviceName"},
      {"/?ServiceName=x", {}, "/path"},
      {"?SERVICENAME", {}, "/path"},
      {"?a=1&Service%4Eame=x", {}, "/path"},
      {"?a=1;serviceName=x", {}, "/path"},
      {"?%2553erviceName=x", {}, "/path"},
      {"?+ServiceName+=x", {}, "/path"},
      {"?ServiceName%00=x", {}, "/path"},
      {"?ServiceName%5B0%5D=x", {}, "/path"},
      {"?Service%C0%AEName=x&Service%E2%80%8BName=x", {}, "/path"},
      {"?x=ServiceName=y&MyServiceName=z&Service=1", {{"Name", "ServiceName"}}, nullptr},
      {"", {}, nullptr},
  };
  for (const AgainCase& one : cases) {
    const auto path = check_path(one.path);
    ASSERT_TRUE(path) << one.path;
    const auto problem = find_repeated_parameter(query_names("a%20b=1&ServiceName=Find"),
                                                 "the base URL", *path, one.params);
    ASSERT_EQ(problem.has_value(), one.pointer != nullptr) << one.path;
    EXPECT_EQ(problem ? problem->pointer : "", one.pointer != nullptr ? one.pointer : "");
  }
}

TEST(CheckPath, says_what_to_write_instead) {
  EXPECT_EQ(check_path("/a b").error(), "contains a space; write %20");
  EXPECT_EQ(check_path("/a#b").error(), "contains a fragment; write %23 for a literal #");
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

TEST(CheckHeaders, refuses_a_second_one_of_what_a_message_has_once) {
  std::vector<Problem> problems;
  check_headers({{"Content-Type", "a/b"},
                 {"Accept", "a/b"},
                 {"accept", "c/d"},
                 {"content-type", "c/d"},
                 {"content_type", "c/d"}},
                {}, problems);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].pointer, "/headers/content-type");
  EXPECT_EQ(problems[1].pointer, "/headers/content_type");
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

TEST(EncodeForm, gives_a_field_a_type_without_a_file_name) {
  FormPart part{"metadata", "{}"};
  part.content_type = "application/json";
  EXPECT_EQ(encode_form({part}, "B").body,
            "--B\r\nContent-Disposition: form-data; name=\"metadata\"\r\n"
            "Content-Type: application/json\r\n\r\n{}\r\n--B--\r\n");
  part.content_type = "json\r\nX: y";
  std::vector<Problem> problems;
  check_form({part}, problems);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].pointer, "/multipart_form_data/0/content_type");
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
}  // namespace penstock::policy
