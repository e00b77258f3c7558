// Runs every plugin's vectors.json against its built .so.
#include "vector_file.hpp"

#include <algorithm>
#include <cctype>
#include <exception>

#include <gtest/gtest.h>

#include "base/redactor.hpp"
#include "catalog/manifest.hpp"

namespace penstock::tests {
namespace {

using testing::Built;
using testing::Values;

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// Order does not matter for what is compared; case does not for header names.
Values sorted(Values values, bool fold = false) {
  if (fold) {
    for (auto& value : values)
      value.first = lower_case(value.first);
  }
  std::ranges::sort(values);
  return values;
}

Values expected_values(const rapidjson::Value& object, bool fold = false) {
  Values out;
  for (const auto& member : object.GetObject()) {
    out.emplace_back(member.name.GetString(), text_of(member.value));
  }
  return sorted(std::move(out), fold);
}

void expect_failure(const rapidjson::Value& expect, const Built& built) {
  only_members(expect, {"kind", "vendor_code", "message"});
  EXPECT_EQ(testing::failure_name(built.failure.kind), text_of(expect["kind"]))
      << built.failure.message;
  if (expect.HasMember("vendor_code")) {
    EXPECT_EQ(built.failure.vendor_code, text_of(expect["vendor_code"]));
  }
  if (expect.HasMember("message")) {
    EXPECT_EQ(built.failure.message, text_of(expect["message"]));
  }
}

/// What is not named is expected to be absent: a vector tells all that leaves.
void expect_built(const rapidjson::Value& expect, const Built& built) {
  only_members(expect, {"verdict", "failure", "method", "url", "headers", "query", "body",
                        "session", "expires_ms", "credentials", "carried", "notes"});
  if (expect.HasMember("failure")) {
    EXPECT_EQ(testing::verdict_name(built.verdict), "failed");
    expect_failure(expect["failure"], built);
    return;
  }
  const std::string verdict = expect.HasMember("verdict") ? text_of(expect["verdict"]) : "ok";
  ASSERT_EQ(testing::verdict_name(built.verdict), verdict) << built.failure.message;
  const auto member = [&](const char* name) {
    return expect.HasMember(name) ? text_of(expect[name]) : std::string();
  };
  const auto object = [&](const char* name, bool fold = false) {
    return expect.HasMember(name) ? expected_values(expect[name], fold) : Values();
  };
  EXPECT_EQ(built.method, member("method"));
  EXPECT_EQ(built.url, member("url"));
  EXPECT_EQ(sorted(built.headers, true), object("headers", true));
  EXPECT_EQ(sorted(built.query), object("query"));
  EXPECT_EQ(built.body.value_or(""), member("body"));
  EXPECT_EQ(sorted(built.session), object("session"));
  EXPECT_EQ(sorted(built.credentials), object("credentials"));
  EXPECT_EQ(sorted(built.carried), object("carried"));
  EXPECT_EQ(sorted(built.notes), object("notes"));
  const std::int64_t expires = expect.HasMember("expires_ms") ? expect["expires_ms"].GetInt64() : 0;
  EXPECT_EQ(built.expires_ms, expires);
}

void expect_same(const Built& a, const Built& b) {
  EXPECT_EQ(a.verdict, b.verdict);
  EXPECT_EQ(a.url, b.url);
  EXPECT_EQ(a.headers, b.headers);
  EXPECT_EQ(a.body, b.body);
  EXPECT_EQ(a.session, b.session);
  EXPECT_EQ(a.credentials, b.credentials);
  EXPECT_EQ(a.failure.message, b.failure.message);
}

void expect_no_secret_shown(const catalog::Manifest& manifest, const testing::Given& given,
                            const Built& built) {
  Values secrets = given.session ? given.session->items : Values();
  for (const schema::FieldInfo& field : manifest.connection.fields()) {
    if (field.secret) secrets.emplace_back(field.name, testing::find(given.connection, field.name));
  }
  const auto is_base_url = [&](const std::string& item) {
    return std::ranges::any_of(manifest.apis, [&](const catalog::Api& api) {
      return api.base_url.of_session() && api.base_url.placeholders().front().name == item;
    });
  };
  for (const auto& [name, secret] : secrets) {
    if (secret.empty() || is_base_url(name)) continue;
    const auto shows = [&](const std::string& text) { return text.find(secret) != text.npos; };
    EXPECT_FALSE(shows(built.url)) << name;
    EXPECT_FALSE(shows(built.failure.message)) << name;
    EXPECT_FALSE(shows(built.failure.vendor_code)) << name;
    for (const Values& shown : {built.query, built.notes}) {
      for (const auto& value : shown)
        EXPECT_FALSE(shows(value.second)) << name;
    }
    for (const std::string& line : built.logs)
      EXPECT_FALSE(shows(line)) << name;
  }
}

/// What a plugin does not own a caller may set: a credential must not be among it.
void expect_owned_credentials(const catalog::Manifest& manifest, const testing::Given& given,
                              const Built& built) {
  const auto api = std::ranges::find(manifest.apis, given.call.api, &catalog::Api::name);
  if (api == manifest.apis.end() || built.url.empty()) return;
  Redactor redactor;
  for (const schema::FieldInfo& field : manifest.connection.fields()) {
    if (field.secret) redactor.add(testing::find(given.connection, field.name));
  }
  for (const auto& [name, value] : given.session ? given.session->items : Values())
    redactor.add(value);
  for (const auto& [name, value] : built.headers) {
    const bool owned =
        std::ranges::find(api->owned_headers, lower_case(name)) != api->owned_headers.end();
    EXPECT_TRUE(owned || redactor.redact(value) == value)
        << name << " holds a credential, and \"owned\" does not name it";
  }
}

std::uint32_t event_named(const std::string& name) {
  if (name == "start") return PST_EV_START;
  if (name == "fetched") return PST_EV_FETCHED;
  if (name == "challenged") return PST_EV_CHALLENGED;
  if (name == "logout") return PST_EV_LOGOUT;
  throw std::runtime_error("there is no event \"" + name + "\"");
}

class Vectors : public ::testing::TestWithParam<Vector> {
 protected:
  /// Twice, so that what depends on anything but its input shows.
  template <class Function>
  void check(const testing::Given& given, const rapidjson::Value& expect, Function&& function) {
    const Built built = function();
    expect_built(expect, built);
    expect_same(built, function());
    const auto manifest = catalog::parse_manifest(driver(GetParam().plugin).manifest());
    ASSERT_TRUE(manifest);
    expect_no_secret_shown(*manifest, given, built);
    expect_owned_credentials(*manifest, given, built);
  }

