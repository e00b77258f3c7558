#pragma once

#include <cstddef>
#include <string_view>

namespace penstock::catalog {

/// A place in a text. Line and column count from 1, columns in characters; 0: unknown.
struct Position {
  int line = 0, column = 0;
};

Position position_at(std::string_view text, std::size_t offset);

/// Where the value that an RFC 6901 pointer names begins in a JSON text; if it does not exist,
/// where the innermost existing value on the way to it begins. `json` must be well-formed. Of
/// members with the same name, the first counts.
Position position_of(std::string_view json, std::string_view pointer);

}  // namespace penstock::catalog
