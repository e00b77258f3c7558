#include "support.hpp"

namespace penstock::sandbox {
namespace {

TEST(SandboxText, BasicCredentialsAreSplitAtTheFirstColon) {
  auto pair = basic_credentials("Basic " + base64("user:pass:word"));
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->first, "user");
  EXPECT_EQ(pair->second, "pass:word");
  EXPECT_TRUE(basic_credentials("bAsIc  " + base64("a:b")));
}

TEST(SandboxText, WhatIsNotBasicIsRefused) {
  for (std::string value : {"", "Basic", "Basic ", "Bearer YTpi", "Basic YTpi=", "Basic YTp",
                            "Basic Y Tpi", "Basic YWI=", "YTpi", "Basic YTp\nYTpi"})
    EXPECT_FALSE(basic_credentials(value)) << value;
}

TEST(SandboxText, FormsAreDecodedOnce) {
  auto form = form_fields("a=1%2B1&b=x+y&c&a%20b=%25");
  ASSERT_TRUE(form);
  EXPECT_EQ(*form, (Fields{{"a", "1+1"}, {"b", "x y"}, {"c", ""}, {"a b", "%"}}));
  EXPECT_FALSE(form_fields("a=%2"));
  EXPECT_FALSE(form_fields("a=%zz"));
}

TEST(SandboxText, ARepeatedFieldIsNotTaken) {
  EXPECT_FALSE(only({{"a", "1"}, {"a", "2"}}, "a"));
  EXPECT_EQ(only({{"b", "2"}, {"a", "1"}}, "a"), "1");
}

TEST(SandboxText, PathsAreMatchedBySegments) {
  auto target = parse_target("/v1/people/a%2Fb?x=1");
  ASSERT_TRUE(target);
  auto captured = match(*target, "/v1/people/{}");
  ASSERT_TRUE(captured);
  EXPECT_EQ(captured->front(), "a/b");
  EXPECT_FALSE(match(*target, "/v1/{}"));
  EXPECT_FALSE(match(*parse_target("/v1/people/"), "/v1/people/{}"));
  EXPECT_FALSE(parse_target("https://a/b"));
}

TEST(SandboxText, MultipartIsReadByItsBoundary) {
  std::string body =
      "--x-1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\\\"b.txt\"\r\n"
      "Content-Type: text/plain\r\n\r\none\r\n--x-2\r\n\r\n--x-1\r\n"
      "Content-Disposition: form-data; name=note\r\n\r\nhi\r\n--x-1--\r\n";
  auto parts = form_parts("multipart/form-data; boundary=\"x-1\"", body);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].file_name, "a\"b.txt");
  EXPECT_EQ((*parts)[0].data, "one\r\n--x-2\r\n");
  EXPECT_EQ((*parts)[1].name, "note");
  EXPECT_FALSE((*parts)[1].file_name);
  EXPECT_EQ((*parts)[1].data, "hi");
}

TEST(SandboxText, BrokenMultipartIsRefused) {
  std::string head = "Content-Disposition: form-data; name=a\r\n\r\n";
  for (std::string body :
       {std::string{}, "--x\r\n" + head + "cut off", "--y\r\n" + head + "\r\n--y--",
        std::string{"--x\r\nno disposition: 1\r\n\r\nv\r\n--x--"}})
    EXPECT_FALSE(form_parts("multipart/form-data; boundary=x", body)) << body;
  EXPECT_FALSE(form_parts("multipart/form-data", "--x--"));
  EXPECT_FALSE(form_parts("text/plain; boundary=x", "--x--"));
}

}  // namespace
}  // namespace penstock::sandbox