  void run_session(const testing::Given& given, const rapidjson::Value& steps) {
    ASSERT_TRUE(steps.IsArray() && !steps.Empty());
    Values carried;
    for (const auto& step : steps.GetArray()) {
      SCOPED_TRACE(text_of(step["event"]));
      only_members(step, {"event", "response", "expect"});
      testing::TestResponse response;
      if (step.HasMember("response")) response = read_response(step["response"]);
      const auto run = [&] {
        return driver(GetParam().plugin)
            .session(event_named(text_of(step["event"])), given, carried,
                     step.HasMember("response") ? &response : nullptr);
      };
      check(given, step["expect"], run);
      const Built built = run();
      for (const auto& item : built.carried) {
        std::erase_if(carried, [&](const auto& old) { return old.first == item.first; });
        carried.push_back(item);
      }
    }
  }
};

TEST_P(Vectors, Holds) {
  const Vector& vector = GetParam();
  ASSERT_EQ(vector.trouble, "");
  try {
    const rapidjson::Value& entry = *vector.entry;
    only_members(entry, {"name", "given", "steps", "response", "expect"});
    const testing::Given given = read_given(entry["given"]);
    const testing::PluginDriver& plugin = driver(vector.plugin);
    if (entry.HasMember("steps")) {
      run_session(given, entry["steps"]);
    } else if (entry.HasMember("response")) {
      const testing::TestResponse response = read_response(entry["response"]);
      check(given, entry["expect"], [&] { return plugin.inspect(given, response); });
    } else {
      check(given, entry["expect"], [&] { return plugin.prepare(given); });
    }
  } catch (const std::exception& error) {
    FAIL() << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(, Vectors, ::testing::ValuesIn(all_vectors()), [](const auto& given) {
  std::string name = given.param.plugin + "_" + given.param.name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace penstock::tests
