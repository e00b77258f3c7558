#pragma once

#include <ostream>
#include <string>

#include <penstock/config.hpp>

namespace penstock::cli {

/// How problems are displayed to people.
struct ProblemStyle {
  bool excerpts = false;  ///< each with its source line and a mark under the place
  bool colours = false;
  std::size_t width = 100;  ///< columns of a line before it is cut

  /// The style for a descriptor: excerpts on a terminal, colours unless NO_COLOR or TERM=dumb
  /// disables them.
  static ProblemStyle of(int descriptor);
};

/// Prints like a compiler: `file:line:column: message` for each, and how many there are.
void print_problems(const ConfigProblems& problems, const ProblemStyle& style, std::ostream& out);

/// Prints `note: file:line:column: message` for each; notes are not failures.
void print_notes(const ConfigProblems& notes, std::ostream& out);

/// UTF-8 that cannot control a terminal or change the reading order: such characters become U+FFFD.
std::string printable(std::string_view text);

}  // namespace penstock::cli
