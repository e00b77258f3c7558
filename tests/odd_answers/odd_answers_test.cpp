// What Penstock makes of each odd answer that the sandbox can send, beside what nginx, HAProxy and
// curl were measured to make of it (measure.py).
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sandbox_process.hpp"

namespace penstock {
namespace {

using testing::SandboxProcess;

struct Row {
  std::string name, penstock, nginx, haproxy, curl;
};

std::vector<Row> read_rows() {
  std::ifstream file(PENSTOCK_SOURCE_DIR "/tests/odd_answers/readings.tsv");
  std::vector<Row> out;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#') || line.starts_with("name\t")) continue;
    std::istringstream fields(line);
    Row row;
    for (std::string* one : {&row.name, &row.penstock, &row.nginx, &row.haproxy, &row.curl})
      std::getline(fields, *one, '\t');
    out.push_back(std::move(row));
  }
  return out;
}

/// As measure.py writes a reading.
std::string shown(int status, const std::string& body) {
  std::string out = std::to_string(status) + " '";
  for (const char c : body) {
    const auto byte = static_cast<unsigned char>(c);
    std::array<char, 8> escaped{};
    if (c == '\r' || c == '\n' || c == '\t') {
      out += c == '\r' ? "\\r" : c == '\n' ? "\\n" : "\\t";
    } else if (byte < 0x20 || byte > 0x7e) {
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", byte);
      out += escaped.data();
    } else {
      out += c;
    }
  }
  return out + "'";
}

Call get_people() {
  Call call;
  call.tool = "hibob";
  call.api = "v1";
  call.integration_id = "hibob:acme";
  call.path = "/people";
  return call;
}

class OddAnswers : public ::testing::Test {
 protected:
  Result<Response> send(const std::string& name) {
    sandbox_.control(R"({"vendor":"hibob","next_odd":")" + name + "\"}");
    return testing::call(*engine_, get_people());
  }

  SandboxProcess sandbox_;
  std::unique_ptr<Engine> engine_ = sandbox_.engine("", 1);
};

TEST_F(OddAnswers, are_read_as_the_table_says_and_leave_nothing_behind) {
  const std::vector<Row> rows = read_rows();
  EXPECT_GE(rows.size(), 60U);
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto answer = send(row.name);
    EXPECT_EQ(answer ? shown(answer->status, answer->body) : "refused", row.penstock)
        << (answer ? "" : answer.error().message);
    if (!answer) {
      EXPECT_EQ(answer.error().sent, Sent::yes) << answer.error().message;
      EXPECT_FALSE(answer.error().retryable);
      EXPECT_EQ(answer.error().http_status, 502);
    }
    const auto next = testing::call(*engine_, get_people());
    ASSERT_TRUE(next.has_value()) << next.error().message;
    EXPECT_TRUE(next->body.starts_with("{\"employees\"")) << next->body.substr(0, 100);
  }
}

/// Where the three agree, an answer means what they say to most of its readers.
TEST(OddAnswerReadings, are_those_of_nginx_haproxy_and_curl_where_they_agree) {
  const std::map<std::string, std::string> exceptions = {
      {"http-2.0", "another major version may have another syntax (RFC 9110 section 2.5)"},
      {"chunk-lines-with-bare-line-feed",
       "readers that end a chunk's line elsewhere see another answer in it"},
      {"twenty-of-102-first", "a vendor may not hold a call open with interim answers"},
      {"gzip", "content codings are undone for the caller of a call"},
      {"gzip-with-padding", "the same"},
      {"gzip-called-x-gzip", "the same"},
  };
  const auto is_whole = [](const std::string& reading) {
    return reading != "refused" && reading != "cut";
  };
  std::set<std::string> excepted;
  for (const Row& row : read_rows()) {
    SCOPED_TRACE(row.name);
    if (row.nginx != row.haproxy || row.haproxy != row.curl) continue;
    const bool same = is_whole(row.nginx) ? row.penstock == row.nginx : !is_whole(row.penstock);
    if (!same) excepted.insert(row.name);
    EXPECT_TRUE(same || exceptions.contains(row.name)) << row.penstock << ", they: " << row.nginx;
  }
  for (const auto& [name, reason] : exceptions)
    EXPECT_TRUE(excepted.contains(name)) << name << " is no exception any more";
}

TEST_F(OddAnswers, are_told_in_a_warning_where_they_are_read_and_by_name_where_they_are_not) {
  struct Case {
    const char* name;
    const char* says;
  };
  const Case read[] = {
      {"folded", "folded"},
      {"crlf-behind-the-body", "follow its end"},
      {"an-answer-behind-the-body", "follow its end"},
      {"two-equal-lengths", "Content-Length"},
      {"chunked-beside-length", "Content-Length"},
      {"chunked-in-http-1.0", "HTTP/1.0"},
      {"204-with-chunks", "204"},
      {"value-with-control", "control character"},
      {"all-bare-line-feeds", "line feed"},
      {"space-before-colon", "colon"},
      {"gzip-that-is-plain", "gzip"},
      {"gzip-cut-off", "gzip"},
  };
  for (const Case& one : read) {
    const auto answer = send(one.name);
    ASSERT_TRUE(answer.has_value()) << one.name << ": " << answer.error().message;
    std::string all;
    for (const std::string& warning : answer->warnings)
      all += warning + "\n";
    EXPECT_NE(all.find(one.says), std::string::npos) << one.name << ": " << all;
  }
  const Case refused[] = {
      {"two-different-lengths", "Content-Length"},
      {"length-too-large", "Content-Length"},
      {"unknown-transfer-coding", "xchunked"},
      {"chunk-size-with-0x", "0x5"},
      {"value-with-nul", "NUL"},
      {"no-colon", "X-A"},
      {"status-of-four-digits", "2000"},
  };
  for (const Case& one : refused) {
    const auto answer = send(one.name);
    ASSERT_FALSE(answer.has_value()) << one.name;
    EXPECT_NE(answer.error().message.find(one.says), std::string::npos)
        << one.name << ": " << answer.error().message;
  }
}

TEST_F(OddAnswers, of_a_name_that_the_sandbox_does_not_know_are_refused_by_it) {
  EXPECT_THROW(send("no-such-answer"), std::runtime_error);
}

}  // namespace
}  // namespace penstock
