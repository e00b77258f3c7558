#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>

namespace penstock::schema {

/// A regular expression that is matched in time linear in the text, for any pattern: no
/// backtracking. Uses a table with one state per set of steps if that table is small, else the
/// steps themselves. Supports ECMA 262 syntax without look-around, back references, word boundaries
/// and Unicode properties. [any-thread]
class Pattern {
 public:
  /// The error says what is not supported, and where. A pattern of more than 2,000 steps is
  /// rejected.
  static Result<Pattern, std::string> compile(std::string_view pattern);

  /// Whether the pattern occurs anywhere in `utf8`; use anchors to match the whole text. Invalid
  /// UTF-8 bytes count as U+FFFD.
  bool search(std::string_view utf8) const;

  /// The same without the table. Slower; for the test that compares both.
  bool search_by_steps(std::string_view utf8) const;

  const std::string& text() const { return text_; }

 private:
  friend class PatternParser;

  struct Range {
    char32_t from, to;
  };
  enum class Op : std::uint8_t { one_of, split, jump, at_start, at_end, match };
  struct Step {
    Op op = Op::match;
    std::uint32_t first = 0,
                  second = 0;  ///< next steps; for one_of: begin and end of its ranges
  };

  class Threads;
  class TableMaker;
  void make_table();

  /// The automaton as a deterministic one: the class of a code point and the current state give the
  /// next state.
  struct Table {
    /// dead: no match is possible; found: a match was found.
    static constexpr std::uint16_t dead = 0, found = 1;

    std::uint16_t start = dead;
    std::array<std::uint8_t, 128> ascii_classes{};
    std::vector<char32_t> borders;  ///< the first code point of each class except the first class
    std::vector<std::uint16_t> moves;  ///< classes() entries per state
    std::vector<bool> accepts_at_end;

    std::size_t classes() const { return borders.size() + 1; }
    std::size_t class_of(char32_t point) const;
    bool search(std::string_view text) const;
  };

  std::string text_;
  std::vector<Step> steps_;
  std::vector<Range> ranges_;
  std::optional<Table> table_;
};

}  // namespace penstock::schema
