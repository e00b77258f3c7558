#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>

namespace penstock {

/// What the number in a vendor's own header is; `any`: from 1,000,000,000 on a Unix time, below it
/// seconds.
enum class WaitForm : std::uint8_t { any, seconds, unix_seconds };

/// How long an answer asks its caller to wait, in ms: `own_header` where it is not empty, else
/// Retry-After as seconds or as a date (RFC 9110 section 10.2.3), else X-RateLimit-Reset as seconds
/// or as a time. `headers` have names in lower case. Only 429 and 503 ask. 0: it does not; a day at
/// most.
std::int64_t retry_after_ms(int status, const std::vector<Field>& headers,
                            std::string_view own_header, std::int64_t now_ms,
                            WaitForm own_form = WaitForm::any);

/// The Date header (RFC 9110 section 6.6.1) as Unix time; none where it is absent or no date.
std::optional<std::int64_t> date_ms(const std::vector<Field>& headers);

}  // namespace penstock
