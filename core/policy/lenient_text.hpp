#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::policy {

/// Text as the most lenient server might come to read it, so that no spelling of a dot, a slash or
/// a name passes a check unseen: one layer of %XX and %uXXXX taken off; overlong and otherwise
/// broken UTF-8 read as the ASCII that its bits give; full-width and look-alike dots and slashes as
/// the plain ones (NFKC, and Windows' best fit); bytes that are no UTF-8, and characters without a
/// width, left out. For comparing only: it is never sent.
///
/// Decoders differ in what a first byte of a character does to an ASCII byte behind it: take it in
/// ("%c1/" is "o"), or leave it ("%c1/.." ends with a dot segment).
enum class Broken : std::uint8_t { takes_ascii_in, leaves_ascii };
std::string lenient_decode(std::string_view text, Broken broken = Broken::takes_ascii_in);

/// The same until nothing is left to decode, four layers at most.
std::string lenient_decode_all(std::string_view text);

}  // namespace penstock::policy
