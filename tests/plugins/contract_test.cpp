// What is promised outside: addresses, options and fields of every API, and rules that hold for all
// manifests.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <penstock/json.hpp>

#include "catalog/manifest.hpp"
#include "plausible.hpp"
#include "vector_file.hpp"
#include "xml_shape.hpp"

namespace penstock::tests {
namespace {

catalog::Manifest manifest_of(const std::string& plugin) {
  auto parsed = catalog::parse_manifest(driver(plugin).manifest());
  return parsed ? *std::move(parsed) : catalog::Manifest();
}

std::vector<std::string> names(const schema::Schema& schema) {
  std::vector<std::string> out;
  for (const schema::FieldInfo& field : schema.fields())
    out.push_back(field.name);
  std::ranges::sort(out);
  return out;
}

/// plugins/<name>/facts.json, where a plugin has one: what its users were promised, so that no
/// change of its manifest takes it back unseen. Null: it has none.
std::optional<JsonValue> facts_of(const std::string& plugin) {
  std::ifstream stream(source_folder() / plugin / "facts.json");
  if (!stream) return std::nullopt;
  auto facts = parse_json(std::string(std::istreambuf_iterator<char>(stream), {}));
  EXPECT_TRUE(facts) << plugin << "/facts.json is not JSON";
  return facts ? std::optional(*std::move(facts)) : std::nullopt;
}

std::vector<std::string> texts(const JsonValue* list) {
  std::vector<std::string> out;
  for (const JsonValue& item : list == nullptr ? std::vector<JsonValue>() : list->items)
    out.push_back(item.text);
  return out;
}

class Facts : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    manifest_ = manifest_of(GetParam());
    auto facts = facts_of(GetParam());
    if (!facts) GTEST_SKIP() << "has no facts.json";
    facts_ = *std::move(facts);
  }

  catalog::Manifest manifest_;
  JsonValue facts_;
};

/// "name!" is a required option, "name=x" has the default x.
std::vector<std::string> options_of(const catalog::Api& api) {
  std::vector<std::string> out;
  for (const schema::FieldInfo& field : api.options.fields()) {
    out.push_back(field.name + (field.required      ? "!"
                                : field.has_default ? "=" + field.default_text
                                                    : ""));
  }
  std::ranges::sort(out);
  return out;
}

TEST_P(Facts, EveryApiIsAsPromised) {
  const JsonValue* apis = facts_.find("apis");
  ASSERT_NE(apis, nullptr);
  EXPECT_EQ(apis->members.size(), manifest_.apis.size());
  for (const auto& [id, promised] : apis->members) {
    SCOPED_TRACE(id);
    const auto api = std::ranges::find(manifest_.apis, id, &catalog::Api::id);
    ASSERT_NE(api, manifest_.apis.end());
    const bool soap = promised.find("soap")->boolean;
    EXPECT_EQ(api->base_url.text(), promised.find("base_url")->text);
    EXPECT_EQ(api->soap, soap);
    EXPECT_EQ(api->endpoint, soap);
    if (soap) {
      EXPECT_THAT(api->methods, ::testing::ElementsAre("POST"));
    }
    EXPECT_EQ(options_of(*api), texts(promised.find("options")));
    EXPECT_FALSE(api->examples.empty());
    EXPECT_TRUE(api->docs.starts_with("https://"));
  }
}

TEST_P(Facts, TheConnectionHasThePromisedFieldsAndSecrets) {
  EXPECT_EQ(names(manifest_.connection), texts(facts_.find("connection")));
  std::vector<std::string> secrets;
  for (const schema::FieldInfo& field : manifest_.connection.fields()) {
    if (field.secret) secrets.push_back(field.name);
  }
  std::ranges::sort(secrets);
  EXPECT_EQ(secrets, texts(facts_.find("secrets")));
}

