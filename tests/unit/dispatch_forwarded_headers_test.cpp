#include <gtest/gtest.h>

#include "dispatch/forwarded_headers.hpp"

namespace penstock::dispatch {
namespace {

TEST(ForwardedHeaders, leave_the_callers_hop_behind) {
  const std::vector<Field> headers = {
      {"Host", "penstock"},
      {"Connection", "keep-alive, X-Hop ,, te"},
      {"connection", "x-other"},
      {"X-Hop", "1"},
      {"x-OTHER", "2"},
      {"X-Kept", "a"},
      {"X-Kept", "b"},
      {"Keep-Alive", "timeout=5"},
      {"TE", "trailers"},
      {"Trailer", "X-Sum"},
      {"Transfer-Encoding", "chunked"},
      {"Content-Length", "5"},
      {"Upgrade", "h2c"},
      {"HTTP2-Settings", "x"},
      {"Expect", "100-continue"},
      {"Proxy-Authorization", "Basic x"},
      {"Proxy-Connection", "close"},
      {"X-Forwarded-For", "10.0.0.1"},
      {"Forwarded", "for=10.0.0.1"},
      {"Via", "1.1 a"},
      {"X-Real-IP", "10.0.0.1"},
      {"Content-Type", "text/csv"},
  };
  EXPECT_EQ(forwarded_headers(headers),
            (std::vector<Field>{{"X-Kept", "a"}, {"X-Kept", "b"}, {"Content-Type", "text/csv"}}));
}

TEST(ForwardedHeaders, of_answers_lose_what_their_connection_names_but_not_their_length) {
  std::vector<Field> headers = {{"connection", "close, x-hop, content-length"},
                                {"x-hop", "1"},
                                {"keep-alive", "x"},
                                {"transfer-encoding", "chunked"},
                                {"content-length", "3"},
                                {"set-cookie", "a"},
                                {"set-cookie", "b"}};
  drop_hop_by_hop(headers);
  EXPECT_EQ(headers, (std::vector<Field>{
                         {"content-length", "3"}, {"set-cookie", "a"}, {"set-cookie", "b"}}));
}

TEST(ForwardedHeaders, of_trailers_keep_what_describes_neither_message_nor_credentials) {
  EXPECT_EQ(forwarded_trailers({{"x-checksum", "1"},
                                {"content-length", "0"},
                                {"transfer-encoding", "chunked"},
                                {"set-cookie", "a"},
                                {"www-authenticate", "Basic"},
                                {"server-timing", "db;dur=5"}}),
            (std::vector<Field>{{"x-checksum", "1"}, {"server-timing", "db;dur=5"}}));
}

}  // namespace
}  // namespace penstock::dispatch
