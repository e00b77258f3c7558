#include <gtest/gtest.h>
#include <penstock/envelope.hpp>
#include <rapidjson/document.h>
#include <simdjson.h>

namespace penstock {
namespace {

/// A second parser's opinion: whatever we write must be JSON.
void expect_json(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  EXPECT_EQ(parser.parse(text).get(element), simdjson::SUCCESS) << text;
}

Response answer_of(std::string type, std::string body) {
  Response answer;
  answer.url = "https://api.hibob.com/v1/people";
  answer.status = 200;
  if (!type.empty()) answer.headers = {{"content-type", std::move(type)}};
  answer.body = std::move(body);
  return answer;
}

struct Rendered {
  bool has_data = false;
  std::string data;  ///< of a string its text, else its JSON is compared elsewhere
  bool is_string = false;
  std::vector<std::string> warnings;
};

Rendered render(const Response& answer, bool as_base64 = false) {
  const std::string text = response_json(answer, as_base64);
  expect_json(text);
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  Rendered out;
  const auto& data = document["data"];
  out.has_data = data.HasMember("data");
  out.is_string = out.has_data && data["data"].IsString();
  if (out.is_string) out.data.assign(data["data"].GetString(), data["data"].GetStringLength());
  for (const auto& warning : document["warnings"].GetArray())
    out.warnings.emplace_back(warning["message"].GetString());
  return out;
}

TEST(AnswerJson, HasTheShapeThatClientsCheck) {
  Response answer = answer_of("application/json; charset=utf-8", "{ \"a\" : 1.10 }\n");
  answer.status = 404;
  answer.headers.add("set-cookie", "a=1");
  answer.headers.add("content-length", "12");
  answer.headers.add("set-cookie", "b=\"2\"");
  answer.warnings = {"careful"};
  EXPECT_EQ(
      response_json(answer, false),
      R"({"status":"success","data":{"url":"https://api.hibob.com/v1/people","status":404,"headers":{)"
      R"("content-type":"application/json; charset=utf-8","set-cookie":["a=1","b=\"2\""],"content-length":"12"},)"
      "\"data\":{ \"a\" : 1.10 }\n},\"warnings\":[{\"message\":\"careful\"}]}");
}

