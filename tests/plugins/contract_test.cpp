// What is promised outside: addresses, options and fields of every API, and rules that hold for all
// manifests.
#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/manifest.hpp"
#include "plausible.hpp"
#include "schema/json_value.hpp"
#include "vector_file.hpp"
#include "xml_shape.hpp"

namespace penstock::tests {
namespace {

using schema::JsonValue;

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

struct Row {
  std::string id, plugin, base_url;
  bool soap = false;
  std::vector<std::string> options;  ///< "name!" is required, "name=x" has the default x
};

const std::vector<Row> rows = {
    {"hibob/v1", "hibob", "https://{conn.environment}.hibob.com/v1", false, {}},
    {"hibob/hire", "hibob", "{conn.hire_base_url}", false, {}},
    {"hibob/docs", "hibob", "https://app.hibob.com/api/docs/employees/", false, {}},
    {"workday/rest",
     "workday_rest",
     "https://{conn.domain}/{+conn.api_prefix}/{opt.service_name}/{opt.version|v}/{conn.tenant}",
     false,
     {"service_name!", "version=v1"}},
    {"workday/custom-report",
     "workday_rest",
     "https://{conn.domain}/ccx/service/customreport2/{conn.tenant}",
     false,
     {}},
    {"workday/soap",
     "workday_soap",
     "https://{conn.domain}/ccx/service/{conn.tenant}/{opt.service_name}/{opt.service_version|v}",
     true,
     {"service_name!", "service_version=38.2"}},
    {"nmbrs/soap",
     "nmbrs",
     "https://{conn.environment}.nmbrs.nl/soap/v3/{opt.service_name}.asmx",
     true,
     {"service_name!"}},
    {"taleo/soap",
     "taleo",
     "https://{conn.subdomain}.taleo.net/{conn.product}/soap?ServiceName={opt.service_name}",
     true,
     {"operation_name", "service_name=FindService"}},
    {"nmbrs/rest", "nmbrs_rest", "https://api.nmbrsapp.com/api", false, {}},
    {"taleo/business", "taleo_business", "{session.base_url}", false, {}},
    {"hroffice/soap",
     "hroffice",
     "https://api.hroffice.nl/HROfficeCoreService.asmx",
     true,
     {"operation_name!"}},
};

TEST(Contract, EveryApiIsAsPromised) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.id);
    const catalog::Manifest manifest = manifest_of(row.plugin);
    const auto api = std::ranges::find(manifest.apis, row.id, &catalog::Api::id);
    ASSERT_NE(api, manifest.apis.end());
    EXPECT_EQ(api->base_url.text(), row.base_url);
    EXPECT_EQ(api->soap, row.soap);
    EXPECT_EQ(api->endpoint, row.soap);
    if (row.soap) {
      EXPECT_THAT(api->methods, ::testing::ElementsAre("POST"));
    }
    std::vector<std::string> options;
    for (const schema::FieldInfo& field : api->options.fields()) {
      options.push_back(field.name + (field.required      ? "!"
                                      : field.has_default ? "=" + field.default_text
                                                          : ""));
    }
    std::ranges::sort(options);
    EXPECT_EQ(options, row.options);
    EXPECT_FALSE(api->examples.empty());
    EXPECT_FALSE(api->title.empty());
    EXPECT_TRUE(api->docs.starts_with("https://"));
  }
}

TEST(Contract, EveryConnectionHasThePromisedFields) {
  const std::map<std::string, std::vector<std::string>> fields = {
      {"hibob",
       {"environment", "hire_base_url", "hire_service_user_id", "hire_token", "service_user_id",
        "token"}},
      {"workday_rest",
       {"api_prefix", "client_id", "client_secret", "domain", "grant", "isu", "password",
        "private_key", "refresh_token", "tenant", "username"}},
      {"nmbrs_rest", {"client_id", "client_secret", "refresh_token", "subscription_key"}},
      {"taleo_business", {"company_code", "password", "username"}},
      {"workday_soap", {"default_service_version", "domain", "password", "tenant", "username"}},
      {"nmbrs", {"domain", "environment", "token", "username"}},
      {"taleo", {"password", "product", "subdomain", "username"}},
      {"hroffice", {"auth_style", "namespace", "password", "username"}},
  };
  ASSERT_EQ(fields.size(), all_plugins().size());
  for (const auto& [plugin, wanted] : fields)
    EXPECT_EQ(names(manifest_of(plugin).connection), wanted) << plugin;
}

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
    const bool sounds_secret = name.find("password") != name.npos ||
                               name.find("token") != name.npos ||
                               name.find("secret") != name.npos || name.ends_with("_key");
    const JsonValue* secret = field.find("x-secret");
    EXPECT_EQ(secret != nullptr && secret->boolean, sounds_secret);
  }
}

TEST(Manifests, DescribeEveryField) {
  for (const std::string& plugin : all_plugins()) {
    const catalog::Manifest manifest = manifest_of(plugin);
    const auto connection = schema::parse_value(manifest.connection.json());
    ASSERT_TRUE(connection) << plugin;
    expect_described(*connection, plugin + " connection");
    for (const catalog::Api& api : manifest.apis) {
      const auto options = schema::parse_value(api.options.json());
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
          const auto options = schema::parse_value(example.api_options);
          ASSERT_TRUE(options);
          for (const auto& [name, value] : options->members) {
            given.options.emplace_back(name, value.text);
          }
        }
        if (!example.data.empty()) {
          const auto data = schema::parse_value(example.data);
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
  std::size_t shared = 0;
  for (const std::string& plugin : all_plugins()) {
    const catalog::Manifest manifest = manifest_of(plugin);
    const auto connection = schema::parse_value(manifest.connection.json());
    ASSERT_TRUE(connection);
    for (const auto& [name, field] : connection->find("properties")->members) {
      std::string text;
      field.write(text);
      const auto [known, is_new] = seen.emplace(manifest.tool + "." + name, text);
      if (!is_new) {
        EXPECT_EQ(known->second, text) << known->first;
      }
      shared += is_new ? 0 : 1;
    }
  }
  EXPECT_GE(shared, 4U) << "domain, tenant, username and password of workday";
}

TEST(Manifests, HostsStayWithTheVendor) {
  const std::vector<std::tuple<std::string, std::string, std::string>> foreign = {
      {"workday_rest", "domain", "workday.com.evil.example"},
      {"workday_rest", "domain", "evilworkday.com"},
      {"workday_soap", "domain", "x.workday.com.evil.example"},
      {"workday_soap", "domain", "evil.example/.workday.com"},
      {"taleo", "subdomain", "evil.example/"},
      {"taleo", "subdomain", "a.b"},
      {"hibob", "hire_base_url", "https://evil.example/hibob.com"},
      {"hibob", "hire_base_url", "https://evilhibob.com/"},
      {"hibob", "hire_base_url", "https://x.hibob.com@evil.example/"},
      {"hibob", "environment", "evil.example/"},
      {"nmbrs", "environment", "evil"}};
  for (const auto& [plugin, field, value] : foreign) {
    const std::vector<std::pair<std::string_view, std::string_view>> fields = {{field, value}};
    EXPECT_FALSE(manifest_of(plugin).connection.validate_fields(fields, "").ok())
        << plugin << " " << value;
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
