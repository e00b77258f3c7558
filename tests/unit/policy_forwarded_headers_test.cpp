#include <gtest/gtest.h>

#include "policy/forwarded_headers.hpp"

namespace penstock::policy {
namespace {

TEST(ForwardedHeaders, leave_the_callers_hop_behind) {
  const Headers headers = {
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
            (Headers{{"X-Kept", "a"}, {"X-Kept", "b"}, {"Content-Type", "text/csv"}}));
}

TEST(ForwardedHeaders, leave_behind_what_software_adds_by_itself) {
  for (const char* name : {"Cookie",
                           "COOKIE",
                           "Cookie2",
                           "X-Forwarded-For",
                           "x_forwarded_proto",
                           "X-Forwarded",
                           "X-Real-Ip",
                           "X-Original-URL",
                           "X-Rewrite-Url",
                           "X-Original-Forwarded-For",
                           "Via",
                           "Forwarded",
                           "X-Scheme",
                           "X-Client-IP",
                           "True-Client-IP",
                           "CF-Ray",
                           "CF-Connecting-IP",
                           "CDN-Loop",
                           "X-Envoy-Attempt-Count",
                           "X-Azure-Ref",
                           "X-ARR-SSL",
                           "X-Amzn-Trace-Id",
                           "X-Cloud-Trace-Context",
                           "traceparent",
                           "tracestate",
                           "baggage",
                           "b3",
                           "X-B3-TraceId",
                           "X_B3_SpanId",
                           "uber-trace-id",
                           "X-Datadog-Trace-Id",
                           "sentry-trace",
                           "newrelic",
                           "elastic-apm-traceparent",
                           "X-Request-Start"})
    EXPECT_TRUE(forwarded_headers({{name, "1"}}).empty()) << name;
  // A person's, or what would change the request: the latter is refused later.
  for (const char* name : {"X-Request-Id", "X-Correlation-Id", "Accept", "User-Agent", "Origin",
                           "Referer", "Prefer", "If-Match", "Cookies", "X-Cookie", "B30",
                           "Authorization", "X-HTTP-Method-Override", "x_trace_id"})
    EXPECT_EQ(forwarded_headers({{name, "1"}}).size(), 1U) << name;
}

TEST(ForwardedHeaders, of_answers_lose_what_their_connection_names_but_not_their_length) {
  Headers headers = {{"connection", "close, x-hop, content-length"},
                     {"x-hop", "1"},
                     {"keep-alive", "x"},
                     {"transfer-encoding", "chunked"},
                     {"content-length", "3"},
                     {"penstock-answer", "engine"},
                     {"penstock-request-id", "x"},
                     {"penstock-anything", "x"},
                     {"set-cookie", "a"},
                     {"set-cookie", "b"}};
  drop_hop_by_hop(headers);
  EXPECT_EQ(headers, (Headers{{"content-length", "3"}, {"set-cookie", "a"}, {"set-cookie", "b"}}));
}

TEST(ForwardedHeaders, of_trailers_keep_what_describes_neither_message_nor_credentials) {
  EXPECT_EQ(forwarded_trailers({{"x-checksum", "1"},
                                {"content-length", "0"},
                                {"transfer-encoding", "chunked"},
                                {"set-cookie", "a"},
                                {"penstock-answer", "engine"},
                                {"www-authenticate", "Basic"},
                                {"server-timing", "db;dur=5"}}),
            (Headers{{"x-checksum", "1"}, {"server-timing", "db;dur=5"}}));
}

}  // namespace
}  // namespace penstock::policy