TEST_P(Facts, FieldsRefuseWhatLeadsElsewhere) {
  const JsonValue* refused = facts_.find("refused");
  if (refused == nullptr) return;
  for (const auto& [field, values] : refused->members) {
    for (const std::string& value : texts(&values)) {
      const std::vector<std::pair<std::string_view, std::string_view>> fields = {{field, value}};
      EXPECT_FALSE(manifest_.connection.validate_fields(fields, "").ok()) << field << " " << value;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Facts, ::testing::ValuesIn(all_plugins()),
                         [](const auto& given) { return given.param; });

/// Title, description, and either choices or a pattern with an example and a counter-example.
void expect_described(const JsonValue& schema, const std::string& where) {
  const JsonValue* properties = schema.find("properties");
  if (properties == nullptr) return;
  for (const auto& [name, field] : properties->members) {
    SCOPED_TRACE(where + " " + name);
    for (const char* word : {"title", "description"}) {
      const JsonValue* text = field.find(word);
      EXPECT_TRUE(text != nullptr && !text->text.empty()) << word;
    }
    if (field.find("enum") != nullptr) continue;
    EXPECT_NE(field.find("pattern"), nullptr);
    for (const char* word : {"examples", "x-counterexamples"}) {
      const JsonValue* list = field.find(word);
      EXPECT_TRUE(list != nullptr && !list->items.empty()) << word;
    }
  }
}

TEST(Manifests, DescribeEveryField) {
  for (const std::string& plugin : all_plugins()) {
    const catalog::Manifest manifest = manifest_of(plugin);
    const auto connection = parse_json(manifest.connection.json());
    ASSERT_TRUE(connection) << plugin;
    expect_described(*connection, plugin + " connection");
    for (const catalog::Api& api : manifest.apis) {
      const auto options = parse_json(api.options.json());
      ASSERT_TRUE(options);
      expect_described(*options, api.id());
    }
  }
}

/// The examples are what people copy first.
TEST(Manifests, ExamplesCanBeCalled) {
  for (const std::string& plugin : all_plugins()) {
    const catalog::Manifest manifest = manifest_of(plugin);
    for (const catalog::Api& api : manifest.apis) {
      for (const ExampleCall& example : api.examples) {
        SCOPED_TRACE(api.id() + ": " + example.title);
        testing::Given given = plausible(manifest, api);
        given.call.method = example.method;
        given.call.path = example.path;
        given.options.clear();
        if (!example.api_options.empty()) {
          const auto options = parse_json(example.api_options);
          ASSERT_TRUE(options);
          for (const auto& [name, value] : options->members) {
            given.options.emplace_back(name, value.text);
          }
        }
        if (!example.data.empty()) {
          const auto data = parse_json(example.data);
          ASSERT_TRUE(data);
          given.call.body = api.soap ? data->text : example.data;
        }
        const testing::Built built = driver(plugin).prepare(given);
        EXPECT_EQ(built.verdict, PST_OK) << built.failure.message;
        EXPECT_TRUE(built.url.starts_with("https://")) << built.url;
        EXPECT_THAT(api.methods, ::testing::Contains(example.method));
        if (api.soap) {
          EXPECT_EQ(xml_shape(built.body.value_or("")).trouble, "") << built.body.value_or("");
        }
      }
    }
  }
}

TEST(Manifests, PluginsOfOneToolAgreeOnTheFieldsTheyShare) {
  std::map<std::string, std::string> seen;
  for (const std::string& plugin : all_plugins()) {
    const catalog::Manifest manifest = manifest_of(plugin);
    const auto connection = parse_json(manifest.connection.json());
    ASSERT_TRUE(connection);
    for (const auto& [name, field] : connection->find("properties")->members) {
      std::string text;
      field.write(text);
      const auto [known, is_new] = seen.emplace(manifest.tool + "." + name, text);
      if (!is_new) {
        EXPECT_EQ(known->second, text) << known->first;
      }
    }
  }
}

/// An API without a vector is one whose wire nobody pins.
TEST(VectorFiles, HaveOneForEveryApi) {
  std::set<std::string> pinned;
  for (const Vector& vector : all_vectors()) {
    ASSERT_EQ(vector.trouble, "") << vector.plugin;
    pinned.insert(vector.plugin + "/" + read_given((*vector.entry)["given"]).call.api);
  }
  for (const std::string& plugin : all_plugins()) {
    for (const std::string& api : driver(plugin).apis())
      EXPECT_TRUE(pinned.contains(plugin + "/" + api)) << plugin << "/" << api;
  }
}

}  // namespace
}  // namespace penstock::tests
