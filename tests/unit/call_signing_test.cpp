#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <penstock/text.hpp>

#include "call/signing.hpp"
#include "loader/plugin.hpp"
#include "loader/plugin_file.hpp"
#include "plain_integration.hpp"

namespace penstock::call {
namespace {

using runtime::integration_of;

TEST(Compose, gives_way_to_the_caller_where_the_plugin_does_not_own_the_header) {
  catalog::Api api;
  api.owned_headers = {"authorization", "x-key"};
  PreparedCall prepared;
  prepared.api = &api;
  prepared.headers = {{"accept", "text/csv"}, {"X-KEY", "the caller's"}, {"X-Other", "1"}};
  host::Outcome outcome;
  outcome.headers = {{"Authorization", "Basic x"},
                     {"Accept", "application/json"},
                     {"X-Key", "the plugin's"},
                     {"X-Version", "2"}};
  const auto request = build_request(prepared, {}, prepared.url, std::move(outcome), {});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_THAT(request->headers,
              ::testing::UnorderedElementsAre(
                  Field{"accept", "text/csv"}, Field{"X-Other", "1"},
                  Field{"Authorization", "Basic x"}, Field{"X-Key", "the plugin's"},
                  Field{"X-Version", "2"}, Field{"User-Agent", "Penstock/0.1"}));
}

TEST(Compose, refuses_a_parameter_that_the_plugin_adds_as_well) {
  catalog::Api api;
  api.tool = "acme", api.name = "v1";
  PreparedCall prepared;
  prepared.api = &api;
  const auto compose_with = [&](const char* path, std::vector<Field> params) {
    prepared.path_parts = *policy::check_path(path);
    Call call;
    call.params = std::move(params);
    prepared.url =
        policy::join(*parse_url("https://a.example/v1"), prepared.path_parts, call.params);
    host::Outcome outcome;
    outcome.query = {{"api_key", "s3cret"}};
    return build_request(prepared, call, prepared.url, std::move(outcome));
  };
  const auto fine = compose_with("/x?a=1", {{"b", "2"}});
  ASSERT_TRUE(fine) << fine.error().message;
  EXPECT_EQ(fine->url.text(), "https://a.example/v1/x?a=1&b=2&api_key=s3cret");
  const auto in_path = compose_with("/x?API%5Fkey=mine", {});
  ASSERT_FALSE(in_path);
  EXPECT_EQ(in_path.error().details.at(0).pointer, "/path");
  const auto in_params = compose_with("/x", {{"Api_Key", "mine"}});
  ASSERT_FALSE(in_params);
  EXPECT_EQ(in_params.error().details.at(0).pointer, "/params/Api_Key");
  EXPECT_EQ(in_params.error().http_status, 400);
  EXPECT_EQ(in_params.error().message.find("s3cret"), std::string::npos);
}

TEST(TimeLimit, is_that_of_whoever_stands_nearest_to_the_call) {
  using std::chrono::milliseconds;
  struct Row {
    std::optional<milliseconds> call, own, manifest, common;
    milliseconds expected;
  };
  const std::optional<milliseconds> none;
  const Row rows[] = {
      {milliseconds(1), milliseconds(2), milliseconds(3), milliseconds(4), milliseconds(1)},
      {none, milliseconds(2), milliseconds(3), milliseconds(4), milliseconds(2)},
      {none, none, milliseconds(3), milliseconds(4), milliseconds(3)},
      {none, none, none, milliseconds(4), milliseconds(4)},
      {none, none, none, none, milliseconds(60'000)},
  };
  for (const Row& row : rows) {
    UpstreamConfig own, common;
    own.timeout = row.own, common.timeout = row.common;
    catalog::Api api;
    api.timeout = row.manifest;
    PreparedCall prepared;
    prepared.api = &api;
    prepared.integration = integration_of(own, common);
    Call call;
    call.timeout = row.call;
    EXPECT_EQ(time_limit(prepared, call, common), row.expected);
  }
}

TEST(CallInput, shows_the_plugin_no_more_of_the_body_than_its_manifest_asks_for) {
  catalog::Api api;
  api.name = "v1";
  PreparedCall prepared;
  prepared.api = &api;
  prepared.body = "content", prepared.body_sha256 = "digest";
  prepared.path = "/x", prepared.options_json = "{}";
  prepared.headers = {{"A", "b"}};
  Call call;
  call.method = "PUT", call.params = {{"p", "q"}};
  for (const auto need : {catalog::BodyNeed::none, catalog::BodyNeed::full}) {
    api.body_need = need;
    const host::CallInput input = call_input(prepared, call, "https://a.example/x");
    EXPECT_EQ(input.body, need == catalog::BodyNeed::full ? "content" : "");
    EXPECT_EQ(input.body_length, 7U);
    EXPECT_EQ(input.body_sha256, "digest");
    EXPECT_EQ(input.method, "PUT");
    EXPECT_EQ(input.path, "/x");
    EXPECT_EQ(input.url, "https://a.example/x");
    EXPECT_THAT(*input.query, ::testing::ElementsAre(Field{"p", "q"}));
    EXPECT_THAT(*input.headers, ::testing::ElementsAre(Field{"A", "b"}));
  }
}

/// The last check before a request leaves, with a real plugin: hibob declares https://*.hibob.com.
TEST(CheckEgress, lets_nothing_leave_for_where_the_plugin_does_not_declare) {
  auto file = loader::read_plugin_file(PENSTOCK_BINARY_DIR "/plugins/hibob.so", loader::Pinned::no);
  ASSERT_TRUE(file) << file.error();
  auto plugin = loader::Plugin::load(*file);
  ASSERT_TRUE(plugin) << plugin.error().reasons.front();
  PreparedCall prepared;
  prepared.plugin = *plugin;
  struct Row {
    const char* url;
    bool permitted;
  };
  const Row rows[] = {
      {"https://api.hibob.com/v1/people?a=1", true},
      {"https://API.HiBob.com:443/", true},
      {"https://a.b.hibob.com/", true},
      {"https://hibob.com/", false},
      {"https://nothibob.com/", false},
      {"https://api.hibob.com.evil.example/", false},
      {"https://api.hibob.com:8443/", false},
      {"https://evil.example/api.hibob.com", false},
      {"https://evil.example/?https://api.hibob.com", false},
      {"https://127.0.0.1/", false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.url);
    const auto url = parse_url(row.url);
    ASSERT_TRUE(url) << url.error();
    const auto checked = check_egress(prepared, *url);
    EXPECT_EQ(checked.has_value(), row.permitted);
    if (checked) continue;
    EXPECT_EQ(checked.error().origin, Origin::engine);
    EXPECT_EQ(checked.error().phase, Phase::authorize);
    EXPECT_EQ(checked.error().sent, Sent::no);
    EXPECT_THAT(checked.error().message, ::testing::HasSubstr(url->origin() + ", which hibob "));
    EXPECT_EQ(checked.error().message.find('?'), std::string::npos) << "a query may hold secrets";
  }
}

/// A plugin that forgets to own a header must not let a caller's value go in place of the
/// credential.
TEST(Compose, refuses_the_callers_header_where_the_plugins_carries_a_credential) {
  session::Snapshot snapshot;
  snapshot.connection.fields = {{"key", Secret("k-12345678"), true},
                                {"pin", Secret("77"), true},
                                {"tenant", Secret("acme"), false}};
  snapshot.session = host::SessionState{{{"token", Secret("token-of-the-session"), true}}};
  struct Row {
    const char *name, *value;
    bool refused;
  };
  const Row rows[] = {
      {"X-Api-Key", "k-12345678", true},
      {"X-Api-Key", "Token token=k-12345678;v=1", true},
      {"X-Basic", "Basic dXNlcjprLTEyMzQ1Njc4", true},  // user:k-12345678
      {"X-Pin", "77", true},
      {"X-Session", "token-of-the-session", true},
      {"X-Signature", "c2lnbmF0dXJlLWJ5dGVz", true},  // what hmac() gave, in base64
      {"X-Tenant", "acme", false},
      {"Accept", "application/json", false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.value);
    catalog::Api api;
    PreparedCall prepared;
    prepared.api = &api;
    prepared.headers = {{lower(row.name), "the caller's"}};
    host::Outcome outcome;
    outcome.headers = {{row.name, row.value}};
    outcome.signatures = {"signature-bytes"};
    const auto request = build_request(prepared, {}, prepared.url, std::move(outcome), snapshot);
    EXPECT_EQ(request.has_value(), !row.refused);
    if (row.refused && !request) {
      ASSERT_EQ(request.error().details.size(), 1U);
      EXPECT_EQ(request.error().details.front().pointer, std::string("/headers/") + row.name);
      EXPECT_EQ(request.error().message.find(row.value), std::string::npos);
    }
    if (request) {
      EXPECT_EQ(request->headers[0].value, "the caller's");
    }
  }
}

}  // namespace
}  // namespace penstock::call
