#include <gtest/gtest.h>
#include <penstock/json.hpp>

namespace penstock {
namespace {

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

std::string zeros(std::size_t count) {
  std::string out = "[0";
  for (std::size_t i = 1; i < count; ++i)
    out += ",0";
  return out + "]";
}

TEST(ParseJson, refuses_what_is_not_json_or_beyond_the_limits) {
  const struct {
    std::string text, reason;
    std::size_t offset;
  } rows[] = {
      {"", "The document is empty.", 0},
      {"{", "Missing a name for object member.", 1},
      {"{\"a\":1}x", "The document root must not be followed by other values.", 7},
      {"[1] [2]", "The document root must not be followed by other values.", 4},
      {"[1,]", "Invalid value.", 3},
      {"[01]", "Missing a comma or ']' after an array element.", 2},
      {"{'a':1}", "Missing a name for object member.", 1},
      {"\"\xFF\"", "Invalid encoding in string.", 1},
      {"\"a\nb\"", "Invalid escape character in string.", 2},
      {"\"\\x41\"", "Invalid escape character in string.", 1},
      {std::string("{}\0{}", 5), "a NUL byte", 2},
      {nested(65), "it is nested deeper than 64 levels", 64},
      {zeros(100'002), "it has more than 100,000 values", 200'002},
      {std::string(65, '9'), "the number is too long", 0},
      {"[1e99999]", "the number is too long", 1},
      {"0.0000000000001e-2147483639", "the number is too long", 0},
      {R"("\udc32")", "half a surrogate pair", 1},
      {R"("\uDFFF")", "half a surrogate pair", 1},
      {R"("\ud83d")", "half a surrogate pair", 1},
      {R"("\ud83d\ud83d")", "half a surrogate pair", 1},
      {R"("\ud83dx\udc32")", "half a surrogate pair", 1},
      {R"("\ud83d\\udc32")", "half a surrogate pair", 1},
      {R"({"\udc00":1})", "half a surrogate pair", 2},
      {R"({"a":1,"b":2,"a":3})", "the member \"a\" occurs twice", 16},
  };
  for (const auto& row : rows) {
    const auto value = parse_json(row.text);
    ASSERT_FALSE(value) << row.text.substr(0, 60);
    EXPECT_EQ(value.error().reason, row.reason) << row.text.substr(0, 60);
    EXPECT_EQ(value.error().offset, row.offset) << row.text.substr(0, 60);
  }
  EXPECT_EQ(parse_json("[1,]").error().text(), "Invalid value. (offset 3)");
}

TEST(ParseJson, reads_and_writes_every_kind) {
  const std::pair<std::string, std::string> rows[] = {
      {"null", "null"},
      {" [ true , false ] ", "[true,false]"},
      {R"({"b":{},"a":[]})", R"({"b":{},"a":[]})"},
      {"[38.20,-0,1E+2,0.1e-9999]", "[38.20,-0,1E+2,0.1e-9999]"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {R"("\ud83d\udc32\uD83D\uDC32\"")", "\"🐲🐲\\\"\""},
      {R"("\\udc32\ud7ff\ue000")", "\"\\\\udc32\xED\x9F\xBF\xEE\x80\x80\""},
      {R"("a\/b\u0000")", R"("a/b\u0000")"},
      {R"({"a":"1e99999 0.0000000000001e-2147483639"})",
       R"({"a":"1e99999 0.0000000000001e-2147483639"})"},
      {"\xEF\xBB\xBF{}", "{}"},
      {nested(64), nested(64)},
      {zeros(100'001), zeros(100'001)},
  };
  for (const auto& [text, json] : rows) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value) << text.substr(0, 60) << ": " << value.error().text();
    EXPECT_EQ(value->json(), json);
  }
}

TEST(ParseJson, keeps_duplicates_where_they_are_wanted) {
  const auto value = parse_json(R"({"a":1,"a":2})", DuplicateNames::keep);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->json(), R"({"a":1,"a":2})");
  EXPECT_EQ(value->find("a")->text, "1");
}

TEST(JsonValue, tells_numbers_by_value_and_by_spelling) {
  const struct {
    const char* text;
    bool is_integer;
    std::optional<std::int64_t> integer;
  } rows[] = {
      {"5", true, 5},
      {"-7", true, -7},
      {"5.0", true, std::nullopt},
      {"5e0", true, std::nullopt},
      {"5.5", false, std::nullopt},
      {"9223372036854775807", true, INT64_MAX},
      {"9223372036854775808", true, std::nullopt},
      {"\"5\"", false, std::nullopt},
      {"true", false, std::nullopt},
  };
  for (const auto& row : rows) {
    const auto value = parse_json(row.text);
    ASSERT_TRUE(value) << row.text;
    EXPECT_EQ(value->is_integer(), row.is_integer) << row.text;
    EXPECT_EQ(value->integer(), row.integer) << row.text;
  }
  EXPECT_EQ(*parse_json("1.0"), *parse_json("1"));
  EXPECT_EQ(*parse_json(R"({"a":1,"b":[2]})"), *parse_json(R"({"b":[2.0],"a":1})"));
  EXPECT_FALSE(*parse_json(R"({"a":1})") == *parse_json(R"({"b":1})"));
}

TEST(JsonValue, is_built_and_changed) {
  JsonValue value = JsonValue::object({{"s", JsonValue::string("a\"b")}});
  value.add("list", JsonValue::array({JsonValue::string("x"), {}}));
  value.add("gone", JsonValue::object());
  value.remove("gone");
  value.find("list")->items.push_back({JsonValue::Kind::boolean, true});
  EXPECT_EQ(value.json(), R"({"s":"a\"b","list":["x",null,true]})");
  EXPECT_EQ(value.plain_text(), value.json());
  EXPECT_EQ(value.find("s")->plain_text(), "a\"b");
  EXPECT_EQ(value.find("gone"), nullptr);
  EXPECT_EQ(value.find("list")->find("x"), nullptr);
}

}  // namespace
}  // namespace penstock
