#include "envelope/charset.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <penstock/text.hpp>
#include <penstock/utf8.hpp>

namespace penstock {
namespace {

constexpr char32_t replacement = 0xFFFD;
constexpr std::string_view blanks = " \t\r\n";

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
      text.back() == text.front()) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

/// The value of the charset parameter; empty: none.
std::string_view charset_parameter(std::string_view content_type) {
  std::size_t semicolon = content_type.find(';');
  while (semicolon != std::string_view::npos) {
    content_type.remove_prefix(semicolon + 1);
    semicolon = content_type.find(';');
    const std::string_view parameter = content_type.substr(0, semicolon);
    const std::size_t equals = parameter.find('=');
    if (equals != std::string_view::npos &&
        equal_ignoring_case(trimmed(parameter.substr(0, equals), blanks), "charset")) {
      return unquoted(trimmed(parameter.substr(equals + 1), blanks));
    }
  }
  return {};
}

/// The encoding of a leading XML declaration; empty: none.
std::string_view xml_encoding(std::string_view body) {
  if (!body.starts_with("<?xml")) return {};
  const std::string_view declaration = body.substr(0, std::min<std::size_t>(body.find("?>"), 200));
  const std::size_t name = declaration.find("encoding");
  if (name == std::string_view::npos) return {};
  const std::size_t open = declaration.find_first_of("\"'", name);
  if (open == std::string_view::npos) return {};
  const std::size_t close = declaration.find(declaration[open], open + 1);
  return close == std::string_view::npos ? std::string_view()
                                         : declaration.substr(open + 1, close - open - 1);
}

Charset charset_named(std::string_view label) {
  constexpr std::array<std::pair<std::string_view, Charset>, 17> labels{{
      {"utf-8", Charset::utf8},
      {"utf8", Charset::utf8},
      {"utf-16", Charset::utf16le},
      {"utf-16le", Charset::utf16le},
      {"utf-16be", Charset::utf16be},
      {"unicode", Charset::utf16le},
      {"iso-8859-1", Charset::windows1252},
      {"iso8859-1", Charset::windows1252},
      {"iso_8859-1", Charset::windows1252},
      {"latin1", Charset::windows1252},
      {"latin-1", Charset::windows1252},
      {"us-ascii", Charset::windows1252},
      {"ascii", Charset::windows1252},
      {"windows-1252", Charset::windows1252},
      {"cp1252", Charset::windows1252},
      {"iso-8859-15", Charset::iso8859_15},
      {"latin9", Charset::iso8859_15},
  }};
  const auto* found = std::ranges::find_if(
      labels, [&](const auto& row) { return equal_ignoring_case(row.first, label); });
  return found == labels.end() ? Charset::unknown : found->second;
}

/// Bytes 0x80 to 0x9F in windows-1252. The five undefined ones stay control characters, so nothing
/// is lost.
constexpr std::array<char16_t, 32> windows1252_high = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

char32_t from_byte(Charset charset, unsigned char byte) {
  if (charset == Charset::windows1252 && byte >= 0x80 && byte < 0xA0)
    return windows1252_high[byte - 0x80U];
  if (charset == Charset::iso8859_15) {
    switch (byte) {
    case 0xA4:
      return 0x20AC;
    case 0xA6:
      return 0x0160;
    case 0xA8:
      return 0x0161;
    case 0xB4:
      return 0x017D;
    case 0xB8:
      return 0x017E;
    case 0xBC:
      return 0x0152;
    case 0xBD:
      return 0x0153;
    case 0xBE:
      return 0x0178;
    default:
      break;
    }
  }
  return byte;
}

Utf8Text from_utf16(std::string_view bytes, bool big_endian) {
  const auto unit_at = [&](std::size_t i) -> char32_t {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    return big_endian ? (char32_t{first} << 8U) | second : (char32_t{second} << 8U) | first;
  };
  const auto high = [](char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; };
  const auto low = [](char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; };

  Utf8Text out;
  out.text.reserve(bytes.size());
  std::size_t i = bytes.size() >= 2 && unit_at(0) == 0xFEFF ? 2 : 0;
  for (; i + 1 < bytes.size(); i += 2) {
    char32_t c = unit_at(i);
    if (high(c) && i + 3 < bytes.size() && low(unit_at(i + 2))) {
      c = 0x10000 + ((c - 0xD800) << 10U) + (unit_at(i + 2) - 0xDC00);
      i += 2;
    } else if (high(c) || low(c)) {
      c = replacement;
      ++out.replaced;
    }
    append_utf8(out.text, c);
  }
  if (i < bytes.size()) {
    append_utf8(out.text, replacement);
    ++out.replaced;
  }
  return out;
}

}  // namespace

std::string media_type(std::string_view content_type) {
  return lower(trimmed(content_type.substr(0, content_type.find(';')), blanks));
}

Charset charset_of(std::string_view content_type, std::string_view body) {
  // A byte order mark takes precedence over any declared charset.
  if (body.starts_with(utf8_byte_order_mark)) return Charset::utf8;
  if (body.starts_with("\xFF\xFE")) return Charset::utf16le;
  if (body.starts_with("\xFE\xFF")) return Charset::utf16be;
  if (const std::string_view label = charset_parameter(content_type); !label.empty())
    return charset_named(label);
  // If the declaration could be read as ASCII, the text is not UTF-16, whatever it declares.
  if (const std::string_view label = xml_encoding(body); !label.empty()) {
    const Charset named = charset_named(label);
    return named == Charset::utf16le || named == Charset::utf16be ? Charset::utf8 : named;
  }
  return Charset::utf8;
}

Utf8Text to_utf8(Charset charset, std::string_view bytes) {
  if (charset == Charset::utf16le || charset == Charset::utf16be) {
    return from_utf16(bytes, charset == Charset::utf16be);
  }
  Utf8Text out;
  out.text.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes)
    append_utf8(out.text, from_byte(charset, static_cast<unsigned char>(c)));
  return out;
}

}  // namespace penstock
