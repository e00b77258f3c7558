#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include <penstock/catalog.hpp>
#include <penstock/config.hpp>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace penstock {
namespace {

using Names = std::set<std::string>;

rapidjson::Document schema_of(const std::vector<ApiInfo>& apis) {
  rapidjson::Document out;
  out.Parse(config_schema(apis));
  EXPECT_FALSE(out.HasParseError());
  return out;
}

std::string at(const rapidjson::Document& schema, const char* pointer) {
  const rapidjson::Value* found = rapidjson::Pointer(pointer).Get(schema);
  if (found == nullptr) return "nothing";
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  found->Accept(writer);
  return buffer.GetString();
}

/// What the reader says it has instead of a key that is like none of them.
Names keys_of_reader(const std::string& yaml) {
  Names out;
  const auto config = parse_config(yaml, "f", "/etc/penstock");
  if (config) return out;
  for (const ConfigProblem& problem : config.error()) {
    const std::size_t list = problem.message.find("; it has ");
    if (problem.message.find("has no key \"qqqqqqqq\"") == std::string::npos ||
        list == std::string::npos)
      continue;
    std::istringstream names(problem.message.substr(list + 9));
    for (std::string name; std::getline(names >> std::ws, name, ',');)
      out.insert(name);
  }
  return out;
}

Names keys_of_schema(const rapidjson::Document& schema, const std::string& place) {
  Names out;
  const rapidjson::Value* found = rapidjson::Pointer((place + "/properties").c_str()).Get(schema);
  if (found == nullptr) return out;
  for (const auto& member : found->GetObject())
    out.insert(member.name.GetString());
  EXPECT_EQ(at(schema, (place + "/additionalProperties").c_str()), "false") << place;
  return out;
}

TEST(ConfigSchema, has_the_keys_of_the_reader_and_no_others) {
  const struct {
    const char* place;
    const char* yaml;
  } sections[] = {
      {"", "qqqqqqqq: 1"},
      {"/properties/server", "server: { qqqqqqqq: 1 }"},
      {"/properties/server/properties/api_keys/items", "server: { api_keys: [{ qqqqqqqq: 1 }] }"},
      {"/properties/plugins", "plugins: { qqqqqqqq: 1 }"},
      {"/definitions/upstream", "upstream: { qqqqqqqq: 1 }"},
      {"/definitions/upstream", "integrations: [{ upstream: { qqqqqqqq: 1 } }]"},
      {"/definitions/integration", "integrations: [{ qqqqqqqq: 1 }]"},
  };
  const rapidjson::Document schema = schema_of({});
  for (const auto& section : sections) {
    const Names known = keys_of_reader(section.yaml);
    EXPECT_FALSE(known.empty()) << section.yaml;
    EXPECT_EQ(keys_of_schema(schema, section.place), known) << section.yaml;
  }
}

void collect_names(const rapidjson::Value& schema, Names& out) {
  if (schema.IsArray())
    for (const auto& one : schema.GetArray())
      collect_names(one, out);
  if (!schema.IsObject()) return;
  for (const auto& [word, value] : schema.GetObject()) {
    if (word == "properties" && value.IsObject())
      for (const auto& member : value.GetObject())
        out.insert(member.name.GetString());
    collect_names(value, out);
  }
}

TEST(ConfigSchema, has_no_key_that_the_reference_lacks) {
  Names keys;
  collect_names(schema_of({}), keys);
  ASSERT_TRUE(keys.contains("max_in_flight"));
  std::ostringstream text;
  text << std::ifstream(PENSTOCK_SOURCE_DIR "/docs/config.md").rdbuf();
  for (const std::string& key : keys)
    EXPECT_NE(text.str().find("`" + key + "`"), std::string::npos) << key;
}

ApiInfo api_of(const std::string& tool, const std::string& plugin, const std::string& properties,
               std::vector<std::string> required) {
  ApiInfo api;
  api.tool = tool;
  api.api = plugin;
  api.plugin = plugin + " 1.0.0";
  api.connection_schema = R"({"type":"object","properties":)" + properties + "}";
  api.required_fields = std::move(required);
  return api;
}

TEST(ConfigSchema, merges_the_plugins_of_a_tool) {
  ApiInfo one = api_of(
      "t", "one",
      R"({"a":{"type":"string","pattern":"^[a-z]+$","description":"A","x-secret":true,"x-counterexamples":["1"]},
                           "kind":{"enum":["x","1"],"default":"x"}})",
      {"a", "kind"});
  one.required_when = {{"kind", "x", {"b"}}, {"kind", "1", {"c"}}};
  const ApiInfo two =
      api_of("t", "two",
             R"({"a":{"type":"string","maxLength":5},"n":{"type":"integer","minimum":1},
                                 "on":{"type":"boolean"},"year":{"type":"string","pattern":"^2[0-9]{7}$"},"free":{"type":"string"}})",
             {"a", "n"});
  const rapidjson::Document schema = schema_of({one, two});
  const std::string place = "/definitions/integration/allOf/0/then/properties/connection";
  const struct {
    const char* pointer;
    const char* json;
  } rows[] = {
      // Both plugins' words hold for a field of both; of people's words the first plugin's stand.
      {"/properties/a/description", R"("A")"},
      {"/properties/a/x-secret", "true"},
      {"/properties/a/anyOf/0/pattern", R"("^[a-z]+$")"},
      {"/properties/a/anyOf/0/type", R"(["string","boolean"])"},  // true is a word of letters
      {"/properties/a/anyOf/1", R"({"$ref":"#/definitions/interpolated"})"},
      {"/properties/a/allOf/0/anyOf/0/maxLength", "5"},
      {"/properties/a/x-counterexamples", "nothing"},
      {"/properties/kind/anyOf/0", R"({"enum":["x","1",1]})"},
      {"/properties/kind/default", R"("x")"},
      {"/properties/n/anyOf/0", R"({"type":"integer","minimum":1})"},
      {"/properties/n/anyOf/1/pattern", R"("^-?[0-9]+$")"},
      {"/properties/on/anyOf/1/pattern", R"("^(true|false)$")"},
      {"/properties/year/anyOf/0/type", R"(["string","number"])"},
      {"/properties/free/anyOf/0/type", R"(["string","number","boolean"])"},
      // Complete for the one or for the other; what has a default need not be written.
      {"/anyOf/0/required", R"(["a"])"},
      {"/anyOf/0/allOf/0",
       R"({"if":{"properties":{"kind":{"const":"x"}}},"then":{"required":["b"]}})"},
      {"/anyOf/0/allOf/1",
       R"({"if":{"properties":{"kind":{"const":"1"}},"required":["kind"]},"then":{"required":["c"]}})"},
      {"/anyOf/1/required", R"(["a","n"])"},
      {"/additionalProperties", "false"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(at(schema, (place + row.pointer).c_str()), row.json) << row.pointer;
  EXPECT_EQ(at(schema, "/definitions/integration/allOf/0/then/required"), R"(["connection"])");
  EXPECT_EQ(at(schema, "/definitions/integration/properties/tool/anyOf/0/enum"), R"(["t"])");
}

TEST(ConfigSchema, wants_no_connection_where_none_is_needed) {
  const rapidjson::Document schema = schema_of({api_of("t", "open", "{}", {})});
  EXPECT_EQ(at(schema, "/definitions/integration/allOf/0/then/required"), "nothing");
}

TEST(ConfigSchema, stands_without_plugins) {
  const rapidjson::Document schema = schema_of({});
  EXPECT_EQ(at(schema, "/definitions/integration/allOf"), "nothing");  // it may not be empty
  EXPECT_EQ(at(schema, "/$schema"), R"("http://json-schema.org/draft-07/schema#")");
}

}  // namespace
}  // namespace penstock
