// A body means the same however it is cut up on its way: each byte may come alone, and the server
// may look again before another has come.
#include <string>

#include <gtest/gtest.h>

#include "read_body.hpp"

namespace penstock::server {
namespace {

TEST(RequestBody, MeansTheSameInEveryThreePieces) {
  const struct {
    const char* framing;
    std::string body;
    ReadBody expected;
  } rows[] = {
      {"Transfer-Encoding: chunked", "0\r\n\r\n", {false, true, "", ""}},
      {"Transfer-Encoding: chunked", "0\r\n\r\nGET", {false, true, "", "GET"}},
      {"Transfer-Encoding: chunked", "00;a=b\r\n\r\n", {false, true, "", ""}},
      {"Transfer-Encoding: chunked", "0\r\nA: b\r\n\r\n", {false, true, "", ""}},
      {"Transfer-Encoding: chunked", "1\r\na\r\n0\r\n\r\n", {false, true, "a", ""}},
      {"Transfer-Encoding: chunked", "01\r\na\r\n0\r\n\r\n", {false, true, "a", ""}},
      {"Transfer-Encoding: chunked", "3\r\n0\r\n\r\n0\r\n\r\n", {false, true, "0\r\n", ""}},
      {"Transfer-Encoding: chunked",
       "2;x=\"y\"\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
       {false, true, "abcde", ""}},
      {"Transfer-Encoding: chunked", "1\r\nab\r\n0\r\n\r\n", {true, false, "", ""}},
      {"Transfer-Encoding: chunked", "1\r\na0\r\n", {false, false, "a", "0\r\n"}},
      {"Transfer-Encoding: chunked", "1\r\na0\r\n\r\n", {true, false, "", ""}},
      {"Transfer-Encoding: chunked", "1\r\na0u\r\n", {true, false, "", ""}},
      {"Transfer-Encoding: chunked", "1;a=\"\n\"\r\na\r\n0\r\n\r\n", {true, false, "", ""}},
      {"Transfer-Encoding: chunked", "0\r\r\n", {true, false, "", ""}},
      {"Transfer-Encoding: chunked", "0x1\r\na\r\n0\r\n\r\n", {true, false, "", ""}},
      {"Transfer-Encoding: chunked", "1\r\na", {false, false, "a", ""}},
      {"Content-Length: 4", "a\r\n0", {false, true, "a\r\n0", ""}},
      {"Content-Length: 4", "0\r\n\r\n", {false, true, "0\r\n\r", "\n"}},
  };
  for (const auto& row : rows) {
    const std::string& body = row.body;
    for (std::size_t first = 0; first <= body.size(); ++first) {
      for (std::size_t second = first; second <= body.size(); ++second) {
        const ReadBody got =
            read_body(row.framing, {body.substr(0, first), body.substr(first, second - first),
                                    body.substr(second)});
        EXPECT_TRUE(got == row.expected)
            << body << " cut at " << first << " and " << second << ": failed " << got.failed
            << ", done " << got.done << ", body '" << got.body << "', behind '" << got.behind
            << "'";
      }
    }
  }
}

TEST(RequestBody, OfAChunkIsPassedOnAsItComes) {
  for (const std::string part :
       {"1\r\na", "01\r\na", "001\r\na", "2\r\na", "2\r\n0", "3\r\n00", "9\r\n\r\n0"})
    EXPECT_EQ(read_body("Transfer-Encoding: chunked", {part}).body,
              part.substr(part.find('\n') + 1))
        << part;
}

}  // namespace
}  // namespace penstock::server
