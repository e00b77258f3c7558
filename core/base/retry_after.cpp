#include "base/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include <curl/curl.h>

namespace penstock {
namespace {

constexpr std::int64_t max_wait_ms = 86'400'000;
constexpr std::int64_t a_time = 1'000'000'000;  ///< numbers from here on are Unix times, not delays

/// Converts seconds, a Unix time or an HTTP date to milliseconds from now; none for any other text.
std::optional<std::int64_t> wait_in(std::string_view text, std::int64_t now_ms, WaitForm form) {
  if (text.empty()) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && (end == text.data() + text.size() || *end == '.')) {
    if (number < 0 || number > 4 * a_time) return std::nullopt;
    const bool is_time = form == WaitForm::any ? number >= a_time : form == WaitForm::unix_seconds;
    return is_time ? number * 1000 - now_ms : number * 1000;
  }
  const std::int64_t date = curl_getdate(std::string(text).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return date * 1000 - now_ms;
}

}  // namespace

std::int64_t retry_after_ms(int status, const Headers& headers, std::string_view own_header,
                            std::int64_t now_ms, WaitForm own_form) {
  if (status != 429 && status != 503) return 0;
  for (const std::string_view name :
       {own_header, std::string_view("retry-after"), std::string_view("x-ratelimit-reset"),
        std::string_view("ratelimit-reset")}) {
    const WaitForm form = name == own_header ? own_form : WaitForm::any;
    if (const auto wait = wait_in(headers.get(name).value_or(""), now_ms, form))
      return std::clamp<std::int64_t>(*wait, 0, max_wait_ms);
  }
  return 0;
}

std::optional<std::int64_t> date_ms(const Headers& headers) {
  const std::string_view text = headers.get("date").value_or("");
  if (text.empty()) return std::nullopt;
  const std::int64_t date = curl_getdate(std::string(text).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return date * 1000;
}

}  // namespace penstock
