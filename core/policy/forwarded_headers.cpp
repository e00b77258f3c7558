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
std::vector<std::string> connection_options(const std::vector<Field>& headers) {
  std::vector<std::string> out;
  for (const Field& field : headers) {
    if (!equal_ignoring_case(field.name, "connection")) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      std::string_view option = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(option.size() + 1, rest.size()));
      while (option.starts_with(' ') || option.starts_with('\t'))
        option.remove_prefix(1);
      while (option.ends_with(' ') || option.ends_with('\t'))
        option.remove_suffix(1);
      if (!option.empty()) out.push_back(lower(option));
    }
  }
  return out;
}

}  // namespace

std::vector<Field> forwarded_headers(const std::vector<Field>& headers) {
  const std::vector<std::string> named = connection_options(headers);
  std::vector<Field> out;
  for (const Field& field : headers) {
    const std::string name = lower(field.name);
    const bool stays = is_hop_by_hop(name) || listed(of_this_hop, name) || listed(named, name) ||
                       name.starts_with(hop_prefix) || intermediary_header(name).has_value();
    if (!stays) out.push_back(field);
  }
  return out;
}

std::vector<Field> forwarded_trailers(std::vector<Field> trailers) {
  std::erase_if(trailers, [](const Field& field) {
    return listed(never_in_trailers, field.name) || is_penstock_header(field.name);
  });
  return trailers;
}

void drop_hop_by_hop(std::vector<Field>& headers) {
  const std::vector<std::string> named = connection_options(headers);
  std::erase_if(headers, [&](const Field& field) {
    // Content-Length stays even if Connection names it: the recipient of the response needs it.
    return is_hop_by_hop(field.name) || is_penstock_header(field.name) ||
           (field.name != "content-length" && listed(named, field.name));
  });
}

}  // namespace penstock::policy
