#include "config/diagnostics/source_text.hpp"

#include <algorithm>

#include <penstock/utf8.hpp>

namespace penstock::config {
namespace {

std::size_t quoted_size(std::string_view text) {
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || !text.substr(i + 1).starts_with('\'')) return i + 1;
      ++i;
    }
  }
  return 0;
}

/// The number of bytes of `text`, the rest of a line, that the scalar starting there occupies.
std::size_t written_size(std::string_view text, std::string_view value) {
  if (text.starts_with('"') || text.starts_with('\'')) return quoted_size(text);
  return text.starts_with(value) ? value.size() : 0;
}

}  // namespace

SourceText::SourceText(std::string_view text) : text_(text) {
  if (text_.starts_with(utf8_byte_order_mark)) text_.remove_prefix(utf8_byte_order_mark.size());
  starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') starts_.push_back(i + 1);
    if (is_utf8_continuation(text_[i])) continuations_.push_back(i);
  }
}

Mark SourceText::mark(int line, int byte) const {
  if (line < 0 || line >= lines()) return {line + 1, byte + 1};
  const std::size_t start = starts_[static_cast<std::size_t>(line)];
  const auto first = std::ranges::lower_bound(continuations_, start);
  const auto last =
      std::ranges::lower_bound(continuations_, start + static_cast<std::size_t>(byte));
  return {line + 1, byte + 1 - static_cast<int>(last - first)};
}

Mark SourceText::word(int line, int byte, std::string_view value) const {
  Mark out = mark(line, byte);
  const std::string_view rest = rest_of(line, byte);
  const std::size_t size = written_size(rest, value);
  out.length = static_cast<int>(size) -
               static_cast<int>(std::ranges::count_if(rest.substr(0, size), is_utf8_continuation));
  return out;
}

bool SourceText::is_key(int line, int byte, std::string_view value) const {
  std::string_view rest = rest_of(line, byte);
  const std::size_t size = written_size(rest, value);
  if (size == 0) return false;
  rest.remove_prefix(size);
  const std::size_t next = rest.find_first_not_of(" \t");
  return next != std::string_view::npos && rest[next] == ':';
}

std::string_view SourceText::rest_of(int line, int byte) const {
  const std::string_view whole = this->line(line + 1);
  return whole.substr(std::min(whole.size(), static_cast<std::size_t>(byte)));
}

std::string_view SourceText::line(int number) const {
  if (number < 1 || number > lines()) return {};
  const std::size_t start = starts_[static_cast<std::size_t>(number - 1)];
  const std::size_t end =
      number < lines() ? starts_[static_cast<std::size_t>(number)] - 1 : text_.size();
  std::string_view out = text_.substr(start, end - start);
  if (out.ends_with('\r')) out.remove_suffix(1);
  return out;
}

std::size_t byte_of(std::string_view line, int column) {
  std::size_t at = 0;
  for (int i = 1; i < column && at < line.size(); ++i) {
    ++at;
    while (at < line.size() && is_utf8_continuation(line[at]))
      ++at;
  }
  return at;
}

}  // namespace penstock::config
