#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Text together with the part of some source text that each byte of it comes from.
struct Traced {
  struct Part {
    std::uint32_t begin = 0, end = 0;
  };
  std::string text;
  std::vector<Part> parts;  ///< one for each byte

  explicit Traced(std::string_view source);
  Traced() = default;
};

/// What decode() looks for; values can be combined.
namespace coding {
constexpr unsigned percent = 1;  ///< %XX, and %uXXXX as JavaScript's escape() has it
constexpr unsigned markup = 2;   ///< &amp; &auml; &#38; &#x26; in any case, with zeros, without `;`
constexpr unsigned escapes = 4;  ///< \n \" \/ \u00e4 \xe4, as in JSON, JavaScript and C
constexpr unsigned wrapped = 8;  ///< line ends and the blanks behind them, which are dropped
constexpr unsigned all = 15;
/// =XX and =LINE END of quoted-printable (RFC 2045 section 6.7). Not in `all`: "token=ab…" would
/// lose its first characters.
constexpr unsigned quoted_printable = 16;
}  // namespace coding

/// Takes off one layer of the codings named, in one pass from left to right; what is none of them
/// stays as it is. Never fails. False: there was nothing to decode, and `out` is not set.
bool decode(const Traced& in, unsigned codings, Traced& out);

}  // namespace penstock
