#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>

namespace penstock::schema {

/// A regular expression matched in time linear in the text, whatever the pattern: an automaton, no
/// backtracking. ECMA 262 syntax without look-around, back references, word boundaries and Unicode
/// properties. [any-thread]
class Pattern {
 public:
  /// The error says what is not understood, and where. A pattern over 2,000 steps is refused.
  static Result<Pattern, std::string> compile(std::string_view pattern);

  /// Whether the pattern occurs anywhere in `utf8`; anchors are its own. Bytes that are no UTF-8
  /// count as U+FFFD.
  bool search(std::string_view utf8) const;

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

  std::string text_;
  std::vector<Step> steps_;
  std::vector<Range> ranges_;
};

}  // namespace penstock::schema
