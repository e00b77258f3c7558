#include "policy/header_rules.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

namespace penstock::policy {
namespace {

constexpr std::size_t max_headers = 100;
constexpr std::size_t max_value = 8192;

struct Forbidden {
  std::string_view name;
  std::string_view why;
};

constexpr std::string_view framing = "is set by the engine";
constexpr std::string_view routing = "would describe a request other than the one that is sent";
constexpr std::string_view credential = "is a credential; the engine adds the connection's own";

constexpr std::array forbidden = {
    Forbidden{"host", framing},
    Forbidden{"content-length", framing},
    Forbidden{"transfer-encoding", framing},
    Forbidden{"connection", framing},
    Forbidden{"keep-alive", framing},
    Forbidden{"te", framing},
    Forbidden{"trailer", framing},
    Forbidden{"upgrade", framing},
    Forbidden{"expect", framing},
    Forbidden{"http2-settings", framing},
    Forbidden{"authorization", credential},
    Forbidden{"cookie", credential},
    Forbidden{"forwarded", routing},
    Forbidden{"via", routing},
    Forbidden{"x-real-ip", routing},
    Forbidden{"x-http-method", routing},
    Forbidden{"x-http-method-override", routing},
    Forbidden{"x-method-override", routing},
    Forbidden{"x-original-url", routing},
    Forbidden{"x-rewrite-url", routing},
};
constexpr std::array forbidden_prefixes = {Forbidden{"proxy-", framing},
                                           Forbidden{"x-forwarded-", routing}};

/// Fields that a message may have only once (RFC 9110 section 5.3): given two, readers differ in
/// which one they use.
constexpr std::array singletons = {"content-disposition",
                                   "content-location",
                                   "content-range",
                                   "content-type",
                                   "date",
                                   "from",
                                   "idempotency-key",
                                   "if-modified-since",
                                   "if-range",
                                   "if-unmodified-since",
                                   "max-forwards",
                                   "origin",
                                   "range",
                                   "referer",
                                   "soapaction",
                                   "user-agent"};

std::string folded(std::string_view name) {
  std::string out = lower(name);
  std::ranges::replace(out, '_', '-');
  return out;
}

std::string_view refusal(std::string_view name, const std::vector<std::string>& owned) {
  const auto listed = std::ranges::find(forbidden, name, &Forbidden::name);
  if (listed != forbidden.end()) return listed->why;
  for (const Forbidden& prefix : forbidden_prefixes) {
    if (name.starts_with(prefix.name)) return prefix.why;
  }
  return std::ranges::find(owned, name) != owned.end() ? "is set by the plugin of this API"
                                                       : std::string_view();
}

}  // namespace

void check_headers(const Headers& headers, const std::vector<std::string>& owned,
                   std::vector<Problem>& problems) {
  if (headers.size() > max_headers) problems.push_back({"/headers", "has more than 100 headers"});
  std::set<std::string> seen;
  for (const Field& field : headers) {
    if (!is_token(field.name)) {
      problems.push_back(
          {pointer_to("/headers", field.name), "is not a header name (RFC 9110: a token)"});
      continue;
    }
    if (!is_field_value(field.value)) {
      problems.push_back({pointer_to("/headers", field.name),
                          "has a control character, or a space at its start or end"});
    } else if (field.value.size() > max_value) {
      problems.push_back({pointer_to("/headers", field.name), "is longer than 8192 bytes"});
    }
    const std::string name = folded(field.name);
    const std::string_view why = refusal(name, owned);
    if (!why.empty()) {
      problems.push_back({pointer_to("/headers", field.name), std::string(why)});
    } else if (!seen.insert(name).second &&
               std::ranges::find(singletons, name) != singletons.end()) {
      problems.push_back({pointer_to("/headers", field.name),
                          "is given more than once, but a message can have only one"});
    }
  }
}

bool is_hop_by_hop(std::string_view name) {
  constexpr std::array names = {"connection", "keep-alive",        "proxy-connection", "te",
                                "trailer",    "transfer-encoding", "upgrade"};
  return std::ranges::find(names, name) != names.end();
}

}  // namespace penstock::policy
