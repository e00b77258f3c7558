// Every rule of a manifest, each broken alone: one problem, at its place, with its word.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/manifest.hpp"

namespace penstock::catalog {
namespace {

const std::string good = R"({
  "id": "acme", "name": "Acme", "version": "1.0.0", "license": "MIT", "abi": {"min_minor": 0},
  "tool": "acme",
  "egress": ["https://*.acme.example"],
  "connection": {"type": "object", "additionalProperties": false, "properties": {
    "tenant": {"type": "string", "pattern": "^[a-z]+$"},
    "key": {"type": "string", "x-secret": true},
    "grant": {"enum": ["code", "password"], "default": "code"}}},
  "signing_keys": {"key": "ES256"},
  "apis": {"v1": {
    "title": "Acme API", "docs": "https://docs.acme.example",
    "base_url": "https://{conn.tenant}.acme.example/{opt.service}",
    "endpoint": false, "soap": false, "methods": ["GET", "POST"],
    "connection_required": ["tenant", "key"],
    "connection_required_when": [{"field": "grant", "equals": "password", "fields": ["key"]}],
    "api_options": {"type": "object", "properties": {"service": {"type": "string", "default": "hr"}}},
    "option_defaults": {"service": "tenant"},
    "needs": {"request_body": "sha256"},
    "headers": {"owned": ["x-api-key"]},
    "timeout_ms": 1000,
    "session": {"format": 2, "max_fetches": 3, "logout": true, "key": ["api", "opt.service"]},
    "inspect": {"status": [400, 599], "max_bytes": 100},
    "classify": [{"status": 401, "kind": "session_expired", "before_processing": true}],
    "retry_after": {"header": "X-RateLimit-Reset", "as": "unix_seconds"},
    "examples": [{"title": "People", "method": "GET", "path": "/people", "params": {"limit": "5"}}],
    "verify": {"call": {"title": "Me", "method": "GET", "path": "/me"},
               "accepts": [{"status": [403, 404], "body_contains": "right"}]}}}
})";

std::string with(const std::string& from, const std::string& to) {
  std::string out = good;
  const std::size_t at = out.find(from);
  EXPECT_NE(at, out.npos) << from;
  return at == out.npos ? out : out.replace(at, from.size(), to);
}

TEST(Manifest, IsReadWhole) {
  const auto manifest = parse_manifest(good);
  ASSERT_TRUE(manifest) << manifest.error().front().text();
  EXPECT_EQ(manifest->id, "acme");
  EXPECT_EQ(manifest->min_minor, 0);
  ASSERT_EQ(manifest->apis.size(), 1U);
  const Api& api = manifest->apis.front();
  EXPECT_EQ(api.id(), "acme/v1");
  EXPECT_EQ(api.body_need, BodyNeed::sha256);
  EXPECT_EQ(api.session->max_fetches, 3);
  EXPECT_TRUE(api.session->per_api);
  EXPECT_THAT(api.session->key_options, ::testing::ElementsAre("service"));
  EXPECT_EQ(manifest->signing_keys.at("key"), "ES256");
  EXPECT_EQ(api.inspect->max_bytes, 100U);
  EXPECT_EQ(api.retry_after_header, "x-ratelimit-reset");
  EXPECT_EQ(api.retry_after_form, WaitForm::unix_seconds);
  EXPECT_EQ(api.verify->accepts.front().status_from, 403);
  EXPECT_EQ(api.verify->accepts.front().status_to, 404);
  EXPECT_TRUE(api.classify.front().before_processing);
}

TEST(Manifest, WithoutAnAbiNeedsTheOneItWasCompiledFor) {
  const auto manifest = parse_manifest(with(R"("abi": {"min_minor": 0},)", ""));
  ASSERT_TRUE(manifest);
  EXPECT_FALSE(manifest->min_minor.has_value());
}

struct Broken {
  std::string from, to, pointer, says;
};

