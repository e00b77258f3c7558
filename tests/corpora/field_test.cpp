// The same lists in the other places that a caller fills: headers, params, api_options. None of
// them may become another header, another parameter, another path or markup.
#include <algorithm>

#include <penstock/text.hpp>
#include <rapidjson/document.h>

#include "apis.hpp"
#include "attack_lists.hpp"
#include "corpus.hpp"
#include "socket_watch.hpp"

namespace penstock::corpora {
namespace {

/// With a body and without, with a query of its own and without, with a session and without.
std::vector<Api> some_apis() {
  std::vector<Api> out = apis();
  std::erase_if(out, [](const Api& api) {
    return api.id() != "hibob/v1" && api.id() != "workday/rest" && api.id() != "taleo/soap";
  });
  return out;
}

class AttackField : public ::testing::Test {
 protected:
  void SetUp() override {
    places_reached();
    stage = std::make_unique<Stage>();
  }

  void TearDown() override {
    if (!stage) return;
    for (const std::string& place : places_reached())
      EXPECT_EQ(place, stage->vendor_address());
  }

  std::unique_ptr<Stage> stage;
};

/// The parameters of a query as a reader splits and decodes them.
std::vector<Field> parameters(const std::string& target) {
  std::vector<Field> out;
  const std::size_t question = target.find('?');
  for (std::size_t at = question; at < target.size();) {
    const std::size_t end = std::min(target.find('&', at + 1), target.size());
    const std::string one = target.substr(at + 1, end - at - 1);
    const std::size_t equals = std::min(one.find('='), one.size());
    out.push_back({percent_decode(one.substr(0, equals)),
                   percent_decode(one.substr(std::min(equals + 1, one.size())))});
    at = end;
  }
  return out;
}

TEST_F(AttackField, AHeaderIsSentAsItIsOrRefused) {
  Tally tally("attack lists as a header's value and name, of 3 APIs");
  Caller caller(*stage);
  for (const std::string& line : attack_lines()) {
    const Stopwatch watch(line.substr(0, 200), line.size());
    for (const Api& api : some_apis()) {
      for (const Field& header : {Field{"X-Corpus", line}, Field{line, "corpus"}}) {
        SCOPED_TRACE(api.id() + " " + ::testing::PrintToString(line.substr(0, 300)));
        tally.ran();
        Call call = api.call;
        call.headers = {header};
        const Fate fate = caller.make(api, call);
        fate.sent ? tally.accepted() : tally.refused();
        EXPECT_TRUE(!fate.sent || fate.seen.header(header.name) == header.value);
      }
    }
    caller.expect_nothing_more();
    if (HasFailure()) return;
  }
  EXPECT_GT(tally["accepted"], has_public_lists() ? 1000 : 100);
}

TEST_F(AttackField, AParameterStaysOneParameter) {
  Tally tally("attack lists as a parameter's name and value, of 3 APIs");
  Caller caller(*stage);
  for (const std::string& line : attack_lines()) {
    const Stopwatch watch(line.substr(0, 200), line.size());
    for (const Api& api : some_apis()) {
      SCOPED_TRACE(api.id() + " " + ::testing::PrintToString(line.substr(0, 300)));
      tally.ran();
      Call call = api.call;
      call.params = {{line, "value"}, {"name", line}};
      const Fate fate = caller.make(api, call);
      fate.sent ? tally.accepted() : tally.refused();
      if (!fate.sent) continue;
      std::vector<Field> seen = parameters(fate.seen.target);
      if (api.call.tool == "taleo") {
        ASSERT_FALSE(seen.empty());
        EXPECT_EQ(seen[0], (Field{"ServiceName", "FindService"}));
        seen.erase(seen.begin());
      }
      EXPECT_EQ(seen, call.params);
    }
    caller.expect_nothing_more();
    if (HasFailure()) return;
  }
  EXPECT_GT(tally["accepted"], has_public_lists() ? 1000 : 100);
}

struct Option {
  std::string name;
  std::vector<Field> others;
};

/// Each option of an API, beside what the others are in its own call.
std::vector<Option> options_of(const Engine& engine, const Api& api) {
  std::vector<Option> out;
  for (const ApiInfo& info : engine.catalog()) {
    if (info.tool != api.call.tool || info.api != api.call.api) continue;
    rapidjson::Document schema, given;
    schema.Parse(info.options_schema.c_str());
    if (!schema.IsObject() || !schema.HasMember("properties")) continue;
    given.Parse(api.call.api_options.c_str());
    for (const auto& property : schema["properties"].GetObject()) {
      Option option{property.name.GetString(), {}};
      for (const auto& member : given.GetObject()) {
        if (option.name != member.name.GetString())
          option.others.push_back({member.name.GetString(), member.value.GetString()});
      }
      out.push_back(std::move(option));
    }
  }
  return out;
}

/// The part of the base path in which no option stands.
std::string before_options(const Api& api) {
  std::string out = api.base;
  rapidjson::Document given;
  given.Parse(api.call.api_options.c_str());
  if (!given.IsObject()) return out;
  for (const auto& member : given.GetObject()) {
    for (const char* before : {"/", "/v"})
      out = out.substr(0, out.find(std::string(before) + member.value.GetString()));
  }
  return out;
}

TEST_F(AttackField, AnOptionIsAPlainWordOrRefused) {
  Tally tally("attack lists as each api_options value of every API");
  Caller caller(*stage);
  int options_seen = 0;
  for (Api api : apis()) {
    api.base = before_options(api);
    for (const Option& option : options_of(stage->engine(), api)) {
      ++options_seen;
      for (const std::string& line : attack_lines()) {
        SCOPED_TRACE(api.id() + " " + option.name + " " +
                     ::testing::PrintToString(line.substr(0, 300)));
        const Stopwatch watch(line.substr(0, 200), line.size());
        tally.ran();
        std::vector<Field> values = option.others;
        values.push_back({option.name, line});
        Call call = api.call;
        call.api_options = options(values);
        const Fate fate = caller.make(api, call);
        fate.sent ? tally.accepted() : tally.refused();
        if (!fate.sent) continue;
        EXPECT_TRUE(std::ranges::all_of(
            line, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; }));
        EXPECT_EQ(line.find(".."), std::string::npos);
        EXPECT_EQ(std::ranges::count(fate.seen.header("soapaction"), '"'), api.endpoint ? 2 : 0);
      }
      caller.expect_nothing_more();
      if (HasFailure()) return;
    }
  }
  EXPECT_EQ(options_seen, 8);
  EXPECT_GT(tally["accepted"], 0);
}

}  // namespace
}  // namespace penstock::corpora
