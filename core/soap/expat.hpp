#pragma once

#include <cstddef>
#include <memory>
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

}  // namespace penstock::soap

#undef PENSTOCK_EXPAT
