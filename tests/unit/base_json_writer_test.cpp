#include <gtest/gtest.h>
#include <penstock/json.hpp>
#include <penstock/json_writer.hpp>

namespace penstock {
namespace {

TEST(JsonString, escapes_what_must_be_and_nothing_else) {
  const std::pair<std::string, std::string> rows[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"a\"b\\c/", R"("a\"b\\c/")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {std::string("\0\x01\x1F\x7F", 4), "\"\\u0000\\u0001\\u001f\x7F\""},
      {"é€😀\u2028", "\"é€😀\u2028\""},
      {"a long run of plain text, then \"", R"("a long run of plain text, then \"")"},
      {"12345678é\n12345678\\", R"("12345678é\n12345678\\")"},
  };
  for (const auto& [text, json] : rows) {
    std::string out;
    EXPECT_EQ(append_json_string(out, text), 0U) << json;
    EXPECT_EQ(out, json);
    EXPECT_EQ(json_string(text), json);
  }
}

// Each character at each place of the eight that are compared at once.
TEST(JsonString, sees_every_character_at_every_place) {
  for (int c = 0; c < 0x80; ++c) {
    for (std::size_t at = 0; at < 17; ++at) {
      std::string text(17, 'x');
      text[at] = static_cast<char>(c);
      const auto read = parse_json(json_string(text));
      ASSERT_TRUE(read) << c << " at " << at << ": " << read.error().text();
      EXPECT_EQ(read->text, text);
    }
  }
}

TEST(JsonString, replaces_each_byte_that_is_not_utf_8) {
  const struct {
    const char *text, *json;
    std::size_t replaced;
  } rows[] = {
      {"a\xFFz", "\"a\uFFFDz\"", 1},
      {"\xC3", "\"\uFFFD\"", 1},
      {"\xED\xA0\x80\"", "\"\uFFFD\uFFFD\uFFFD\\\"\"", 3},
      {"é\xC0\xAFé\n", "\"é\uFFFD\uFFFDé\\n\"", 2},
  };
  for (const auto& row : rows) {
    std::string out = "x";
    EXPECT_EQ(append_json_string(out, row.text), row.replaced);
    EXPECT_EQ(out, std::string("x") + row.json);
  }
}

TEST(JsonObject, writes_its_members_in_order) {
  EXPECT_EQ(JsonObject().done(), "{}");
  EXPECT_EQ(JsonObject()
                .text("t", "a\"")
                .number("n", -5)
                .boolean("b", true)
                .json("j", "[1]")
                .json("omitted", "")
                .members_of(R"({"m":null})")
                .members_of("{}")
                .json("s", json_strings({"x", "\n"}))
                .json("a", json_array({"1", "{}"}))
                .done(),
            R"({"t":"a\"","n":-5,"b":true,"j":[1],"m":null,"s":["x","\n"],"a":[1,{}]})");
}

TEST(FormatJson, changes_white_space_only) {
  const std::string given = R"( {"a" : [ 1.50, {}, [ ] ,"x: {\"[," ] ,
    "b":{"c":null}} )";
  EXPECT_EQ(format_json(given, JsonLayout::compact),
            R"({"a":[1.50,{},[],"x: {\"[,"],"b":{"c":null}})");
  EXPECT_EQ(format_json(given, JsonLayout::indented), R"({
  "a": [
    1.50,
    {},
    [],
    "x: {\"[,"
  ],
  "b": {
    "c": null
  }
})");
  for (const char* scalar : {"1", "\"\"", "true", "[]", "{}"})
    EXPECT_EQ(format_json(scalar, JsonLayout::indented), scalar);
}

}  // namespace
}  // namespace penstock
