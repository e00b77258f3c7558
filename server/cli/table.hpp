#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::cli {

using Row = std::vector<std::string>;

constexpr std::size_t page_width = 100;

/// Prints columns side by side, as wide as their content. If that exceeds `width`, the widest
/// columns are wrapped at their spaces; words are never split. `indent`: spaces before each line.
void print_table(std::ostream& out, const std::vector<Row>& rows, std::size_t indent = 0,
                 std::size_t width = page_width);

}  // namespace penstock::cli
