#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>

namespace penstock::schema {

/// A regular expression matched in time linear in the text, whatever the pattern: no backtracking.
/// A table with a state for each set of steps where that is small, the steps themselves otherwise.
/// ECMA 262 syntax without look-around, back references, word boundaries and Unicode properties.
/// [any-thread]
class Pattern {
 public:
  /// The error says what is not understood, and where. A pattern over 2,000 steps is refused.
  static Result<Pattern, std::string> compile(std::string_view pattern);

  /// Whether the pattern occurs anywhere in `utf8`; anchors are its own. Bytes that are no UTF-8
  /// count as U+FFFD.
  bool search(std::string_view utf8) const;

  /// The same without the table: slower, for the test that both agree.
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
                  second = 0;  ///< where to go on; of one_of: begin and end of its ranges
  };

  class Threads;
  class TableMaker;
  void make_table();

  /// The automaton made deterministic: a code point's class and the present state give the next
  /// one.
  struct Table {
    static constexpr std::uint16_t dead = 0, found = 1;  ///< no way on; nothing more to look at

    std::uint16_t start = dead;
    std::array<std::uint8_t, 128> ascii_classes{};
    std::vector<char32_t> borders;     ///< the first code point of each class but the first
    std::vector<std::uint16_t> moves;  ///< classes() for each state
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
