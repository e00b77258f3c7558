#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <penstock/sdk/text.hpp>

namespace penstock::sdk {

/// "2026-11-23T17:04:05Z": ISO 8601 in UTC, without <ctime>, which reads the environment. The years
/// are 0000 to 9999; a time outside that range gives the nearest time inside.
inline std::string iso8601(std::int64_t unix_ms) {
  constexpr std::int64_t first = -62'167'219'200, last = 253'402'300'799;
  std::int64_t seconds = unix_ms / 1000 - (unix_ms % 1000 < 0 ? 1 : 0);
  seconds = seconds < first ? first : seconds > last ? last : seconds;
  std::int64_t days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
  seconds -= days * 86400;
  // Converts a day count to a civil date, using eras of 400 years that begin on 1 March of year 0,
  // so that a leap day is the last day of its year.
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);

  const auto digits = [](std::int64_t value, std::size_t width) {
    std::string out(width, '0');
    for (std::size_t i = width; i-- > 0; value /= 10)
      out[i] = static_cast<char>('0' + value % 10);
    return out;
  };
  return concat(digits(year, 4), "-", digits(month, 2), "-", digits(day, 2), "T",
                digits(seconds / 3600, 2), ":", digits(seconds / 60 % 60, 2), ":",
                digits(seconds % 60, 2), "Z");
}

}  // namespace penstock::sdk
