#include <gtest/gtest.h>
#include <penstock/headers.hpp>

using namespace penstock;

namespace {

const Headers sample = {{"Set-Cookie", "a=1"}, {"X-Rate", "5"},
                        {"set-cookie", "b=2"}, {"Connection", "keep-alive, ,\tX-Hop ,"},
                        {"connection", "TE"},  {"Empty", ""}};

TEST(Headers, are_looked_up_by_name_ignoring_case) {
  struct {
    const char* name;
    std::optional<std::string_view> first;
    std::size_t count;
    std::vector<std::string> list;
  } const rows[] = {
      {"set-cookie", "a=1", 2, {"a=1", "b=2"}},
      {"SET-COOKIE", "a=1", 2, {"a=1", "b=2"}},
      {"x-rate", "5", 1, {"5"}},
      {"connection", "keep-alive, ,\tX-Hop ,", 2, {"keep-alive", "X-Hop", "TE"}},
      {"empty", "", 1, {}},
      {"X-Rates", std::nullopt, 0, {}},
      {"X_Rate", std::nullopt, 0, {}},
      {"", std::nullopt, 0, {}},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(sample.get(row.name), row.first) << row.name;
    EXPECT_EQ(sample.has(row.name), row.count > 0) << row.name;
    EXPECT_EQ(sample.count(row.name), row.count) << row.name;
    EXPECT_EQ(sample.list(row.name), row.list) << row.name;
  }
}

TEST(Headers, know_the_members_of_a_list) {
  struct {
    const char *name, *member;
    bool has;
  } const rows[] = {
      {"Connection", "keep-alive", true},
      {"connection", "x-hop", true},
      {"connection", "te", true},
      {"connection", "keep", false},
      {"connection", "", false},
      {"x-rate", "te", false},
      {"absent", "te", false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(sample.list_has(row.name, row.member), row.has) << row.name << ' ' << row.member;
}

TEST(Headers, change_and_keep_the_order_and_the_bytes_of_the_others) {
  const Headers start = {{"A", "1"}, {"b", "2"}, {"a", "3"}, {"C", "4"}};
  struct {
    const char* what;
    void (*change)(Headers&);
    Headers result;
  } const rows[] = {
      {"add a known name",
       [](Headers& h) { h.add("A", "5"); },
       {{"A", "1"}, {"b", "2"}, {"a", "3"}, {"C", "4"}, {"A", "5"}}},
      {"set a repeated name",
       [](Headers& h) { h.set("a", "5"); },
       {{"a", "5"}, {"b", "2"}, {"C", "4"}}},
      {"set the last name",
       [](Headers& h) { h.set("c", "5"); },
       {{"A", "1"}, {"b", "2"}, {"a", "3"}, {"c", "5"}}},
      {"set a new name",
       [](Headers& h) { h.set("D", "5"); },
       {{"A", "1"}, {"b", "2"}, {"a", "3"}, {"C", "4"}, {"D", "5"}}},
      {"default of a known name", [](Headers& h) { h.set_default("B", "5"); }, start},
      {"default of a new name",
       [](Headers& h) { h.set_default("D", "5"); },
       {{"A", "1"}, {"b", "2"}, {"a", "3"}, {"C", "4"}, {"D", "5"}}},
      {"erase a repeated name",
       [](Headers& h) { EXPECT_EQ(h.erase("a"), 2U); },
       {{"b", "2"}, {"C", "4"}}},
      {"erase an absent name", [](Headers& h) { EXPECT_EQ(h.erase("D"), 0U); }, start},
      {"erase by value",
       [](Headers& h) { h.erase_if([](const Field& field) { return field.value > "2"; }); },
       {{"A", "1"}, {"b", "2"}}},
  };
  for (const auto& row : rows) {
    Headers headers = start;
    row.change(headers);
    EXPECT_EQ(headers, row.result) << row.what;
  }
}

TEST(Headers, differ_by_case_order_and_duplicates) {
  EXPECT_EQ(Headers(), (Headers{}));
  EXPECT_NE((Headers{{"a", "1"}}), (Headers{{"A", "1"}}));
  EXPECT_NE((Headers{{"a", "1"}, {"b", "2"}}), (Headers{{"b", "2"}, {"a", "1"}}));
  EXPECT_NE((Headers{{"a", "1"}}), (Headers{{"a", "1"}, {"a", "1"}}));
}

}  // namespace
