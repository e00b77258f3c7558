// Generated schemas and instances, judged by us, by RapidJSON's validator and by valijson. They
// know older drafts, so what they see otherwise is not generated: whole numbers written with a
// fraction (an integer since draft 6), exclusive bounds (booleans to RapidJSON), const (unknown to
// it).
#include <gtest/gtest.h>

#include <random>

#include <rapidjson/document.h>
#include <rapidjson/schema.h>

#ifdef PENSTOCK_VALIJSON
#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#endif

#include "schema/schema.hpp"

namespace penstock::schema {
namespace {

constexpr int schemas = 2'000, instances_of_each = 50;

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::string schema(int depth = 0) {
    switch (pick(depth < 3 ? 8 : 5)) {
    case 0:
      return R"({"type":"boolean"})";
    case 1:
      return number_schema();
    case 2:
    case 3:
      return string_schema();
    case 4:
      return R"({"enum":[)" + scalar() + "," + scalar() + "," + scalar() + "]}";
    case 5:
      return array_schema(depth);
    default:
      return object_schema(depth);
    }
  }

  /// Of any shape, with the names and values that the schemas are made of: many fit, many do not.
  std::string instance(int depth = 0) {
    switch (pick(depth < 4 ? 7 : 4)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return scalar();
    case 4: {
      std::string out = "[";
      for (int i = pick(4); i > 0; --i)
        out += instance(depth + 1) + (i > 1 ? "," : "");
      return out + "]";
    }
    default: {
      std::string out = "{";
      for (const char* name : names) {
        if (pick(2) == 0) continue;
        out += (out.size() > 1 ? "," : "") + quoted(name) + ":" + instance(depth + 1);
      }
      return out + "}";
    }
    }
  }

  /// One that fits, but for a slip here and there.
  std::string instance_of(const rapidjson::Value& schema) {
    if (pick(12) == 0) return instance();
    if (schema.HasMember("enum"))
      return text(
          schema["enum"][static_cast<unsigned>(pick(static_cast<int>(schema["enum"].Size())))]);
    if (!schema.HasMember("type")) return instance();
    const std::string type = schema["type"].GetString();
    if (type == "object") {
      std::string out = "{";
      const bool has_properties = schema.HasMember("properties");
      for (const char* name : names) {
        const bool known = has_properties && schema["properties"].HasMember(name);
        if (pick(known ? 8 : 6) < (known ? 1 : 5)) continue;
        out += (out.size() > 1 ? "," : "") + quoted(name) + ":" +
               (known ? instance_of(schema["properties"][name]) : instance());
      }
      return out + "}";
    }
    if (type == "array") {
      std::string out = "[";
      for (int i = pick(4); i > 0; --i)
        out += (schema.HasMember("items") ? instance_of(schema["items"]) : instance()) +
               (i > 1 ? "," : "");
      return out + "]";
    }
    if (type == "boolean") return pick(2) == 0 ? "true" : "false";
    return type == "string" ? quoted(words[static_cast<std::size_t>(pick(words.size()))])
                            : number();
  }

 private:
  static constexpr std::array<const char*, 5> names = {"a", "name", "b/c", "d~e", "\xC3\xA9"};
  static constexpr std::array<const char*, 10> words = {
      "", "a", "ab", "staffing", "v38", "38.2", "A-1", "\xC3\xA9t\xC3\xA9", "aaaaaaaaaaaa", "a b"};
  static constexpr std::array<const char*, 6> patterns = {
      "^[a-z]+$", "^v?[0-9]{1,3}([.][0-9]{1,2})?$",
      "a",        "^(a|ab)*$",
      "[0-9]",    "^[A-Za-z0-9.-]{2,6}$"};

  int pick(std::size_t below) { return static_cast<int>(random_() % below); }
  static std::string quoted(const std::string& text) { return "\"" + text + "\""; }
  static std::string text(const rapidjson::Value& value) {
    if (value.IsString()) return quoted(value.GetString());
    if (value.IsBool()) return value.GetBool() ? "true" : "false";
    if (value.IsNull()) return "null";
    return value.IsInt() ? std::to_string(value.GetInt()) : "2.5";
  }

