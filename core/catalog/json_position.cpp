#include "catalog/json_position.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include <penstock/text.hpp>
#include <penstock/utf8.hpp>

namespace penstock::catalog {
namespace {

/// Descends into a well-formed JSON text. In a malformed one it stops at the end.
class Locator {
 public:
  explicit Locator(std::string_view json) : json_(json) { skip_space(); }

  std::size_t offset() const { return at_; }

  /// Moves from a value to its member or element. False: there is none, and the position is
  /// unchanged.
  bool enter(std::string_view token) {
    const std::size_t start = at_;
    const bool found = peek() == '{' ? enter_member(token) : peek() == '[' && enter_element(token);
    if (!found) at_ = start;
    return found;
  }

 private:
  char peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }

  void skip_space() {
    while (at_ < json_.size() && std::string_view(" \t\r\n").find(json_[at_]) != std::string::npos)
      ++at_;
  }

  void step() {
    if (at_ < json_.size()) ++at_;
    skip_space();
  }

  /// The text between the quotes, escapes included.
  std::string_view string() {
    const std::size_t start = ++at_;
    while (at_ < json_.size() && json_[at_] != '"')
      at_ += json_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_, json_.size());
    const std::string_view text = json_.substr(start, at_ - start);
    step();
    return text;
  }

  void skip_value() {
    int depth = 0;
    do {
      const char c = peek();
      if (c == '"') {
        (void)string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (depth == 0 && c != '}' && c != ']') {  // a number or a literal
        while (at_ < json_.size() &&
               std::string_view(",]} \t\r\n").find(peek()) == std::string::npos)
          ++at_;
        skip_space();
        return;
      }
      step();
    } while (depth > 0 && at_ < json_.size());
  }

  bool enter_member(std::string_view token) {
    for (step(); peek() == '"'; step()) {
      const bool same = unescaped(string()) == token;
      step();  // the colon
      if (same) return true;
      skip_value();
      if (peek() != ',') return false;
    }
    return false;
  }

  bool enter_element(std::string_view token) {
    std::size_t wanted = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), wanted);
    if (error != std::errc() || end != token.data() + token.size()) return false;
    step();
    for (std::size_t i = 0; i < wanted; ++i) {
      skip_value();
      if (peek() != ',') return false;
      step();
    }
    return peek() != ']';
  }

  /// Drops the backslashes only, which is enough to compare names: \n, \uXXXX and the like are not
  /// decoded, and no name of a manifest needs them.
  static std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      out += text[i];
    }
    return out;
  }

  std::string_view json_;
  std::size_t at_ = 0;
};

}  // namespace

Position position_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<int>(std::ranges::count(before, '\n')) + 1,
          static_cast<int>(utf8_count(before.substr(line_start))) + 1};
}

Position position_of(std::string_view json, std::string_view pointer) {
  Locator locator(json);
  while (pointer.starts_with('/') && locator.enter(take_token(pointer))) {
  }
  return position_at(json, locator.offset());
}

}  // namespace penstock::catalog
