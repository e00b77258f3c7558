#include <algorithm>
#include <array>
#include <utility>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "catalog/manifest_parts.hpp"

namespace penstock::catalog {
namespace {

ClassifyRule read_rule(JsonReader& reader) {
  constexpr std::array<std::pair<std::string_view, ResponseKind>, 4> kinds = {{
      {"session_expired", ResponseKind::session_expired},
      {"auth_rejected", ResponseKind::auth_rejected},
      {"rate_limited", ResponseKind::rate_limited},
      {"vendor_fault", ResponseKind::vendor_fault},
  }};
  ClassifyRule rule;
  read_status(reader, rule.status_from, rule.status_to);
  rule.body_contains = reader.text("body_contains");
  rule.before_processing = reader.boolean("before_processing", false);
  const std::string kind = reader.text("kind", true);
  const auto known = std::ranges::find(kinds, kind, [](const auto& entry) { return entry.first; });
  if (known != kinds.end()) {
    rule.kind = known->second;
  } else {
    reader.problem("kind",
                   "must be one of session_expired, auth_rejected, rate_limited, vendor_fault");
  }
  reader.refuse_unknown_members();
  return rule;
}

/// A status or another number that is written as one.
std::optional<int> small_integer(const JsonValue& value) {
  const auto number = value.integer();
  if (!number || !std::in_range<int>(*number)) return std::nullopt;
  return static_cast<int>(*number);
}

}  // namespace

void read_status(JsonReader& reader, int& from, int& to) {
  const JsonValue* status = reader.any("status");
  if (status == nullptr) return;
  const bool is_pair = status->is_array() && status->items.size() == 2;
  const auto first = small_integer(is_pair ? status->items[0] : *status);
  const auto last = is_pair ? small_integer(status->items[1]) : first;
  if (!first || !last) return reader.problem("status", "must be a status or a pair [from, to]");
  from = *first;
  to = *last;
  if (from < 100 || to > 599 || from > to) reader.problem("status", "must be within 100 to 599");
}

std::vector<ClassifyRule> read_classify(JsonReader& reader) {
  std::vector<ClassifyRule> out;
  for (JsonReader& rule : reader.items("classify"))
    out.push_back(read_rule(rule));
  return out;
}

std::optional<InspectWindow> read_inspect(JsonReader& reader) {
  std::optional<JsonReader> inspect = reader.nested("inspect");
  if (!inspect) return std::nullopt;
  InspectWindow window;
  read_status(*inspect, window.status_from, window.status_to);
  window.max_bytes = static_cast<std::size_t>(inspect->integer("max_bytes", 65536, 1, 1 << 20));
  inspect->refuse_unknown_members();
  return window;
}

void read_retry_after(JsonReader& reader, Api& api) {
  std::optional<JsonReader> retry = reader.nested("retry_after");
  if (!retry) return;
  api.retry_after_header = lower(retry->text("header", true));
  if (!is_token(api.retry_after_header)) retry->problem("header", "is not a header name");
  const std::string as = retry->text("as");
  if (retry->has("as") && as != "seconds" && as != "unix_seconds")
    retry->problem("as", "must be seconds or unix_seconds");
  if (as == "seconds") api.retry_after_form = WaitForm::seconds;
  if (as == "unix_seconds") api.retry_after_form = WaitForm::unix_seconds;
  retry->refuse_unknown_members();
}

}  // namespace penstock::catalog
