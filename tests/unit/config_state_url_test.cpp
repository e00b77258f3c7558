// Where the state is kept: a folder, or a database by its URL, and nothing that only looks like
// one.
#include <string>

#include <gtest/gtest.h>

#include "config/reader/state_url.hpp"

namespace penstock::config {
namespace {

TEST(StateUrl, HasEitherSchemeOfLibpq) {
  for (const char* url : {"postgresql://u@h/d", "postgres://u@h/d", "postgres:///d?host=/run"})
    EXPECT_TRUE(is_postgresql_url(url)) << url;
  for (const char* other : {"state", "/var/lib/penstock", "postgresql", "mysql://h/d", ""})
    EXPECT_FALSE(is_postgresql_url(other)) << other;
}

TEST(StateUrl, IsWrittenOutForAConnectionStringOfKeywords) {
  const struct {
    const char* state;
    const char* url;  ///< empty: it is the name of a folder
  } rows[] = {
      {"host=db user=u", "postgresql://u@db/"},
      {"host=db user=u dbname=p port=5433", "postgresql://u@db:5433/p"},
      {"user = u  host = db", "postgresql://u@db/"},
      {"dbname=p", "postgresql:///p"},
      {"host=/run/postgresql dbname=p", "postgresql:///p?host=/run/postgresql"},
      {"host='db' user='u' password='s3cr3t x'", "postgresql://u:PASSWORD@db/"},
      {"state", ""},
      {"/var/lib/a=b", ""},
      {"a=b", ""},
      {"postgresql://h/d?user=u", ""},
  };
  for (const auto& row : rows) {
    const std::string problem = keyword_form_problem(row.state);
    const std::string url = row.url;
    if (url.empty()) {
      EXPECT_EQ(problem, "") << row.state;
    } else {
      EXPECT_TRUE(problem.ends_with(": " + url)) << problem;
      EXPECT_EQ(problem.find("s3cr3t"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace penstock::config
