#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::cli {

using Row = std::vector<std::string>;

constexpr std::size_t page_width = 100;

/// Columns side by side, as wide as what is in them. Where that is too wide for the page the widest
/// columns are wrapped at their spaces; a word is never split. `indent`: spaces before each line.
void print_table(std::ostream& out, const std::vector<Row>& rows, std::size_t indent = 0,
                 std::size_t width = page_width);

/// Words with one space between them.
std::string joined(const std::vector<std::string>& words);

}  // namespace penstock::cli
