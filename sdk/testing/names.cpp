#include <penstock/sdk/testing.hpp>
#include <penstock/text.hpp>

#include <algorithm>
#include <array>

namespace penstock::testing {

std::string find(const Values& values, std::string_view name) {
  const auto found = std::ranges::find(values, name, &Value::first);
  return found == values.end() ? std::string() : found->second;
}

std::string Built::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const Value& field) { return equal_ignoring_case(field.first, name); });
  return found == headers.end() ? std::string() : found->second;
}

std::string_view verdict_name(std::int32_t verdict) {
  constexpr std::array names = {"ok", "need_session", "fetch", "reauth", "retry", "pass"};
  const auto index = static_cast<std::size_t>(verdict);
  return verdict >= 0 && index < names.size() ? names[index] : "failed";
}

std::string_view failure_name(std::int32_t kind) {
  constexpr std::array names = {"unknown",       "internal",        "bad_option",  "bad_connection",
                                "auth_rejected", "consent_revoked", "unsupported", "vendor_fault",
                                "rate_limited",  "limit",           "bad_request"};
  const auto index = static_cast<std::size_t>(kind);
  return kind > 0 && index < names.size() ? names[index] : names[0];
}

}  // namespace penstock::testing
