#pragma once

#include <cstddef>
#include <string_view>

namespace penstock::catalog {

/// A place in a text; both count from 1, columns in characters. 0: unknown.
struct Position {
  int line = 0, column = 0;
};

Position position_at(std::string_view text, std::size_t offset);

/// Where the value that an RFC 6901 pointer names begins in a JSON text, or, where there is none,
/// the innermost value on the way to it. `json` is well-formed; of members of one name the first
/// counts.
Position position_of(std::string_view json, std::string_view pointer);

}  // namespace penstock::catalog
