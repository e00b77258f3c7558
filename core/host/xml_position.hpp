#pragma once

#include <cstddef>

#include <expat.h>

// Where an Expat parser is. Expat 2.9 renamed the functions that tell it and deprecated the old
// names.
#if XML_MAJOR_VERSION > 2 || (XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION >= 9)
#define PENSTOCK_EXPAT(function) function##64
#else
#define PENSTOCK_EXPAT(function) function
#endif

namespace penstock::host {

/// Counted from 1.
inline std::size_t line_of(XML_Parser parser) {
  return static_cast<std::size_t>(PENSTOCK_EXPAT(XML_GetCurrentLineNumber)(parser));
}

/// Counted from 0.
inline std::size_t column_of(XML_Parser parser) {
  return static_cast<std::size_t>(PENSTOCK_EXPAT(XML_GetCurrentColumnNumber)(parser));
}

/// Bytes before the present event.
inline std::size_t offset_of(XML_Parser parser) {
  return static_cast<std::size_t>(PENSTOCK_EXPAT(XML_GetCurrentByteIndex)(parser));
}

/// Bytes of the present event.
inline std::size_t length_of(XML_Parser parser) {
  return static_cast<std::size_t>(PENSTOCK_EXPAT(XML_GetCurrentByteCount)(parser));
}

}  // namespace penstock::host

#undef PENSTOCK_EXPAT
