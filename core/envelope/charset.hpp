#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

enum class Charset : std::uint8_t {
  utf8,
  utf16le,
  utf16be,
  latin1,
  windows1252,
  iso8859_15,
  unknown
};

/// `application/json` from `Application/JSON; charset="utf-8"`: lower case, without parameters.
std::string media_type(std::string_view content_type);

/// Determines the charset of a body: by its byte order mark, else the `charset=` of its
/// Content-Type, else its XML declaration, else UTF-8. ISO-8859-1 and ASCII are read as
/// windows-1252, as browsers do.
Charset charset_of(std::string_view content_type, std::string_view body);

struct Utf8Text {
  std::string text;
  std::size_t replaced = 0;  ///< invalid code units, each replaced by U+FFFD
};

/// Converts to UTF-8. A UTF-16 byte order mark is consumed. Not for Charset::utf8 and unknown.
Utf8Text to_utf8(Charset charset, std::string_view bytes);

}  // namespace penstock