  std::string number() { return pick(4) == 0 ? "2.5" : std::to_string(pick(13) - 4); }
  std::string scalar() {
    switch (pick(5)) {
    case 0:
      return number();
    case 1:
      return pick(2) == 0 ? "true" : "false";
    case 2:
      return pick(3) == 0 ? "null" : number();
    default:
      return quoted(words[static_cast<std::size_t>(pick(words.size()))]);
    }
  }

  std::string bound(const char* least, const char* most, int spread) {
    std::string out;
    const int from = pick(static_cast<std::size_t>(spread));
    if (pick(3) == 0) out += "," + quoted(least) + ":" + std::to_string(from);
    if (pick(3) == 0)
      out +=
          "," + quoted(most) + ":" + std::to_string(from + pick(static_cast<std::size_t>(spread)));
    return out;
  }
  std::string number_schema() {
    return std::string(R"({"type":)") + (pick(2) == 0 ? "\"integer\"" : "\"number\"") +
           bound("minimum", "maximum", 6) + "}";
  }
  std::string string_schema() {
    std::string out = R"({"type":"string")" + bound("minLength", "maxLength", 5);
    if (pick(2) == 0)
      out += R"(,"pattern":)" + quoted(patterns[static_cast<std::size_t>(pick(patterns.size()))]);
    return out + "}";
  }
  std::string array_schema(int depth) {
    std::string out = R"({"type":"array")" + bound("minItems", "maxItems", 3);
    if (pick(4) != 0) out += R"(,"items":)" + schema(depth + 1);
    return out + "}";
  }
  std::string object_schema(int depth) {
    std::string properties, required;
    for (const char* name : names) {
      if (pick(2) == 0) continue;
      properties += (properties.empty() ? "" : ",") + quoted(name) + ":" + schema(depth + 1);
      if (pick(3) == 0) required += (required.empty() ? "" : ",") + quoted(name);
    }
    std::string out = R"({"type":"object","properties":{)" + properties + "}";
    if (!required.empty()) out += R"(,"required":[)" + required + "]";
    if (pick(2) == 0) out += R"(,"additionalProperties":)" + (pick(3) == 0 ? schema(3) : "false");
    return out + bound("minProperties", "maxProperties", 4) + "}";
  }

  std::mt19937_64 random_;
};

rapidjson::Document parsed(const std::string& json) {
  rapidjson::Document out;
  out.Parse(json.data(), json.size());
  EXPECT_FALSE(out.HasParseError()) << json;
  return out;
}

TEST(Differential, agrees_with_other_validators_on_what_they_know) {
  Generator generator(20260921);
  int pairs = 0, valid = 0;
  for (int i = 0; i < schemas; ++i) {
    const std::string text = generator.schema();
    const auto ours = Schema::compile(text);
    ASSERT_TRUE(ours) << text << ": " << ours.error().front().message;
    const rapidjson::Document document = parsed(text);
    const rapidjson::SchemaDocument theirs(document);
#ifdef PENSTOCK_VALIJSON
    valijson::Schema third;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::RapidJsonAdapter(document), third);
#endif
    for (int j = 0; j < instances_of_each; ++j) {
      const std::string instance = generator.instance_of(document);
      const rapidjson::Document value = parsed(instance);
      const bool verdict = ours->validate(instance, "", Scalars::strict).ok();
      rapidjson::SchemaValidator validator(theirs);
      value.Accept(validator);
      ASSERT_EQ(verdict, validator.IsValid()) << "RapidJSON: " << text << "\n" << instance;
#ifdef PENSTOCK_VALIJSON
      valijson::Validator valijson_validator;
      const bool said =
          valijson_validator.validate(third, valijson::adapters::RapidJsonAdapter(value), nullptr);
      ASSERT_EQ(verdict, said) << "valijson: " << text << "\n" << instance;
#endif
      ++pairs;
      valid += static_cast<int>(verdict);
    }
  }
  RecordProperty("pairs", pairs);
  RecordProperty("valid", valid);
#ifdef PENSTOCK_VALIJSON
  std::printf("%d pairs, %d of them valid; the same verdict from RapidJSON and valijson\n", pairs,
              valid);
#else
  std::printf(
      "%d pairs, %d of them valid; the same verdict from RapidJSON (valijson is not here)\n", pairs,
      valid);
#endif
  EXPECT_EQ(pairs, 100'000);
  EXPECT_GT(valid, 20'000);
  EXPECT_LT(valid, 80'000);
}

}  // namespace
}  // namespace penstock::schema
