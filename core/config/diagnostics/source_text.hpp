#pragma once

#include <string_view>
#include <vector>

#include <penstock/config.hpp>

namespace penstock::config {

/// The lines of a file. Converts positions: yaml-cpp counts bytes in a line, people and editors
/// count characters. The text must outlive this object.
class SourceText {
 public:
  explicit SourceText(std::string_view text);

  /// The position of a byte; `line` and `byte` are counted from 0.
  Mark mark(int line, int byte) const;

  /// The same for a scalar, with the length of its source text; 0 if it spans several lines.
  Mark word(int line, int byte, std::string_view value) const;

  /// Whether the scalar is directly followed by a colon, so that it is a key.
  bool is_key(int line, int byte, std::string_view value) const;

  /// Line `number`, from 1, without its line break; empty if there is none.
  std::string_view line(int number) const;
  int lines() const { return static_cast<int>(starts_.size()); }

 private:
  std::string_view rest_of(int line, int byte) const;

  std::string_view text_;
  std::vector<std::size_t> starts_;         ///< of the lines
  std::vector<std::size_t> continuations_;  ///< bytes that do not start a character
};

/// The byte offset of character `column` (from 1) in a line.
std::size_t byte_of(std::string_view line, int column);

}  // namespace penstock::config
