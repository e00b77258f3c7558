#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <penstock/headers.hpp>
#include <penstock/text.hpp>

namespace penstock {

// Terms of the HTTP specification. All functions are [any-thread].

/// RFC 9110 section 5.6.2: the syntax of methods and field names.
bool is_token(std::string_view text) noexcept;

/// RFC 9110 section 5.5: visible characters, bytes above 127, and inner spaces and tabs. No CR, LF
/// or NUL; no leading or trailing space.
bool is_field_value(std::string_view text) noexcept;

/// Calls `use` with each member of a comma-separated list, trimmed; empty members are skipped (RFC
/// 9110 section 5.6.1). The members must not be quoted strings, which may contain commas.
template <class Use>
void for_each_list_member(std::string_view list, Use use) {
  while (!list.empty()) {
    const std::string_view member = list.substr(0, list.find(','));
    list.remove_prefix(member.size() < list.size() ? member.size() + 1 : member.size());
    if (const std::string_view text = trimmed(member); !text.empty()) use(text);
  }
}

/// Whether such a list has `member`, ignoring case.
bool list_has_member(std::string_view list, std::string_view member) noexcept;

/// `type/subtype`, with parameters if any (RFC 9110 section 8.3.1).
bool is_media_type(std::string_view text) noexcept;

/// Returns the parameters of a media type with names in lower case and quotes and escapes removed
/// (RFC 9110 section 5.6.6); none if they are malformed. Spaces around `=`, which the RFC forbids,
/// are ignored.
std::optional<std::vector<Field>> media_type_parameters(std::string_view text);

/// Recognizes request headers that intermediaries and client software add automatically: cookies
/// from a cookie jar, and what load balancers, proxies, CDNs and tracing systems report about the
/// caller. They describe the caller's side only, so a transparent proxy drops them instead of
/// rejecting the request.
///
/// Returns the index of the matching rule; none for an ordinary header. Matching ignores case and
/// treats `_` as `-`.
std::optional<std::size_t> intermediary_header(std::string_view name);

/// The number of rules of intermediary_header().
std::size_t intermediary_header_rules() noexcept;

}  // namespace penstock
