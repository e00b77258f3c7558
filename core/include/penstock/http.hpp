#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>

namespace penstock {

// HTTP's own terms. All functions may be called on any thread.

/// RFC 9110 section 5.6.2: a method or a field name.
bool is_token(std::string_view text) noexcept;

/// RFC 9110 section 5.5: visible characters, spaces and tabs inside, bytes above 127; no CR, LF,
/// NUL, no edge spaces.
bool is_field_value(std::string_view text) noexcept;

/// `type/subtype`, with parameters if any (RFC 9110 section 8.3.1).
bool is_media_type(std::string_view text) noexcept;

/// The parameters behind a media type, their names in lower case, quotes and escapes taken off
/// (RFC 9110 section 5.6.6); none where they are malformed. Blanks round `=`, which are not
/// allowed, are passed over.
std::optional<std::vector<Field>> media_type_parameters(std::string_view text);

/// Request headers that software adds by itself on a request's way, and no person writes: cookies
/// of a client's cookie jar, and what balancers, proxies, content networks and tracers say of the
/// caller. They are about the caller's own side, so a transparent proxy leaves them behind rather
/// than refuse the request.
///
/// Gives the index of the rule that `name` falls under, in any case and with `_` read as `-`; none
/// where it is an ordinary header.
std::optional<std::size_t> intermediary_header(std::string_view name);

/// How many rules there are.
std::size_t intermediary_header_rules() noexcept;

}  // namespace penstock
