#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace penstock {

// Text as the engine reads and writes it, for servers that embed it. All functions may be called on
// any thread.

/// ASCII lower case, whatever the locale.
std::string lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Percent-encodes everything but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view bytes);

/// Decodes %XX once; a `%` without two hex digits stays.
std::string percent_decode(std::string_view text);

/// RFC 6901: the pointer to member `name` of what `pointer` points to.
std::string pointer_to(std::string_view pointer, std::string_view name);

/// The name among `known` that `name` was probably meant to be, for messages; empty if none is
/// near.
std::string nearest(std::string_view name, std::span<const std::string> known);

/// `; did you mean "tool"?`, or nothing.
std::string did_you_mean(std::string_view name, std::span<const std::string> known);
/// The same where the nearest name is known already; empty: nothing.
std::string did_you_mean(std::string_view near);

std::string base64_encode(std::string_view bytes);

/// RFC 4648 section 4, with padding; none for anything else.
std::optional<std::string> base64_decode(std::string_view text);

/// `2026-11-25T07:04:55Z`: RFC 3339, to the second.
std::string rfc_3339(std::int64_t unix_ms);

/// `an object`, `a string`, `null`: a kind of JSON value, in a sentence.
std::string with_article(std::string_view kind);

/// "1 plugin", "2 plugins": a number with its noun, whose plural takes an s.
inline std::string counted(std::uint64_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace penstock
