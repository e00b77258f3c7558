#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include <expat.h>

// An Expat parser, the limits for what is read with it, and its position. Expat 2.9 renamed the
// position functions and deprecated the old names.
#if XML_MAJOR_VERSION > 2 || (XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION >= 9)
#define PENSTOCK_EXPAT(function) function##64
#else
#define PENSTOCK_EXPAT(function) function
#endif

namespace penstock::soap {

struct ParserFree {
  void operator()(XML_Parser parser) const noexcept { XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserFree>;

constexpr int max_levels = 200;
constexpr int max_attributes = 64;  ///< per element

/// XML_Parse takes an int.
inline bool is_too_large(std::string_view xml) {
  return xml.size() > static_cast<std::size_t>(std::numeric_limits<int>::max());
}

/// Checks an element at `depth` (1: the root). `attributes` are those of a start-element handler:
/// names and values in turn. Null: within the limits; else the problem.
inline const char* check_limits(int depth, const XML_Char** attributes) {
  int count = 0;
  while (attributes[count] != nullptr)
    ++count;
  if (count / 2 > max_attributes) return "has an element with more than 64 attributes";
  if (depth > max_levels) return "is nested deeper than 200 levels";
  return nullptr;
}

/// The current line, from 1.
inline std::size_t line_of(XML_Parser parser) {
  return static_cast<std::size_t>(PENSTOCK_EXPAT(XML_GetCurrentLineNumber)(parser));
}

/// The current column, from 0.
inline std::size_t column_of(XML_Parser parser) {
  return static_cast<std::size_t>(PENSTOCK_EXPAT(XML_GetCurrentColumnNumber)(parser));
}

/// The number of bytes before the current event.
inline std::size_t offset_of(XML_Parser parser) {
  return static_cast<std::size_t>(PENSTOCK_EXPAT(XML_GetCurrentByteIndex)(parser));
}

/// The number of bytes of the current event.
inline std::size_t length_of(XML_Parser parser) {
  return static_cast<std::size_t>(PENSTOCK_EXPAT(XML_GetCurrentByteCount)(parser));
}

/// " (line L, column C)", both from 1.
inline std::string position_text(std::size_t line, std::size_t column) {
  return " (line " + std::to_string(line) + ", column " + std::to_string(column) + ")";
}

inline std::string not_well_formed(XML_Parser parser) {
  return "is not well-formed XML: " + std::string(XML_ErrorString(XML_GetErrorCode(parser)));
}

}  // namespace penstock::soap

#undef PENSTOCK_EXPAT
