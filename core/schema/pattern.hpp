#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <penstock/result.hpp>

namespace re2 {
class RE2;
}

namespace penstock::schema {

/// A regular expression in ECMA 262 syntax without look-around, back references, word boundaries
/// and Unicode properties. RE2 matches it in time linear in the text, for any pattern. Copies share
/// the compiled expression. [any-thread]
class Pattern {
 public:
  /// The error says what is not supported, and where. A pattern that needs more than 1 MiB or
  /// repeats a part more than 1,000 times is rejected.
  static Result<Pattern, std::string> compile(std::string_view pattern);

  /// Whether the pattern occurs anywhere in `utf8`; use anchors to match the whole text. Malformed
  /// bytes match nothing, not even `.` or a negated class.
  bool search(std::string_view utf8) const;

  const std::string& text() const { return text_; }

 private:
  Pattern(std::string_view text, std::shared_ptr<const re2::RE2> expression)
      : text_(text), expression_(std::move(expression)) {}

  std::string text_;
  std::shared_ptr<const re2::RE2> expression_;
};

}  // namespace penstock::schema