TEST(Manifest, AFaultOfASchemaHidesNoNameThatItDoesNotHave) {
  const std::string broken = with(R"("^[a-z]+$")", R"("^[a-z+$")");
  const struct {
    const char *from, *to, *says;
  } cases[] = {
      {R"(["tenant", "key"])", R"(["tenant", "kee"])", "names kee, which the connection schema"},
      {R"("fields": ["key"])", R"("fields": ["kee"])", "names kee, which the connection schema"},
      {R"({"service": "tenant"})", R"({"service": "tenat"})", "did you mean \"tenant\"?"},
      {R"({conn.tenant})", R"({conn.tenannt})", "did you mean \"tenant\"?"},
  };
  for (const auto& one : cases) {
    std::string text = broken;
    text.replace(text.find(one.from), std::string(one.from).size(), one.to);
    const auto manifest = parse_manifest(text);
    ASSERT_FALSE(manifest);
    std::string all;
    for (const ManifestProblem& problem : manifest.error())
      all += problem.text() + "\n";
    EXPECT_EQ(manifest.error().size(), 2U) << all;
    EXPECT_NE(all.find("cannot be used"), std::string::npos) << all;
    EXPECT_NE(all.find(one.says), std::string::npos) << all;
  }
}

TEST(Manifest, EachMistakeIsOneProblemAtItsPlace) {
  const std::string api = "/apis/v1";
  const std::vector<Broken> rows = {
      {R"("id": "acme")", R"("id": "Acme")", "/id", "lower-case"},
      {R"("id": "acme")", R"("id": "1acme")", "/id", "begin with a letter"},
      {R"("id": "acme")", R"("id": 1)", "/id", "must be a string"},
      {R"("id": "acme")", R"("id": "")", "/id", "must not be empty"},
      {R"("id": "acme", )", "", "", "\"id\" is required"},
      {R"("name": "Acme", )", "", "", "\"name\" is required"},
      {R"("version": "1.0.0", )", "", "", "\"version\" is required"},
      {R"("license": "MIT")", R"("license": 1)", "/license", "must be a string"},
      {R"("tool": "acme")", R"("tool": "a b")", "/tool", "letters, digits"},
      {R"("tool": "acme",)", "", "", "\"tool\" is required"},
      {R"("tool": "acme")", R"("tool": "acme", "toll": 1)", "/toll", "did you mean \"tool\"?"},
      {R"("tool": "acme")", R"("tool": "acme", "tool": "acme")", "/tool", "twice"},
      {R"({"min_minor": 0})", R"({"min_minor": -1})", "/abi/min_minor", "must be from 0"},
      {R"({"min_minor": 0})", R"({"minor": 0})", "/abi/minor", "not a known member"},
      {R"(["https://*.acme.example"])", "[]", "/egress", "at least one origin"},
      {R"("egress": ["https://*.acme.example"],)", "", "", "\"egress\" must name"},
      {R"(["https://*.acme.example"])", R"("https://acme.example")", "/egress", "an array"},
      {R"(["https://*.acme.example"])", R"(["http://acme.example"])", "/egress", "http"},
      {R"(["https://*.acme.example"])", R"(["https://*"])", "/egress", "*"},
      {R"("^[a-z]+$")", R"("^[a-z+$")", "/connection/properties/tenant/pattern", "cannot be used"},
      {R"("x-secret": true)", R"("x-secret": 1)", "/connection/properties/key/x-secret", "true or"},
      {R"("title": "Acme API", )", "", api, "\"title\" is required"},
      {R"("docs": "https://docs.acme.example")", R"("docs": 1)", api + "/docs", "a string"},
      {R"({conn.tenant})", R"({conn.tenannt})", api + "/base_url", "did you mean \"tenant\"?"},
      {R"({conn.tenant})", R"({conn.key})", api + "/base_url", "is a secret"},
      {R"({opt.service})", R"({opt.servce})", api + "/base_url", "did you mean \"service\"?"},
      {R"({opt.service})", R"({option.service})", api + "/base_url", "must start with"},
      {R"({opt.service})", R"({opt.service)", api + "/base_url", "not closed"},
      {R"("connection_required": ["tenant", "key"])", R"("connection_required": ["key"])",
       api + "/base_url", "neither required nor has a default"},
      {R"("endpoint": false)", R"("endpoint": 0)", api + "/endpoint", "true or false"},
      {R"("soap": false)", R"("soap": "no")", api + "/soap", "true or false"},
      {R"(["GET", "POST"])", R"(["GET", "FETCH"])", api + "/methods", "FETCH is not one of"},
      {R"(["GET", "POST"])", R"(["GET", "GET"])", api + "/methods", "GET twice"},
      {R"(["GET", "POST"])", "[]", api + "/methods", "at least one method"},
      {R"(["tenant", "key"])", R"(["tenant", "keys"])", api + "/connection_required",
       "did you mean \"key\"?"},
      {R"("field": "grant")", R"("field": "grand")", api + "/connection_required_when",
       "did you mean \"grant\"?"},
      {R"("equals": "password")", R"("equals": "passwort")", api + "/connection_required_when",
       "did you mean \"password\"?"},
      {R"("fields": ["key"])", R"("fields": [])", api + "/connection_required_when/0/fields",
       "at least one field"},
      {R"("fields": ["key"])", R"("fields": ["keys"])", api + "/connection_required_when",
       "names keys"},
      {R"("default": "hr")", R"("default": 5)", api + "/api_options/properties/service/default",
       "does not match its own schema"},
      {R"({"service": "tenant"})", R"({"servis": "tenant"})", api + "/option_defaults",
       "names servis"},
      {R"({"service": "tenant"})", R"({"service": "tenannt"})", api + "/option_defaults",
       "did you mean \"tenant\"?"},
      {R"({"service": "tenant"})", R"({"service": 5})", api + "/option_defaults",
       "the name of a connection field"},
      {R"({"service": "tenant"})", R"({"service": "key"})", api + "/option_defaults",
       "is a secret"},
      {R"({"service": "tenant"})", R"({"service": "tenant", "service": "grant"})",
       api + "/option_defaults/service", "twice"},
      {R"("sha256")", R"("some")", api + "/needs/request_body", "none, sha256, full"},
      {R"({"request_body": "sha256"})", "{}", api + "/needs", "\"request_body\" is required"},
      {R"(["x-api-key"])", R"(["X-Api-Key"])", api + "/headers/owned", "lower-case"},
      {R"(["x-api-key"])", R"("x-api-key")", api + "/headers/owned", "an array"},
      {R"("timeout_ms": 1000)", R"("timeout_ms": 0)", api + "/timeout_ms", "must be from 1"},
      {R"("format": 2)", R"("format": 0)", api + "/session/format", "must be from 1"},
      {R"("max_fetches": 3)", R"("max_fetches": 9)", api + "/session/max_fetches", "to 8"},
      {R"("logout": true)", R"("logut": true)", api + "/session/logut", "did you mean \"logout\"?"},
      {R"(["api", "opt.service"])", "[]", api + "/session/key", "at least one part"},
      {R"(["api", "opt.service"])", R"(["api", "api"])", api + "/session/key", "api twice"},
      {R"(["api", "opt.service"])", R"(["service"])", api + "/session/key", "neither"},
      {R"(["api", "opt.service"])", R"(["opt.servis"])", api + "/session/key",
       "did you mean \"service\"?"},
      {R"("logout": true)", R"("rotates": "key")", api + "/session/key", "\"rotates\""},
      {R"({"key": "ES256"})", R"({"key": "HS256"})", "/signing_keys", "one of RS256"},
      {R"({"key": "ES256"})", R"({"kee": "ES256"})", "/signing_keys", "did you mean \"key\"?"},
      {R"({"key": "ES256"})", R"({"tenant": "ES256"})", "/signing_keys", "is not a secret"},
      {R"("status": [400, 599])", R"("status": [599, 400])", api + "/inspect/status", "100 to 599"},
      {R"("status": [400, 599])", R"("status": [400])", api + "/inspect/status", "a pair"},
      {R"("max_bytes": 100)", R"("max_bytes": 0)", api + "/inspect/max_bytes", "must be from 1"},
      {R"("kind": "session_expired")", R"("kind": "expired")", api + "/classify/0/kind", "one of"},
      {R"("kind": "session_expired", )", "", api + "/classify/0", "\"kind\" is required"},
      {R"("status": 401)", R"("status": 99)", api + "/classify/0/status", "100 to 599"},
      {R"("as": "unix_seconds")", R"("as": "minutes")", api + "/retry_after/as", "seconds or"},
      {R"("header": "X-RateLimit-Reset")", R"("header": "a b")", api + "/retry_after/header",
       "is not a header name"},
      {R"("path": "/people")", R"("path": "people")", api + "/examples/0/path", "begin with"},
      {R"("title": "People", "method": "GET")", R"("title": "People", "method": "PUT")",
       api + "/examples/0/method", "not one of this API's"},
      {R"({"limit": "5"})", R"({"limit": 5})", api + "/examples/0/params/limit", "a string"},
      {R"({"status": [403, 404], "body_contains": "right"})", R"({"body_contains": "right"})",
       api + "/verify/accepts/0", "\"status\" is required"},
      {R"({"title": "Me", "method": "GET", "path": "/me"})", R"([])", api + "/verify/call",
       "an object"},
      {R"({"v1": {)", R"({"v 1": {}, "v1": {)", "/apis/v 1", "an API's name"},
  };
  for (const Broken& row : rows) {
    SCOPED_TRACE(row.from + " becomes " + row.to);
    const auto manifest = parse_manifest(with(row.from, row.to));
    if (manifest) {
      ADD_FAILURE() << "is accepted";
      continue;
    }
    const auto& problems = manifest.error();
    std::string all;
    for (const ManifestProblem& problem : problems)
      all += problem.text() + "\n";
    // Of an API without a sound name its missing members are told, too.
    if (row.pointer != "/apis/v 1") {
      EXPECT_EQ(problems.size(), 1U) << all;
    }
    EXPECT_EQ(problems.front().pointer, row.pointer) << all;
    EXPECT_THAT(problems.front().message, ::testing::HasSubstr(row.says));
    EXPECT_GT(problems.front().line, 0);
    EXPECT_GT(problems.front().column, 0);
  }
}

TEST(Manifest, ABadPatternIsOneProblemWithItsLineAndNoOthersFollow) {
  const auto manifest = parse_manifest(with("\"^[a-z]+$\"", "\"^[a-z+$\""));
  ASSERT_FALSE(manifest);
  ASSERT_EQ(manifest.error().size(), 1U);
  EXPECT_EQ(manifest.error().front().line, 6);
  EXPECT_EQ(manifest.error().front().column, 45);
  EXPECT_THAT(
      manifest.error().front().text(),
      ::testing::StartsWith(
          " at /connection/properties/tenant/pattern (manifest.json:6:45): cannot be used"));
}

TEST(Manifest, SaysWhereItIsNoJson) {
  const struct {
    const char* json;
    int line, column;
  } rows[] = {{"", 1, 1},
              {"{\n  \"id\": \"acme\",\n}", 3, 1},
              {"{\"a\": 1}\n\n x", 3, 2},
              {"{\n\"\xc3\xa4\": tru }", 2, 7}};
  for (const auto& row : rows) {
    const auto manifest = parse_manifest(row.json);
    ASSERT_FALSE(manifest);
    ASSERT_EQ(manifest.error().size(), 1U);
    EXPECT_THAT(manifest.error().front().message, ::testing::HasSubstr("it is not JSON"));
    EXPECT_EQ(manifest.error().front().message.find("offset"), std::string::npos);
    EXPECT_EQ(manifest.error().front().line, row.line) << row.json;
  }
}

TEST(Manifest, OfAnotherKindIsOneProblem) {
  for (const char* json : {"[]", "1", "null", "\"x\""}) {
    const auto manifest = parse_manifest(json);
    ASSERT_FALSE(manifest);
    EXPECT_EQ(manifest.error().size(), 1U) << json;
  }
}

}  // namespace
}  // namespace penstock::catalog
