#include "base/decoding.hpp"

#include <algorithm>
#include <array>

#include <penstock/hex.hpp>
#include <penstock/text.hpp>
#include <penstock/utf8.hpp>

namespace penstock {
namespace {

constexpr std::uint32_t last_code_point = 0x10FFFF;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// A coded token: it stands for one character, or for nothing.
struct Token {
  std::size_t length = 0;  ///< in the coded text; 0: not a token
  std::string text;
};

Token of_code_point(std::size_t length, std::uint32_t c) {
  Token token{length, {}};
  append_utf8(token.text, std::min(c, last_code_point));
  return token;
}

/// Parses exactly `digits` hexadecimal digits at the front of `text`; -1: there are fewer.
std::int32_t hex_number(std::string_view text, std::size_t digits) {
  if (text.size() < digits) return -1;
  std::int32_t value = 0;
  for (const char c : text.substr(0, digits)) {
    if (hex_value(c) < 0) return -1;
    value = value * 16 + hex_value(c);
  }
  return value;
}

Token percent_token(std::string_view text) {
  if (text.size() > 1 && (text[1] == 'u' || text[1] == 'U')) {
    const std::int32_t value = hex_number(text.substr(2), 4);
    return value < 0 ? Token{} : of_code_point(6, static_cast<std::uint32_t>(value));
  }
  const std::int32_t value = hex_number(text.substr(1), 2);
  return value < 0 ? Token{} : Token{3, std::string(1, static_cast<char>(value))};
}

/// HTML's names of U+00A0 to U+00FF.
constexpr std::array<std::string_view, 96> latin1_names = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",
    "copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn",
    "sup2",   "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",
    "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
    "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave",
    "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde",
    "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",
    "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
    "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",
    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

Token named_reference(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> xml{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  constexpr std::size_t max_name = 6;
  const std::size_t semicolon = text.substr(0, max_name + 2).find(';');
  if (semicolon == std::string_view::npos) return {};
  const std::string_view name = text.substr(1, semicolon - 1);
  for (const auto& [known, character] : xml) {
    if (equal_ignoring_case(name, known)) return {semicolon + 1, std::string(1, character)};
  }
  const auto* found = std::ranges::find(latin1_names, name);
  if (found == latin1_names.end()) return {};
  return of_code_point(semicolon + 1,
                       0xA0U + static_cast<std::uint32_t>(found - latin1_names.begin()));
}

Token reference_token(std::string_view text) {
  if (text.size() < 3 || text[1] != '#') return named_reference(text);
  const bool hex = text[2] == 'x' || text[2] == 'X';
  std::size_t end = hex ? 3 : 2;
  const std::size_t first = end;
  std::uint32_t value = 0;
  for (; end < text.size() && (hex ? hex_value(text[end]) >= 0 : is_digit(text[end])); ++end) {
    value = std::min(value * (hex ? 16 : 10) + static_cast<std::uint32_t>(hex_value(text[end])),
                     last_code_point);
  }
  if (end == first) return {};
  if (end < text.size() && text[end] == ';') ++end;
  return of_code_point(end, value);
}

bool is_surrogate(std::int32_t unit, std::int32_t first) {
  return unit >= first && unit < first + 0x400;
}

Token escape_token(std::string_view text) {
  constexpr std::string_view letters = "nrtbfva0/\\\"'",
                             meanings = std::string_view("\n\r\t\b\f\v\a\0/\\\"'", 12);
  if (text.size() < 2) return {};
  if (const std::size_t known = letters.find(text[1]); known != std::string_view::npos)
    return {2, std::string(1, meanings[known])};
  if (text[1] == 'x') {
    const std::int32_t value = hex_number(text.substr(2), 2);
    return value < 0 ? Token{} : Token{4, std::string(1, static_cast<char>(value))};
  }
  if (text[1] != 'u') return {};
  const std::int32_t unit = hex_number(text.substr(2), 4);
  if (unit < 0) return {};
  const std::string_view rest = text.substr(6);
  const std::int32_t low = rest.starts_with("\\u") ? hex_number(rest.substr(2), 4) : -1;
  if (is_surrogate(unit, 0xD800) && is_surrogate(low, 0xDC00))
    return of_code_point(12, 0x10000U + (static_cast<std::uint32_t>(unit - 0xD800) << 10U) +
                                 static_cast<std::uint32_t>(low - 0xDC00));
  return of_code_point(6, static_cast<std::uint32_t>(unit));
}

/// A line break together with the blanks at the start of the next line.
Token line_end_token(std::string_view text) {
  std::size_t end = text.find_first_not_of("\r\n");
  if (text.substr(0, end).find('\n') != std::string_view::npos)
    end = text.find_first_not_of("\r\n \t");
  return {std::min(end, text.size()), {}};
}

Token quoted_printable_token(std::string_view text) {
  if (text.substr(1).starts_with("\r\n")) return {3, {}};
  if (text.substr(1).starts_with("\n")) return {2, {}};
  const std::int32_t value = hex_number(text.substr(1), 2);
  return value < 0 ? Token{} : Token{3, std::string(1, static_cast<char>(value))};
}

Token token_at(std::string_view text, unsigned codings) {
  switch (text.front()) {
  case '=':
    return (codings & coding::quoted_printable) != 0 ? quoted_printable_token(text) : Token{};
  case '%':
    return (codings & coding::percent) != 0 ? percent_token(text) : Token{};
  case '&':
    return (codings & coding::markup) != 0 ? reference_token(text) : Token{};
  case '\\':
    return (codings & coding::escapes) != 0 ? escape_token(text) : Token{};
  case '\r':
  case '\n':
    return (codings & coding::wrapped) != 0 ? line_end_token(text) : Token{};
  default:
    return {};
  }
}

}  // namespace

Traced::Traced(std::string_view source) : text(source) {
  parts.reserve(source.size());
  for (std::uint32_t i = 0; i < source.size(); ++i)
    parts.push_back({i, i + 1});
}

bool decode(const Traced& in, unsigned codings, Traced& out) {
  constexpr std::string_view begins = "%&\\\r\n=";
  const std::string_view text = in.text;
  bool changed = false;
  for (std::size_t i = text.find_first_of(begins), done = 0;; i = text.find_first_of(begins, i)) {
    const std::size_t end = std::min(i, text.size());
    const Token token = end < text.size() ? token_at(text.substr(end), codings) : Token{};
    if (token.length == 0 && end < text.size()) {
      ++i;
      continue;
    }
    if (end == text.size() && !changed) return false;
    if (!changed) {
      out = {};
      out.text.reserve(text.size());
      out.parts.reserve(text.size());
    }
    changed = true;
    out.text.append(text.substr(done, end - done));
    out.parts.insert(out.parts.end(), in.parts.begin() + static_cast<std::ptrdiff_t>(done),
                     in.parts.begin() + static_cast<std::ptrdiff_t>(end));
    if (end == text.size()) break;
    out.text.append(token.text);
    out.parts.insert(out.parts.end(), token.text.size(),
                     {in.parts[end].begin, in.parts[end + token.length - 1].end});
    i = done = end + token.length;
  }
  return true;
}

}  // namespace penstock
