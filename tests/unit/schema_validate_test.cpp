#include <gtest/gtest.h>

#include "schema/schema.hpp"

namespace penstock::schema {
namespace {

const char* const workday_options = R"({
  "type": "object", "additionalProperties": false, "required": ["service_name"],
  "properties": {
    "service_name": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]*$", "examples": ["Staffing"], "x-counterexamples": ["a/b", ""]},
    "service_version": {"type": "string", "pattern": "^v?[0-9]{1,3}([.][0-9]{1,2})?$", "default": "38.2"},
    "environment": {"enum": ["api", "api.sandbox"]},
    "page": {"type": "integer", "minimum": 1, "maximum": 999},
    "strict": {"type": "boolean"},
    "token": {"type": "string", "pattern": "^[a-z]+$", "x-secret": true, "examples": ["abc"]}
  }})";

Schema options() {
  auto schema = Schema::compile(std::string_view(workday_options));
  EXPECT_TRUE(schema.has_value());
  return *schema;
}

struct ProblemCase {
  const char* instance;
  std::vector<Problem> problems;
};

TEST(Validate, tells_every_problem_with_its_place_and_the_fix) {
  const ProblemCase cases[] = {
      {R"({"service_name":"Staffing"})", {}},
      {"{}", {{"/o/service_name", "is required", "required"}}},
      {R"({"servce_name":"Staffing"})",
       {{"/o/service_name", "is required", "required"},
        {"/o/servce_name", "is not known here; did you mean \"service_name\"?",
         "additionalProperties", "string", "service_name"}}},
      {R"({"service_name":{"a":1}})",
       {{"/o/service_name", "must be a string, not an object", "type", "object"}}},
      {R"({"service_name":null})",
       {{"/o/service_name", "must be a string, not null", "type", "null"}}},
      {R"({"service_name":"a/b","environment":"api-sandbox"})",
       {{"/o/service_name", "does not match ^[A-Za-z][A-Za-z0-9_]*$; for example \"Staffing\"",
         "pattern", "string"},
        {"/o/environment", "must be one of \"api\", \"api.sandbox\"; did you mean \"api.sandbox\"?",
         "enum", "string", "api.sandbox"}}},
      {R"({"service_name":"S","page":0})",
       {{"/o/page", "must be at least 1", "minimum", "number"}}},
      {R"({"service_name":"S","page":"12x"})",
       {{"/o/page", "must be an integer, not a string", "type", "string"}}},
      {R"({"service_name":"S","strict":"yes"})",
       {{"/o/strict", "must be a boolean, not a string", "type", "string"}}},
      {R"({"service_name":"S","token":"HUNTER2"})",
       {{"/o/token", "does not match ^[a-z]+$", "pattern", "string"}}},
      {R"({"service_name":"S","a/b~c":"x"})",
       {{"/o/a~1b~0c", "is not known here", "additionalProperties", "string"}}},
      {"[]", {{"/o", "must be an object, not an array", "type", "array"}}},
      {R"({"service_name":"S","service_name":"T"})",
       {{"/o", "is not valid JSON: the member \"service_name\" occurs twice (offset 34)"}}},
  };
  for (const ProblemCase& one : cases) {
    const Validation validation = options().validate(one.instance, "/o");
    EXPECT_EQ(validation.problems, one.problems) << one.instance;
  }
}

TEST(Validate, fills_defaults_and_gives_scalars_as_they_were_written) {
  const Validation validation =
      options().validate(R"({"service_name":"Staffing","page":"12","strict":"true"})", "");
  ASSERT_TRUE(validation.ok());
  const std::vector<Field> expected = {{"service_name", "Staffing"},
                                       {"page", "12"},
                                       {"strict", "true"},
                                       {"service_version", "38.2"}};
  EXPECT_EQ(validation.values, expected);
  EXPECT_EQ(validation.canonical,
            R"({"service_name":"Staffing","page":12,"strict":true,"service_version":"38.2"})");
}

