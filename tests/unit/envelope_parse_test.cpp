#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <penstock/envelope.hpp>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Call parsed(std::string_view json) {
  auto result = parse_envelope(json);
  if (!result) {
    ADD_FAILURE() << json << ": " << result.error().message;
    return {};
  }
  EXPECT_THAT(result->warnings, IsEmpty());
  return std::move(result->call);
}

std::string with(std::string_view members) {
  return R"({"method":"POST","path":"/x",)" + std::string(members) + "}";
}

TEST(ParseEnvelope, ReadsEveryMember) {
  const Call call = parsed(R"({
    "method": "PATCH", "path": "/people/1?a=1&a=2",
    "headers": {"Accept": "application/json", "X-A": ""}, "params": {"b": "2 3", "c": ""},
    "data": {"b" : 1.0e+2, "a": [ 18446744073709551616 ]}, "api_options": { "service_name" : "staffing", "n": 1 },
    "response_as_base64": true})");
  EXPECT_EQ(call.method, "PATCH");
  EXPECT_EQ(call.path, "/people/1?a=1&a=2");
  EXPECT_THAT(call.headers, ElementsAre(Field{"Accept", "application/json"}, Field{"X-A", ""}));
  EXPECT_THAT(call.params, ElementsAre(Field{"b", "2 3"}, Field{"c", ""}));
  EXPECT_EQ(call.body, R"({"b" : 1.0e+2, "a": [ 18446744073709551616 ]})");
  EXPECT_TRUE(call.body_is_json);
  EXPECT_EQ(call.api_options, R"({ "service_name" : "staffing", "n": 1 })");
  EXPECT_TRUE(call.response_as_base64);
}

TEST(ParseEnvelope, NeedsOnlyMethodAndPath) {
  const Call call =
      parsed(R"({"path":"","method":"GET","data":null,"headers":null,"response_as_base64":null})");
  EXPECT_EQ(call.path, "");
  EXPECT_FALSE(call.body);
  EXPECT_FALSE(call.response_as_base64);
  EXPECT_EQ(call.api_options, "");
}

TEST(ParseEnvelope, SendsAStringRaw) {
  const Call call = parsed(with(R"("data":"<a>\n\u00e9\u0000</a>")"));
  EXPECT_EQ(call.body, std::string("<a>\n\xc3\xa9\0</a>", 11));
  EXPECT_FALSE(call.body_is_json);
  EXPECT_EQ(parsed(with(R"("data":"")")).body, "");
}

TEST(ParseEnvelope, KeepsNulByLength) {
  EXPECT_EQ(parsed(R"({"method":"GET","path":"/a\u0000b"})").path, std::string("/a\0b", 4));
}

TEST(ParseEnvelope, ReadsAForm) {
  const Call call = parsed(with(R"("multipart_form_data":[
    {"name":"note","value":"hé"},
    {"name":"cv","value":{"name":"cv ü.pdf","content_type":"application/vnd.api+json","data":"AP8="}},
    {"name":"raw","value":{"name":"r","data":"","data_url":null}}])"));
  ASSERT_EQ(call.form.size(), 3U);
  EXPECT_EQ(call.form[0].name, "note");
  EXPECT_EQ(call.form[0].content, "hé");
  EXPECT_FALSE(call.form[0].is_file);
  EXPECT_EQ(call.form[1].file_name, "cv ü.pdf");
  EXPECT_EQ(call.form[1].content, std::string("\0\xff", 2));
  EXPECT_EQ(call.form[1].content_type, "application/vnd.api+json");
  EXPECT_TRUE(call.form[1].is_file);
  EXPECT_EQ(call.form[2].content_type, "");
}

TEST(ParseEnvelope, WarnsOfWhatNobodyReads) {
  const auto result = parse_envelope(with(R"("dta":[{"path":1}],"x/y~":1,
    "multipart_form_data":[{"name":"a","value":{"name":"f","data":"","mime":1}}])"));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(result->warnings,
              ElementsAre("unknown member /dta is ignored; did you mean \"data\"?",
                          "unknown member /x~1y~0 is ignored",
                          "unknown member /multipart_form_data/0/value/mime is ignored"));
}

TEST(ParseEnvelope, TellsEveryProblemAtOnce) {
  const auto result =
      parse_envelope(R"({"method":"get","headers":{"A":1,"B":"x","B":"y"},"params":[],
    "data":5,"api_options":"x","response_as_base64":"yes"})");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::input_invalid);
  EXPECT_EQ(result.error().http_status, 400);
  const std::vector<Problem> expected{
      {"/method", "must be one of GET, POST, PUT, PATCH, DELETE; did you mean \"GET\"?", "enum",
       "string", "GET"},
      {"/headers/A", "must be a string, not a number", "type", "number"},
      {"/headers/B", "is given more than once; header names are case-insensitive"},
      {"/params", "must be an object of strings, not an array", "type", "array"},
      {"/data", "must be an object, an array or a string, not a number", "type", "number"},
      {"/api_options", "must be an object, not a string", "type", "string"},
      {"/response_as_base64", "must be true or false, not a string", "type", "string"},
      {"/path", "is required", "required"},
  };
  EXPECT_EQ(result.error().details, expected);
  EXPECT_THAT(result.error().message, HasSubstr("headers.A must be a string, not a number; "));
}

