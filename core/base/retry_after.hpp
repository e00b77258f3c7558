#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <penstock/headers.hpp>

namespace penstock {

/// The meaning of the number in a vendor-specific header. `any`: a Unix time if it is at least
/// 1,000,000,000, else seconds.
enum class WaitForm : std::uint8_t { any, seconds, unix_seconds };

/// The retry-after of a response, in ms, at most one day; 0: none. Only 429 and 503 have one. Uses
/// `own_header` if it is not empty, else Retry-After in seconds or as a date (RFC 9110 section
/// 10.2.3), else X-RateLimit-Reset or RateLimit-Reset in seconds or as a time.
std::int64_t retry_after_ms(int status, const Headers& headers, std::string_view own_header,
                            std::int64_t now_ms, WaitForm own_form = WaitForm::any);

/// The Date header (RFC 9110 section 6.6.1) as Unix time in ms; none if it is absent or invalid.
std::optional<std::int64_t> date_ms(const Headers& headers);

}  // namespace penstock
