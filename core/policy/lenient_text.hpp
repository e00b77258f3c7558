#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::policy {

/// Decoders differ in how the first byte of a character treats an ASCII byte after it: they take it
/// in ("%c1/" is "o"), or leave it ("%c1/.." ends with a dot segment).
enum class Broken : std::uint8_t { takes_ascii_in, leaves_ascii };

/// Text as the most lenient server might read it, so that no spelling of a dot, a slash or a name
/// evades a check: one layer of %XX and %uXXXX is decoded; overlong and otherwise malformed UTF-8
/// is read as the ASCII that its bits give; full-width and look-alike dots and slashes become the
/// plain ones (NFKC, and Windows' best fit); bytes that are not UTF-8 and zero-width characters are
/// dropped. For comparison only: the result is never sent.
std::string lenient_decode(std::string_view text, Broken broken = Broken::takes_ascii_in);

/// Repeats lenient_decode() until nothing is left to decode, at most four times.
std::string lenient_decode_all(std::string_view text);

}  // namespace penstock::policy
