// The OpenAPI document against what it describes: the routes, the plugins' manifests, the API
// handler.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <penstock/engine.hpp>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>

#include "http_fixture.hpp"
#include "openapi/document.hpp"

namespace penstock::server {
namespace {

using rapidjson::Document;
using rapidjson::Value;
using testing::HasSubstr;
using testing::Not;

const openapi::ServerFacts facts{.max_request_bytes = 1000};

Document parsed(const std::string& json) {
  Document out;
  out.Parse(json.data(), json.size());
  EXPECT_FALSE(out.HasParseError()) << json.substr(0, 200);
  return out;
}

/// The value at a JSON Pointer; null where there is none.
const Value& at(const Value& value, const std::string& pointer) {
  static const Value none;
  const Value* found = rapidjson::Pointer(pointer.data(), pointer.size()).Get(value);
  return found == nullptr ? none : *found;
}

std::string escaped(std::string path) {
  for (std::size_t slash = 0; (slash = path.find('/', slash)) != std::string::npos; slash += 2)
    path.replace(slash, 1, "~1");
  return path;
}

ApiInfo api(std::string tool, std::string name, std::string options_schema = {}) {
  ApiInfo out;
  out.tool = std::move(tool);
  out.api = std::move(name);
  out.title = "A title";
  out.methods = {"GET"};
  out.options_schema = std::move(options_schema);
  return out;
}

std::vector<ApiInfo> catalog_of_the_plugins() {
  Config config;
  config.plugins.directory = PENSTOCK_BINARY_DIR "/plugins";
  EngineOptions options;
  options.threads = 1;
  options.store = make_memory_store();
  auto engine = Engine::open(std::move(config), std::move(options));
  if (!engine) {
    for (const ConfigProblem& problem : engine.error())
      ADD_FAILURE() << problem.text();
    return {};
  }
  return (*engine)->catalog();
}

bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    const std::string_view wanted = pattern.substr(0, pattern.find('/'));
    const std::string_view given = path.substr(0, path.find('/'));
    if (!wanted.starts_with('*') && wanted != given) return false;
    pattern.remove_prefix(wanted.size());
    path.remove_prefix(given.size());
  }
  return pattern.empty() && path.empty();
}

std::string lower(std::string_view method) {
  std::string out(method);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return out;
}

TEST(OpenApi, HasAPathForEachRoute) {
  const Document document = parsed(openapi::document({api("hibob", "v1")}, facts));
  for (const Route& route : all_routes()) {
    std::vector<std::string> methods{lower(route.method)};
    if (route.method == "*") methods = {"get", "head", "options", "post", "put", "patch", "delete"};
    for (const std::string& method : methods) {
      int found = 0;
      for (const auto& path : document["paths"].GetObject()) {
        if (!matches(route.pattern, path.name.GetString())) continue;
        ASSERT_TRUE(path.value.HasMember(method.c_str())) << route.pattern << ' ' << method;
        const Value& security = at(path.value, "/" + method + "/security");
        EXPECT_EQ(security.IsNull(), route.needs_key) << route.pattern;
        ++found;
      }
      EXPECT_EQ(found, 1) << method << ' ' << route.pattern << " is not in the document";
    }
  }
}

TEST(OpenApi, HasNoPathWithoutARoute) {
  const Document document = parsed(openapi::document({api("hibob", "v1")}, facts));
  for (const auto& path : document["paths"].GetObject()) {
    for (const auto& operation : path.value.GetObject()) {
      const std::string name = operation.name.GetString();
      if (name == "parameters") continue;
      std::string method = name;
      std::ranges::transform(method, method.begin(), [](char c) { return c - 32; });
      EXPECT_NE(find_route(method, path.name.GetString()).route, nullptr)
          << method << ' ' << path.name.GetString();
    }
  }
}

TEST(OpenApi, HasTheSchemaOfEachManifest) {
  const Document document = parsed(openapi::document(catalog_of_the_plugins(), facts));
  const Document none = parsed(R"({"type":"object","properties":{},"additionalProperties":false})");
  int apis = 0;
  for (const auto& folder : std::filesystem::directory_iterator(PENSTOCK_SOURCE_DIR "/plugins")) {
    std::ifstream file(folder.path() / "manifest.json", std::ios::binary);
    if (!file) continue;
    const Document manifest = parsed({std::istreambuf_iterator<char>(file), {}});
    const std::string tool = manifest["tool"].GetString();
    for (const auto& entry : manifest["apis"].GetObject()) {
      ++apis;
      const std::string name = entry.name.GetString();
      const Value& wanted = at(entry.value, "/api_options");
      for (const std::string kind : {"passthrough", "validate"}) {
        const std::string path = escaped("/v1/" + kind + "/" + tool + "/" + name);
        const Value& operation = at(document, "/paths/" + path + "/post");
        ASSERT_TRUE(operation.IsObject()) << path;
        EXPECT_EQ(at(operation, "/tags/0"), tool);
        EXPECT_EQ(at(operation, "/externalDocs/url"), entry.value["docs"]) << path;
        EXPECT_THAT(at(operation, "/description").GetString(),
                    HasSubstr(entry.value["base_url"].GetString()));
        // #/components/requestBodies/… → its schema → that of api_options
        const auto follow = [&](const Value& from, const std::string& pointer) -> const Value& {
          const Value& ref = at(from, pointer + "/$ref");
          return ref.IsString() ? at(document, ref.GetString() + 1) : ref;
        };
        const Value& body = follow(operation, "/requestBody");
        const Value& call = follow(body, "/content/application~1json/schema");
        const Value& options = follow(call, "/properties/api_options");
        EXPECT_EQ(options, wanted.IsObject() ? wanted : static_cast<const Value&>(none)) << path;
        const bool required = !at(wanted, "/required").IsNull();
        EXPECT_EQ(call["required"].Size(), required ? 3U : 2U) << path;
        EXPECT_EQ(at(body, "/content/application~1json/examples").MemberCount(),
                  entry.value["examples"].Size())
            << path;
      }
    }
  }
  EXPECT_GE(apis, 11);
}

