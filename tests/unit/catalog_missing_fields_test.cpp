#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include <penstock/missing_fields.hpp>

namespace penstock {
namespace {

TEST(MissingFields, are_those_that_the_values_make_necessary) {
  const std::vector<std::string> required = {"tenant", "grant"};
  const std::vector<FieldsWhen> required_when = {{"grant", "key", {"user", "private_key"}},
                                                 {"grant", "password", {"user", "password"}}};
  using Names = std::vector<std::string>;
  const struct {
    std::map<std::string, std::string> values;
    Names missing;
  } rows[] = {
      {{}, {"tenant", "grant"}},
      {{{"tenant", ""}, {"grant", "none"}}, {"tenant"}},
      {{{"tenant", "acme"}, {"grant", "none"}}, {}},
      {{{"tenant", "acme"}, {"grant", "key"}, {"password", "x"}}, {"user", "private_key"}},
      {{{"grant", "password"}, {"user", "a"}}, {"tenant", "password"}},
      {{{"tenant", "acme"}, {"grant", "password"}, {"user", "a"}, {"password", "x"}}, {}},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(missing_fields(required, required_when,
                             [&](const std::string& name) {
                               const auto found = row.values.find(name);
                               return found == row.values.end() ? std::string() : found->second;
                             }),
              row.missing);
  }
}

}  // namespace
}  // namespace penstock