TEST(ReadEnvelope, TellsTheProblemsBesideWhatItCouldRead) {
  const auto read = read_envelope(R"({"method":"GET","path":5,"api_options":{"a":"b"},"dta":1})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->call.api_options, R"({"a":"b"})");
  EXPECT_EQ(read->problems,
            (std::vector<Problem>{{"/path", "must be a string, not a number", "type", "number"}}));
  EXPECT_EQ(read->warnings.size(), 1U);
  EXPECT_FALSE(read_envelope("{"));
  const auto long_options = read_envelope(R"({"method":"GET","path":"/","api_options":{"a":")" +
                                          std::string(4096, 'x') + "\"}}");
  ASSERT_TRUE(long_options);
  EXPECT_EQ(long_options->problems.size(), 1U);
  EXPECT_EQ(long_options->call.api_options, "");
}

TEST(ParseEnvelope, TakesBase64WithLineEndsAndFieldsWithATypeOfTheirOwn) {
  const Call call = parsed(with(
      R"("multipart_form_data":[{"name":"f","value":{"name":"x","data":"QUJD\r\nREVG\n IEc=\n"}},)"
      R"({"name":"meta","value":"{}","content_type":"application/json"},)"
      R"({"name":"g","content_type":"a/b","value":{"name":"y","data":""}},)"
      R"({"name":"h","content_type":null,"value":"z"}])"));
  ASSERT_EQ(call.form.size(), 4U);
  EXPECT_EQ(call.form[0].content, "ABCDEF G");
  EXPECT_FALSE(call.form[1].is_file);
  EXPECT_EQ(call.form[1].content_type, "application/json");
  EXPECT_EQ(call.form[2].content_type, "a/b");
  EXPECT_EQ(call.form[3].content_type, "");
}

TEST(ParseEnvelope, PointsAtTheProblem) {
  const struct {
    std::string members;
    std::string pointer;
    std::string message;
  } rows[] = {
      {R"("data":true)", "/data", "must be an object, an array or a string, not a boolean"},
      {R"("path":"/y")", "/path", "is given more than once"},
      {R"("p\u0061th":"/y")", "/path", "is given more than once"},
      {R"("params":{"a/b":null})", "/params/a~1b", "must be a string, not null"},
      {R"("api_options":{"v":"1","v":"2"})", "/api_options/v", "is given more than once"},
      {R"("multipart_form_data":{})", "/multipart_form_data",
       R"(must be an array of parts [{"name": …, "value": …}], not an object)"},
      {R"("multipart_form_data":[1])", "/multipart_form_data/0",
       "must be an object with name and value, not a number"},
      {R"("multipart_form_data":[{"value":"x"}])", "/multipart_form_data/0/name", "is required"},
      {R"("multipart_form_data":[{"name":"a"}])", "/multipart_form_data/0/value", "is required"},
      {R"("multipart_form_data":[{"name":"a","value":1}])", "/multipart_form_data/0/value",
       "must be a string (put it in quotes), not a number"},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f"}}])",
       "/multipart_form_data/0/value/data", "is required: the file's bytes as base64, or data_url"},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f","data":"A"}}])",
       "/multipart_form_data/0/value/data", "is truncated base64: one character is left over"},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f","data":"QUI"}}])",
       "/multipart_form_data/0/value/data", "is base64 without its padding; add = or =="},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f","data":"QU-_"}}])",
       "/multipart_form_data/0/value/data",
       "is base64url; base64 has + and / in place of - and _ (RFC 4648 section 4)"},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f","data":"data:;base64,QUJD"}}])",
       "/multipart_form_data/0/value/data",
       "must be base64 only; remove the beginning of the data: URL, up to its comma"},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f","data":"Q=JD"}}])",
       "/multipart_form_data/0/value/data",
       "is truncated base64, or has its padding (=) in the wrong place"},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f","data":"QU*D"}}])",
       "/multipart_form_data/0/value/data",
       "must be base64 (RFC 4648 section 4); character 3 is none of it"},
      {R"("multipart_form_data":[{"name":"a","value":["x","y"]}])", "/multipart_form_data/0/value",
       "must be one string or one file (repeat the part for each value), not an array"},
      {R"("multipart_form_data":[{"name":"a","value":{"data":""}}])",
       "/multipart_form_data/0/value/name",
       "is required: a file has a name (for a field without one, make value a string and put "
       "content_type beside it)"},
      {R"("multipart_form_data":[{"name":"a","value":"","data":""}])",
       "/multipart_form_data/0/data", R"(belongs in value: "value": {"name": …, "data": …})"},
      {R"("multipart_form_data":[{"name":"a","value":"{}","content_type":"json"}])",
       "/multipart_form_data/0/content_type", "must be a media type such as application/pdf"},
      {R"("multipart_form_data":[{"name":"a","content_type":"a/b","value":{"name":"f","data":"","content_type":"a/b"}}])",
       "/multipart_form_data/0/content_type", "is given in value as well; give it once"},
      {R"("multipart_form_data":[{"name":"a","name":"b","value":""}])",
       "/multipart_form_data/0/name", "is given more than once"},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f","name":"g","data":""}}])",
       "/multipart_form_data/0/value/name", "is given more than once"},
      {R"("headers":{"Content-Type":"a/b","content-type":"c/d"})", "/headers/content-type",
       "is given more than once; header names are case-insensitive"},
      {R"("headers":{"X-A":"a","x_a":"b"})", "/headers/x_a",
       "is given more than once; header names are case-insensitive"},
      {R"("headers":{"X-A":["a","b"]})", "/headers/X-A",
       "must be a string (separate several values with commas in one string), not an array"},
      {R"("params":{"id":["1","2"]})", "/params/id",
       R"(must be a string (to repeat a name, write it in path: "path": "/…?id=1&id=2"), not an array)"},
      {R"("params":{"a":"1","\u0061":"2"})", "/params/a", "is given more than once"},
      {R"("api_options":{"v":"1","\u0076":"2"})", "/api_options/v", "is given more than once"},
      {R"("headers":{},"headers":{})", "/headers", "is given more than once"},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f","data":"","data_url":"https://x"}}])",
       "/multipart_form_data/0/value/data", "cannot be given together with data_url"},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f","data_url":1}}])",
       "/multipart_form_data/0/value/data_url", "must be a string, not a number"},
      {R"("multipart_form_data":[{"name":"a","value":{"name":"f","data":"","content_type":"a\r\nb: c"}}])",
       "/multipart_form_data/0/value/content_type", "must be a media type such as application/pdf"},
      {R"("data":{},"multipart_form_data":[{"name":"a","value":"b"}])", "/data",
       "cannot be given together with multipart_form_data"},
      {R"("api_options":{"a":")" + std::string(4096, 'x') + R"("})", "/api_options",
       "must not be longer than 4096 bytes"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.members.substr(0, 100));
    const auto result = parse_envelope(with(row.members));
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().details,
                ElementsAre(testing::AllOf(testing::Field(&Problem::pointer, row.pointer),
                                           testing::Field(&Problem::message, row.message))));
  }
}