TEST(Validate, takes_a_number_for_its_text_where_a_string_is_wanted) {
  const Validation validation =
      options().validate(R"({"service_name":"S","service_version":38.20})", "");
  ASSERT_TRUE(validation.ok());
  EXPECT_EQ(validation.values.at(1).value, "38.20");
  EXPECT_FALSE(options()
                   .validate(R"({"service_name":"S","service_version":38.2})", "", Scalars::strict)
                   .ok());
}

TEST(Validate, of_text_fields_knows_no_difference) {
  const std::pair<std::string_view, std::string_view> fields[] = {{"service_name", "S"},
                                                                  {"page", "7"}};
  const Validation validation = options().validate_fields(fields, "");
  EXPECT_TRUE(validation.ok());
  EXPECT_EQ(validation.values.size(), 3U);
}

TEST(Fields, describe_the_schema_for_people) {
  const auto fields = options().fields();
  ASSERT_EQ(fields.size(), 6U);
  EXPECT_TRUE(fields[0].required);
  EXPECT_EQ(fields[1].default_text, "38.2");
  EXPECT_EQ(fields[2].choices, (std::vector<std::string>{"api", "api.sandbox"}));
  EXPECT_EQ(fields[3].type, "integer");
  EXPECT_TRUE(fields[5].secret);
}

struct BrokenCase {
  const char* schema;
  const char* pointer;
};

TEST(Compile, refuses_every_schema_that_it_would_not_fully_obey) {
  const BrokenCase cases[] = {
      {R"({"propertys":{}})", "/propertys"},
      {R"({"properties":{"a":{"if":{}}}})", "/properties/a/if"},
      {R"({"$ref":"#"})", "/$ref"},
      {R"({"allOf":[]})", "/allOf"},
      {R"({"format":"uri"})", "/format"},
      {R"({"contains":{}})", "/contains"},
      {R"({"patternProperties":{}})", "/patternProperties"},
      {R"({"multipleOf":2})", "/multipleOf"},
      {R"({"uniqueItems":true})", "/uniqueItems"},
      {R"({"type":"text"})", "/type"},
      {R"({"type":[]})", "/type"},
      {R"({"type":7})", "/type"},
      {R"({"enum":[]})", "/enum"},
      {R"({"enum":"a"})", "/enum"},
      {R"({"enum":["a"],"const":"a"})", "/const"},
      {R"({"required":"a"})", "/required"},
      {R"({"required":["a","a"]})", "/required"},
      {R"({"required":[1]})", "/required"},
      {R"({"properties":[]})", "/properties"},
      {R"({"properties":{"a":1}})", "/properties/a"},
      {R"({"items":[{}]})", "/items"},
      {R"({"additionalProperties":"no"})", "/additionalProperties"},
      {R"({"minimum":"1"})", "/minimum"},
      {R"({"minLength":-1})", "/minLength"},
      {R"({"maxLength":1.5})", "/maxLength"},
      {R"({"pattern":"["})", "/pattern"},
      {R"_({"pattern":"(?=a)"})_", "/pattern"},
      {R"({"pattern":"(a)\\1"})", "/pattern"},
      {R"({"pattern":7})", "/pattern"},
      {R"({"title":7})", "/title"},
      {R"({"x-secret":"yes"})", "/x-secret"},
      {R"({"type":"string","default":7})", "/default"},
      {R"({"type":"string","pattern":"^a$","examples":["b"]})", "/examples/0"},
      {R"({"type":"string","pattern":"^a","x-counterexamples":["ab"]})", "/x-counterexamples/0"},
      {R"(7)", ""},
      {R"({"a":)", ""},
  };
  for (const BrokenCase& one : cases) {
    const auto schema = Schema::compile(std::string_view(one.schema));
    ASSERT_FALSE(schema.has_value()) << one.schema;
    EXPECT_EQ(schema.error().front().pointer, one.pointer)
        << one.schema << ": " << schema.error().front().message;
  }
}

}  // namespace
}  // namespace penstock::schema
