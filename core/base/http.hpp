#pragma once

#include <string_view>

namespace penstock {

/// RFC 9110 section 5.6.2: a method or a field name.
bool is_token(std::string_view text) noexcept;

/// RFC 9110 section 5.5: visible characters, spaces and tabs inside, bytes above 127; no CR, LF,
/// NUL, no edge spaces.
bool is_field_value(std::string_view text) noexcept;

/// `type/subtype`, with parameters if any (RFC 9110 section 8.3.1).
bool is_media_type(std::string_view text) noexcept;

}  // namespace penstock
