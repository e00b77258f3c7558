// Which credential of a connection the vendor replaces, as a manifest says it.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "catalog/manifest.hpp"

namespace penstock::catalog {
namespace {

std::string manifest(const std::string& session, const std::string& required) {
  return R"({"id":"v","name":"V","version":"1","tool":"v","egress":["https://v.example"],
    "connection":{"type":"object","additionalProperties":false,"properties":{
      "grant":{"enum":["refresh_token","password"],"default":"refresh_token"},
      "token":{"type":"string","x-secret":true},"user":{"type":"string"}}},
    "apis":{"a":{"title":"A","base_url":"https://v.example",)" +
         required + R"("session":{)" + session + "}}}}";
}

std::string field(const std::string& session, const std::string& required,
                  const std::map<std::string, std::string>& values) {
  const auto read = parse_manifest(manifest(session, required));
  if (!read) {
    ADD_FAILURE() << read.error().front().pointer << ": " << read.error().front().message;
    return {};
  }
  return rotating_field(*read, [&](const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  });
}

TEST(RotatingField, CountsWhereTheConnectionUsesIt) {
  const std::string always = R"("connection_required":["token"],)";
  const std::string when = R"("connection_required_when":
    [{"field":"grant","equals":"refresh_token","fields":["token"]}],)";
  const std::string rotates = R"("rotates":"token")", may = R"("may_rotate":"token")";
  EXPECT_EQ(field(rotates, always, {{"token", "t"}}), "token");
  EXPECT_EQ(field(may, always, {{"token", "t"}}), "token");
  EXPECT_EQ(field(rotates, "", {{"token", "t"}}), "token");
  EXPECT_EQ(field(rotates, when, {{"token", "t"}, {"grant", "refresh_token"}}), "token");
  EXPECT_EQ(field(rotates, when, {{"token", "t"}, {"grant", "password"}}), "")
      << "left over from another grant";
  EXPECT_EQ(field(rotates, always, {}), "");
  EXPECT_EQ(field("", always, {{"token", "t"}}), "");
}

TEST(RotatingField, IsASecretOfTheConnectionAndSaidOnce) {
  for (const char* session : {R"("rotates":"user")", R"("rotates":"none")",
                              R"("rotates":"token","may_rotate":"token")", R"("rotates":1)"}) {
    const auto read = parse_manifest(manifest(session, ""));
    ASSERT_FALSE(read) << session;
    EXPECT_TRUE(read.error().front().pointer.starts_with("/apis/a/session")) << session;
  }
  EXPECT_TRUE(
      parse_manifest(manifest(R"("rotates":"token")", ""))->apis.front().session->always_rotates);
  EXPECT_FALSE(parse_manifest(manifest(R"("may_rotate":"token")", ""))
                   ->apis.front()
                   .session->always_rotates);
}

}  // namespace
}  // namespace penstock::catalog
