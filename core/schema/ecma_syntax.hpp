#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <penstock/result.hpp>

namespace penstock::schema {

/// RE2's limit for a count, and for the product of nested counts.
constexpr std::size_t max_repeat = 1000;

/// Translates an ECMA 262 pattern into RE2's syntax: the two differ in `^`, `$`, `.`, `\s`, `[]`,
/// `[^]` and `\uHHHH`. The error says what is not supported, and at which character.
Result<std::string, std::string> to_re2_syntax(std::string_view pattern);

}  // namespace penstock::schema
