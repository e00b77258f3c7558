#include "policy/forwarded_headers.hpp"

#include <algorithm>
#include <array>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "policy/header_rules.hpp"

namespace penstock::policy {
namespace {

constexpr std::array of_this_hop = {"host", "content-length", "expect", "http2-settings"};
constexpr std::string_view hop_prefix = "proxy-";

constexpr std::array never_in_trailers = {"age",
                                          "authorization",
                                          "cache-control",
                                          "content-encoding",
                                          "content-length",
                                          "content-range",
                                          "content-type",
                                          "date",
                                          "expires",
                                          "host",
                                          "location",
                                          "max-forwards",
                                          "pragma",
                                          "proxy-authenticate",
                                          "range",
                                          "retry-after",
                                          "set-cookie",
                                          "te",
                                          "trailer",
                                          "transfer-encoding",
                                          "vary",
                                          "www-authenticate",
                                          "connection",
                                          "upgrade"};

/// Callers rely on Penstock-* headers to tell the engine's statements from the vendor's, so a
/// vendor cannot set them.
bool is_penstock_header(std::string_view lower_name) { return lower_name.starts_with("penstock-"); }

bool listed(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// The options of all Connection fields, in lower case.
std::vector<std::string> connection_options(const Headers& headers) {
  std::vector<std::string> options = headers.list("connection");
  for (std::string& option : options)
    option = lower(option);
  return options;
}

}  // namespace

Headers forwarded_headers(const Headers& headers) {
  const std::vector<std::string> named = connection_options(headers);
  Headers out;
  for (const Field& field : headers) {
    const std::string name = lower(field.name);
    const bool stays = is_hop_by_hop(name) || listed(of_this_hop, name) || listed(named, name) ||
                       name.starts_with(hop_prefix) || intermediary_header(name).has_value();
    if (!stays) out.add(field.name, field.value);
  }
  return out;
}

Headers forwarded_trailers(Headers trailers) {
  trailers.erase_if([](const Field& field) {
    return listed(never_in_trailers, field.name) || is_penstock_header(field.name);
  });
  return trailers;
}

void drop_hop_by_hop(Headers& headers) {
  const std::vector<std::string> named = connection_options(headers);
  headers.erase_if([&](const Field& field) {
    // Content-Length stays even if Connection names it: the recipient of the response needs it.
    return is_hop_by_hop(field.name) || is_penstock_header(field.name) ||
           (field.name != "content-length" && listed(named, field.name));
  });
}

}  // namespace penstock::policy