/// Plugins refuse a whole envelope as `data`: no text may invite to send one.
TEST(OpenApi, SaysThatDataOfSoapIsWhatStandsInTheBody) {
  ApiInfo soap = api("t", "soap"), rest = api("t", "rest");
  soap.soap = true, soap.methods = {"POST"};
  const std::string text = openapi::document({soap, rest}, facts);
  const Document document = parsed(text);
  int told = 0;
  for (const std::string kind : {"passthrough", "validate"}) {
    const Value& operation = at(document, "/paths/" + escaped("/v1/" + kind + "/t/soap") + "/post");
    ASSERT_TRUE(operation.IsObject()) << kind;
    EXPECT_THAT(
        at(operation, "/description").GetString(),
        HasSubstr("`data` is the XML inside the Body; to send a whole envelope, use the proxy"));
  }
  for (const auto& schema : at(document, "/components/schemas").GetObject()) {
    const Value& data = at(schema.value, "/properties/data/description");
    if (!data.IsString() || std::string(data.GetString()).find("XML") == std::string::npos)
      continue;
    ++told;
    EXPECT_THAT(data.GetString(), HasSubstr("without the envelope"));
  }
  EXPECT_GT(told, 0);
  EXPECT_THAT(text, Not(HasSubstr("or a whole envelope")));
}

TEST(OpenApi, IsTheSameBytesWhateverTheOrder) {
  std::vector<ApiInfo> apis = catalog_of_the_plugins();
  const std::string once = openapi::document(apis, facts);
  EXPECT_EQ(openapi::document(apis, facts), once);
  std::ranges::reverse(apis);
  EXPECT_EQ(openapi::document(apis, facts), once);
  EXPECT_EQ(parsed(openapi::document(apis, facts, JsonLayout::indented)), parsed(once));
}

TEST(OpenApi, KeepsNumbersAndTextsAsTheyAre) {
  const std::string schema =
      R"({"type":"object","properties":{"a":{"maximum":1.10,"minimum":1e2,"title":"\u0001\"é"}}})";
  const std::string document = openapi::document({api("tool", "api", schema)}, facts);
  EXPECT_THAT(document, HasSubstr(R"({"maximum":1.10,"minimum":1e2,"title":"\u0001\"é"})"));
  EXPECT_THAT(openapi::document({api("tool", "api", schema)}, facts, JsonLayout::indented),
              HasSubstr(R"("maximum": 1.10)"));
}

TEST(OpenApi, GivesEachApiAnIdentifierOfItsOwn) {
  const Document document = parsed(openapi::document(
      {api("a_b", "c"), api("a", "b-c"), api("a", "b_c"), api("a", "b:c.d")}, facts));
  std::vector<std::string> ids;
  for (const auto& path : document["paths"].GetObject()) {
    for (const auto& operation : path.value.GetObject()) {
      if (operation.value.IsObject() && operation.value.HasMember("operationId"))
        ids.emplace_back(operation.value["operationId"].GetString());
    }
  }
  EXPECT_THAT(ids, testing::IsSupersetOf({"passthrough_a_b_c", "passthrough_a_b_c_",
                                          "passthrough_a_b_c__", "passthrough_a_b_c_d"}));
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
  for (const std::string& id : ids)
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << id;
}

TEST(OpenApi, IsServedWithAKeyAndToHeadAsWell) {
  RunningServer server;
  TestClient client = server.connect();
  client.send(get("/openapi.json"));
  const Received whole = client.receive();
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.header("content-type"), "application/json");
  EXPECT_EQ(whole.body, openapi::document(server.engine.catalog(), {.max_request_bytes = 100'000}));
  client.send("HEAD" + get("/openapi.json").substr(3));
  const Received head = client.receive(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), std::to_string(whole.body.size()));
  client.send("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.receive().status, 401);
}

TEST(OpenApi, KnowsTheEndOfTheServer) {
  RunningServer server;
  server.handler().begin_draining();
  TestClient client = server.connect();
  client.send(get("/readyz"));
  const Received response = client.receive();
  EXPECT_EQ(response.status, 503);
  const Document document = parsed(openapi::document({}, facts));
  EXPECT_EQ(parsed(response.body),
            at(document, "/components/responses/ShuttingDown/content/application~1json/examples/"
                         "draining/value"));
}

}  // namespace
}  // namespace penstock::server