TEST(AnswerJson, LeavesAnEmptyBodyOut) {
  EXPECT_EQ(
      response_json(answer_of("", ""), false),
      R"({"status":"success","data":{"url":"https://api.hibob.com/v1/people","status":200,"headers":{}},"warnings":[]})");
  EXPECT_FALSE(render(answer_of("application/json", ""), true).has_data);
}

TEST(AnswerJson, KeepsJsonByteForByte) {
  for (const char* type : {"application/json", "Application/JSON", "application/hal+json;v=1",
                           "text/json", "application/problem+json ; charset=iso-8859-1"}) {
    for (const char* body : {"[]", " {\"a\":1e400}\r\n", "18446744073709551616", "null",
                             "\"\\ud800\"", "{\"a\":1,\"a\":2}"}) {
      const std::string text = response_json(answer_of(type, body), false);
      EXPECT_NE(text.find("\"data\":" + std::string(body) + "},\"warnings\":[]}"),
                std::string::npos)
          << text;
    }
  }
}

TEST(AnswerJson, GivesJsonOfAnyCharsetInUtf8) {
  const std::string transcoded = "the vendor's JSON is in another charset and is returned in UTF-8";
  const struct {
    std::string type, body, json, warning;
  } rows[] = {
      {"application/json; charset=iso-8859-1", "[\"\xe9\"]", "[\"é\"]", transcoded},
      {"application/problem+json; charset=\"Windows-1252\"", "\"\x80\"", "\"€\"", transcoded},
      {"text/json; charset=utf-16be",
       std::string("\0[\0"
                   "1\0]",
                   6),
       "[1]", transcoded},
      {"application/json", std::string("\xff\xfe[\0]\0", 6), "[]", transcoded},
  };
  for (const auto& row : rows) {
    EXPECT_NE(response_json(answer_of(row.type, row.body), false)
                  .find("\"data\":" + row.json + "},\"warnings\":[{\"message\":\"" + row.warning +
                        "\"}]}"),
              std::string::npos)
        << response_json(answer_of(row.type, row.body), false);
  }
}

TEST(AnswerJson, GivesTheRestAsAString) {
  const std::string replaced = " of the vendor's body are not text in its charset and became "
                               "U+FFFD; set response_as_base64 to get the original bytes";
  const std::string replaced_one =
      "1 byte of the vendor's body is not text in its charset and became U+FFFD; set "
      "response_as_base64 to get the original bytes";
  const std::string not_json =
      "the vendor's body is declared as JSON but is not valid JSON, so it is returned as a string";
  const std::string marked =
      "the vendor's JSON begins with a byte order mark, so it is returned as a string";
  const struct {
    const char* name;
    std::string type;
    std::string body;
    std::string text;
    std::vector<std::string> warnings;
  } rows[] = {
      {"JSON that does not say so", "text/plain", "{\"a\":1}", "{\"a\":1}", {}},
      {"no type", "", "[1]", "[1]", {}},
      {"XML", "text/xml; charset=utf-8", "<a b=\"é\">\x01\t\\</a>", "<a b=\"é\">\x01\t\\</a>", {}},
      {"invalid JSON", "application/json", "{\"a\":", "{\"a\":", {not_json}},
      {"two documents", "application/json", "{}{}", "{}{}", {not_json}},
      {"a byte order mark", "application/json", "\xEF\xBB\xBF{}", "\xEF\xBB\xBF{}", {marked}},
      {"JSON not in UTF-8",
       "application/json",
       "\"\xe9\"",
       "\"\xEF\xBF\xBD\"",
       {not_json, replaced_one}},
      {"no JSON in a declared charset",
       "application/json; charset=latin1",
       "\"\xe9",
       "\"é",
       {not_json}},
      {"half a character of UTF-16",
       "application/json; charset=utf-16le",
       std::string("1\0\0", 3),
       "1\xEF\xBF\xBD",
       {not_json, replaced_one}},
      {"a NUL", "application/json", std::string("1\0", 2), std::string("1\0", 2), {not_json}},
      {"latin 1", "text/plain; charset=ISO-8859-1", "caf\xe9 \x80", "café €", {}},
      {"windows", "text/html; a=b; Charset=\"Windows-1252\"", "\x93hi\x94", "“hi”", {}},
      {"latin 9", "text/plain; charset=iso-8859-15", "\xa4", "€", {}},
      {"UTF-16 declared", "text/plain; charset=utf-16be", std::string("\0h\x20\xac", 4), "h€", {}},
      {"UTF-16 marked", "text/plain", std::string("\xff\xfeh\0\x3d\xd8\0\xde", 8), "h😀", {}},
      {"UTF-8 marked under another label",
       "text/plain; charset=iso-8859-1",
       "\xEF\xBB\xBF\xC3\xA4",
       "\xEF\xBB\xBFä",
       {}},
      {"UTF-16 broken",
       "text/plain",
       std::string("\xff\xfeh\0\0\xd8x", 7),
       "h\xEF\xBF\xBD\xEF\xBF\xBD",
       {"2 bytes" + replaced}},
      {"XML's own declaration",
       "text/xml",
       "<?xml version='1.0' encoding='iso-8859-1'?><a>\xfc</a>",
       "<?xml version='1.0' encoding='iso-8859-1'?><a>ü</a>",
       {}},
      {"bytes",
       "image/png",
       "\x89PNG\xff\xfeé",
       "\xEF\xBF\xBDPNG\xEF\xBF\xBD\xEF\xBF\xBDé",
       {"3 bytes" + replaced}},
      {"an unknown charset",
       "text/plain; charset=koi8-r",
       "a\xc1",
       "a\xEF\xBF\xBD",
       {replaced_one}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const Rendered rendered = render(answer_of(row.type, row.body));
    EXPECT_TRUE(rendered.is_string);
    EXPECT_EQ(rendered.data, row.text);
    EXPECT_EQ(rendered.warnings, row.warnings);
  }
}

TEST(AnswerJson, EncodesAnyBytesOnRequest) {
  const Rendered rendered = render(answer_of("application/json", std::string("\0\xff{", 3)), true);
  EXPECT_EQ(rendered.data, "AP97");
  EXPECT_TRUE(rendered.warnings.empty());
}

TEST(AnswerJson, IsJsonForEveryByteAtEveryPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string odd = {'a', static_cast<char>(byte), 'b'};
    Response answer = answer_of("text/plain", odd);
    answer.url += odd;
    answer.headers.add("x-odd", odd);
    answer.warnings = {odd};
    expect_json(response_json(answer, false));
  }
  Response latin = answer_of("", "x");
  latin.headers = {{"x-name", "caf\xe9"}};
  EXPECT_NE(response_json(latin, false).find("café"), std::string::npos);
}

TEST(AnswerJson, KeepsTheOrderOfManyHeaders) {
  Response answer = answer_of("", "");
  for (int i = 0; i < 500; ++i)
    answer.headers.add("h" + std::to_string(i % 250), std::to_string(i));
  const std::string text = response_json(answer, false);
  expect_json(text);
  EXPECT_NE(text.find(R"("headers":{"h0":["0","250"],"h1":["1","251"],)"), std::string::npos);
}

TEST(PreviewJson, ShowsTheRequest) {
  Preview preview{"POST", "https://x/y", {{"authorization", "***"}}, "<a/>", {"careful"}};
  EXPECT_EQ(
      preview_json(preview),
      R"({"status":"success","data":{"valid":true,"request":{"method":"POST","url":"https://x/y",)"
      R"("headers":{"authorization":"***"},"body":"<a/>"}},"warnings":[{"message":"careful"}]})");
  preview.body = "\xff";
  expect_json(preview_json(preview));
}

TEST(ErrorJson, HasTheFourMembersAlways) {
  EXPECT_EQ(
      error_json(input_invalid("api_options.service_name is required",
                               {{"/api_options/service_name", "is required", "required"},
                                {"/method", "\"x\"", "enum", "string", "GET"}})),
      R"({"status":"error","error":{"code":"PLATFORM.INPUT_INVALID","title":"Invalid input",)"
      R"("message":"api_options.service_name is required","log_url":null,"origin":"caller","phase":"validate",)"
      R"("retryable":false,"sent":"no","details":[{"pointer":"/api_options/service_name","message":"is required",)"
      R"("rule":"required"},{"pointer":"/method","message":"\"x\"","rule":"enum","given":"string","suggestion":"GET"}]}})");
  EXPECT_EQ(
      error_json(vendor_unreachable("cut off\xff", Phase::receive, Sent::unknown)),
      R"({"status":"error","error":{"code":null,"title":"The vendor cannot be reached","message":"cut off)"
      "\xEF\xBF\xBD"
      R"(","log_url":null,"origin":"network","phase":"receive","retryable":false,"sent":"unknown","details":[]}})");
}

}  // namespace
}  // namespace penstock
