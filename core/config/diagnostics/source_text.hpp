#pragma once

#include <string_view>
#include <vector>

#include <penstock/config.hpp>

namespace penstock::config {

/// A file's text by lines: yaml-cpp counts the bytes of a line, people and their editors its
/// characters. The text must outlive this.
class SourceText {
 public:
  explicit SourceText(std::string_view text);

  /// The place of a byte, both counted from 0.
  Mark mark(int line, int byte) const;

  /// The same for a scalar, with the length of what is written there; 0 where that goes over
  /// several lines.
  Mark word(int line, int byte, std::string_view value) const;

  /// Whether a colon stands right behind such a scalar, so that it is a key.
  bool is_key(int line, int byte, std::string_view value) const;

  /// From 1, without its end; empty where there is none.
  std::string_view line(int number) const;
  int lines() const { return static_cast<int>(starts_.size()); }

 private:
  std::string_view rest_of(int line, int byte) const;

  std::string_view text_;
  std::vector<std::size_t> starts_;         ///< of the lines
  std::vector<std::size_t> continuations_;  ///< the bytes that begin no character
};

/// Where character `column` (from 1) of a line begins.
std::size_t byte_of(std::string_view line, int column);

}  // namespace penstock::config
