#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace penstock {

// Text functions shared with servers that embed the engine. All functions are [any-thread].

/// Converts ASCII letters to lower case, independent of the locale.
std::string lower(std::string_view text);
/// Ignores the case of ASCII letters only.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Percent-encodes everything except RFC 3986's unreserved characters.
std::string percent_encode(std::string_view bytes);

/// Decodes each %XX once; a `%` without two hex digits is kept.
std::string percent_decode(std::string_view text);

/// RFC 6901: appends member `name` to `pointer`.
std::string pointer_to(std::string_view pointer, std::string_view name);

/// RFC 6901: removes the first reference token from `pointer`, which starts with `/`, and returns
/// it unescaped.
std::string take_token(std::string_view& pointer);

/// Returns the entry of `known` closest to `name`, for messages; empty if none is close.
std::string nearest(std::string_view name, std::span<const std::string> known);

/// Returns `; did you mean "tool"?`, or an empty string.
std::string did_you_mean(std::string_view name, std::span<const std::string> known);
/// The same for a known closest name; empty if `near` is empty.
std::string did_you_mean(std::string_view near);

/// RFC 4648 section 4, with padding.
std::string base64_encode(std::string_view bytes);

/// RFC 4648 section 4, with padding; none for any other input.
std::optional<std::string> base64_decode(std::string_view text);

/// RFC 3339 with seconds: `2026-11-25T07:04:55Z`.
std::string rfc_3339(std::int64_t unix_ms);

/// The same with milliseconds: `2026-11-25T07:04:55.128Z`.
std::string rfc_3339_with_ms(std::int64_t unix_ms);

/// Without the characters of `blanks` at both ends.
std::string_view trimmed(std::string_view text, std::string_view blanks = " \t") noexcept;

/// All words with `separator` between them.
std::string joined(std::span<const std::string> words, std::string_view separator = ", ");

/// Adds the article to a JSON type for a sentence: `an object`, `a string`, `null`.
std::string with_article(std::string_view kind);

/// A number and its noun: "1 plugin", "2 plugins". The plural is formed with s.
inline std::string quantity(std::uint64_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace penstock
