#include "cli/table.hpp"

#include <algorithm>
#include <numeric>

#include <penstock/utf8.hpp>

namespace penstock::cli {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest_last = 40;  ///< a longer word of the last column overflows

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (!word.empty()) out.push_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return out;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  if (utf8_count(text) <= width) return {std::string(text)};
  std::vector<std::string> lines;
  for (const std::string_view word : words_of(text)) {
    if (lines.empty() || utf8_count(lines.back()) + 1 + utf8_count(word) > width) {
      lines.emplace_back(word);
    } else {
      lines.back().append(" ").append(word);
    }
  }
  return lines;
}

std::vector<std::size_t> column_widths(const std::vector<Row>& rows, std::size_t space) {
  std::vector<std::size_t> widths, least;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    least.resize(widths.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], utf8_count(row[i]));
      for (const std::string_view word : words_of(row[i]))
        least[i] = std::max(least[i], utf8_count(word));
    }
  }
  if (widths.empty()) return widths;
  least.back() = std::min(least.back(), narrowest_last);
  std::size_t total = std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
  for (; total > space; --total) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] > least[i] && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
  }
  return widths;
}

}  // namespace

void print_table(std::ostream& out, const std::vector<Row>& rows, std::size_t indent,
                 std::size_t width) {
  const std::vector<std::size_t> widths = column_widths(rows, width - indent);
  for (const Row& row : rows) {
    std::vector<std::vector<std::string>> cells;
    std::size_t height = 1;
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells.push_back(wrapped(row[i], widths[i]));
      height = std::max(height, cells.back().size());
    }
    for (std::size_t line = 0; line < height; ++line) {
      std::string text;
      std::size_t column = 0;  // where the next cell begins
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::size_t at = utf8_count(text);
        if (line < cells[i].size() && !cells[i][line].empty()) {
          text.append(column > at ? column - at : 0, ' ').append(cells[i][line]);
        }
        column += widths[i] + gap;
      }
      out << std::string(text.empty() ? 0 : indent, ' ') << text << '\n';
    }
  }
}

}  // namespace penstock::cli
