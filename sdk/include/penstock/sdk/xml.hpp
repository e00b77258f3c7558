#pragma once

// Escaping for XML 1.0: the only place where values become markup.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <penstock/sdk/plugin.hpp>

namespace penstock::sdk {

namespace detail {

/// Decodes the UTF-8 character at `at` and advances `at` past it. Returns 0 for invalid UTF-8: a
/// bad byte, an overlong form or a surrogate.
inline std::uint32_t next_character(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < more) return 0;
  std::uint32_t point = lead & (0x3FU >> more);
  for (std::size_t i = 0; i < more; ++i) {
    const auto byte = static_cast<unsigned char>(text[at++]);
    if ((byte & 0xC0U) != 0x80U) return 0;
    point = (point << 6U) | (byte & 0x3FU);
  }
  const std::uint32_t least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return point < least || surrogate || point > 0x10FFFF ? 0 : point;
}

/// XML 1.0 section 2.2: a document cannot contain any other character, not even as a reference.
inline bool is_xml_character(std::uint32_t point) {
  return point == '\t' || point == '\n' || point == '\r' ||
         (point >= 0x20 && point != 0xFFFE && point != 0xFFFF);
}

inline std::string xml_escape(std::string_view text, std::int32_t kind, bool attribute) {
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    if (!is_xml_character(next_character(text, at))) {
      fail(kind, "a value contains a character that XML does not allow");
    }
    switch (text[start]) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\r':
      out += "&#13;";
      break;  // a parser would turn it into a line feed
    case '\n':
      out += attribute ? "&#10;" : "\n";
      break;
    case '\t':
      out += attribute ? "&#9;" : "\t";
      break;  // in attributes, a parser would turn tabs and line feeds into spaces
    default:
      out += text.substr(start, at - start);
    }
  }
  return out;
}

}  // namespace detail

/// Escapes text for the content of an element. A character that XML 1.0 forbids, and invalid UTF-8,
/// end the invocation with `kind`; the default is for a connection's value.
inline std::string xml_text(std::string_view text, std::int32_t kind = PST_E_BAD_CONNECTION) {
  return detail::xml_escape(text, kind, false);
}

/// Escapes text for a double-quoted attribute, preserving white space.
inline std::string xml_attribute(std::string_view text, std::int32_t kind = PST_E_BAD_CONNECTION) {
  return detail::xml_escape(text, kind, true);
}

}  // namespace penstock::sdk
