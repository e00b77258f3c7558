#include "penstock/http.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <penstock/text.hpp>

namespace penstock {
namespace {

/// Names in lower case; a trailing `*` makes the name a prefix.
constexpr std::array<std::string_view, 55> rules = {
    "cookie", "cookie2",
    // Proxies and load balancers: RFC 7239, nginx, HAProxy, Apache, Traefik, IIS, Kong.
    "forwarded", "via", "x-forwarded*", "x-real-ip", "x-real-port", "x-client-ip",
    "x-cluster-client-ip", "x-original-url", "x-original-host", "x-original-method",
    "x-original-uri", "x-original-to", "x-original-forwarded-for", "x-rewrite-url", "x-scheme",
    "x-proxyuser-ip", "x-proxied-*", "x-forwarder-*", "front-end-https", "client-ip",
    "true-client-ip", "x-request-start", "x-queue-start", "x-arr-*", "x-appgw-trace-id",
    // Clouds and CDNs.
    "cf-*", "cdn-loop", "fastly-*", "x-azure-*", "x-fd-*", "x-goog-iap-*", "x-envoy-*",
    "x-akamai-*", "fly-*", "x-vercel-*",
    // Tracing: W3C Trace Context and Baggage, Zipkin, AWS X-Ray, Google, Datadog, Jaeger, Sentry,
    // New Relic, Elastic, Instana, Dynatrace.
    "traceparent", "tracestate", "baggage", "b3", "x-b3-*", "x-amzn-trace-id",
    "x-cloud-trace-context", "grpc-trace-bin", "x-datadog-*", "uber-trace-id", "uberctx-*",
    "sentry-trace", "newrelic", "x-newrelic-*", "elastic-apm-traceparent", "x-instana-*",
    "x-dynatrace*", "x-ot-span-context"};

}  // namespace

std::optional<std::size_t> intermediary_header(std::string_view name) {
  std::string folded = lower(name);
  std::ranges::replace(folded, '_', '-');
  const auto found = std::ranges::find_if(rules, [&](std::string_view rule) {
    if (!rule.ends_with('*')) return folded == rule;
    rule.remove_suffix(1);
    return folded.starts_with(rule);
  });
  if (found == rules.end()) return std::nullopt;
  return static_cast<std::size_t>(found - rules.begin());
}

std::size_t intermediary_header_rules() noexcept { return rules.size(); }

}  // namespace penstock