TEST(ParseEnvelope, RefusesWhatIsNotAnEnvelope) {
  const struct {
    std::string text;
    std::string_view says;
  } rows[] = {
      {"", "is empty"},
      {"[]", "must be a JSON object"},
      {"\"x\"", "must be a JSON object"},
      {"hello", "not valid JSON: expected an object (offset 0)"},
      {R"({"method":"GET","path":"/"} x)", "has more text after its JSON (offset 28)"},
      {std::string(R"({"method":"GET","path":"/"})") + '\0', "has more text after its JSON"},
      {"\xEF\xBB\xBF{}", "byte order mark"},
      {"{\"method\":\"GET\",\"path\":\"/\xff\"}", "not valid UTF-8 (offset 25)"},
      {R"({"method":"GET","path":"/\ud800"})", "half of a surrogate pair"},
      {R"({"method":"GET","path":"/",})", "expected a member's name"},
      {R"({"method":"GET","path":NaN})", "expected a value"},
      {R"({"method":"GET",/**/"path":"/"})", "expected a member's name"},
      {"{\"method\":\"GET\",\"path\":\"a\nb\"}", "control character"},
  };
  for (const auto& row : rows) {
    const auto result = parse_envelope(row.text);
    ASSERT_FALSE(result) << row.text;
    EXPECT_THAT(result.error().message, HasSubstr(row.says)) << row.text;
    EXPECT_EQ(result.error().details.size(), 1U);
  }
}

TEST(ParseEnvelope, CountsLevelsOfTheWholeEnvelope) {
  const auto data = [](int levels) {
    return with("\"data\":" + std::string(levels, '[') + std::string(levels, ']'));
  };
  EXPECT_TRUE(parse_envelope(data(63)));
  EXPECT_FALSE(parse_envelope(data(64)));
  EXPECT_FALSE(parse_envelope(data(1'000'000)));
}

TEST(ParseEnvelope, CountsValues) {
  const auto data = [](int values) {
    std::string text = "\"data\":[0";
    for (int i = 1; i < values; ++i)
      text += ",0";
    return with(text + "]");
  };
  EXPECT_TRUE(parse_envelope(data(99'990)));
  const auto refused = parse_envelope(data(100'001));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("too many values"));
}

TEST(ParseEnvelope, NumbersThatNoDoubleHoldsPassThrough) {
  const std::string numbers =
      "[0.0000000000001e-2147483639,1e999999,18446744073709551616,-0,1.7976931348623159e308]";
  EXPECT_EQ(parsed(with("\"data\":" + numbers)).body, numbers);
}

TEST(ParseEnvelope, KeepsItsReportShort) {
  std::string members = "\"headers\":{\"a\":0";
  for (int i = 0; i < 1000; ++i)
    members += ",\"h" + std::to_string(i) + "\":0";
  const auto result = parse_envelope(with(members + "}"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().details.size(), 20U);
}

}  // namespace
}  // namespace penstock
