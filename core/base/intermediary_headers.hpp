#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace penstock {

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
