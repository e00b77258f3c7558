// Validates one realistic api_options, each time from text: with Penstock (which also fills in
// defaults and lists the values), with RapidJSON's validator and with valijson. Rounds are
// interleaved. Prints medians.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <rapidjson/document.h>
#include <rapidjson/schema.h>
#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "schema/schema.hpp"

namespace {

// The schema of workday/rest.
constexpr std::string_view schema_text = R"({
  "type": "object", "additionalProperties": false, "required": ["service_name"],
  "properties": {
    "service_name": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9]{0,63}$"},
    "version": {"type": "string", "pattern": "^v?[0-9]{1,3}([.][0-9]{1,2})?$", "default": "v1"}
  }})";
constexpr std::string_view options = R"({"service_name": "staffing", "version": "v6"})";
constexpr int rounds = 15, repeats = 20'000;

template <class Judge>
double nanoseconds(Judge classify_response) {
  const auto begin = std::chrono::steady_clock::now();
  int valid = 0;
  for (int i = 0; i < repeats; ++i)
    valid += classify_response() ? 1 : 0;
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
  if (valid != repeats) std::puts("not valid");
  return time.count() / repeats;
}

double median(std::vector<double>& times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

}  // namespace

int main() {
  const auto ours = penstock::schema::Schema::compile(schema_text);
  rapidjson::Document document;
  document.Parse(schema_text.data(), schema_text.size());
  const rapidjson::SchemaDocument rapidjson_schema(document);
  valijson::Schema valijson_schema;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(valijson::adapters::RapidJsonAdapter(document), valijson_schema);

  const auto by_us = [&] { return ours->validate(options, "/api_options").ok(); };
  const auto by_rapidjson = [&] {
    rapidjson::Document value;
    value.Parse(options.data(), options.size());
    rapidjson::SchemaValidator validator(rapidjson_schema);
    value.Accept(validator);
    return validator.IsValid();
  };
  const auto by_valijson = [&] {
    rapidjson::Document value;
    value.Parse(options.data(), options.size());
    valijson::Validator validator;
    return validator.validate(valijson_schema, valijson::adapters::RapidJsonAdapter(value),
                              nullptr);
  };

  std::array<std::vector<double>, 3> times;
  for (int round = 0; round < rounds; ++round) {
    times[0].push_back(nanoseconds(by_us));
    times[1].push_back(nanoseconds(by_rapidjson));
    times[2].push_back(nanoseconds(by_valijson));
  }
  std::printf("Penstock %.0f ns, RapidJSON %.0f ns, valijson %.0f ns (medians of %d)\n",
              median(times[0]), median(times[1]), median(times[2]), rounds);
}
