#pragma once

#include <ostream>
#include <string>

#include <penstock/config.hpp>

namespace penstock::cli {

/// How problems are shown to people.
struct ProblemStyle {
  bool excerpts = false;  ///< each with its line and a mark under the place
  bool colours = false;
  std::size_t width = 100;  ///< columns of a line before it is cut

  /// For a descriptor: excerpts on a terminal, colours unless NO_COLOR or TERM=dumb forbid them.
  static ProblemStyle of(int descriptor);
};

/// As a compiler does: `file:line:column: message` for each, and how many there are.
void print_problems(const ConfigProblems& problems, const ProblemStyle& style, std::ostream& out);

/// `note: file:line:column: message` for each; they fail nothing.
void print_notes(const ConfigProblems& notes, std::ostream& out);

/// UTF-8 that cannot steer a terminal or pretend another order: what could is U+FFFD instead.
std::string printable(std::string_view text);

}  // namespace penstock::cli
