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

/// `application/json` of `Application/JSON; charset="utf-8"`: lower case, without parameters.
std::string media_type(std::string_view content_type);

/// How a body is written: by its UTF-16 byte order mark, else as `charset=` of its Content-Type
/// says, else as its XML declaration says, else UTF-8. A label that browsers read as windows-1252
/// is read so here too (ISO-8859-1, ASCII).
Charset charset_of(std::string_view content_type, std::string_view body);

struct Utf8Text {
  std::string text;
  std::size_t replaced = 0;  ///< code units that mean nothing, now U+FFFD each
};

/// Transcodes. A byte order mark of UTF-16 is consumed. Not for Charset::utf8 and unknown.
Utf8Text to_utf8(Charset charset, std::string_view bytes);

}  // namespace penstock
