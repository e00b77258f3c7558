#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Text with, for each byte, the part of a source text that it comes from.
struct Traced {
  struct Part {
    std::uint32_t begin = 0, end = 0;
  };
  std::string text;
  std::vector<Part> parts;  ///< one per byte

  explicit Traced(std::string_view source);
  Traced() = default;
};

/// The codings that decode() looks for; can be combined.
namespace coding {
constexpr unsigned percent = 1;  ///< %XX, and %uXXXX as produced by JavaScript's escape()
/// &amp; &auml; &#38; &#x26; in any case, zero-padded or without `;`
constexpr unsigned markup = 2;
constexpr unsigned escapes = 4;  ///< \n \" \/ \u00e4 \xe4, as in JSON, JavaScript and C
constexpr unsigned wrapped = 8;  ///< line breaks and the blanks after them, which are dropped
constexpr unsigned all = 15;
/// =XX and =LINE END of quoted-printable (RFC 2045 section 6.7). Not part of `all`: "token=ab…"
/// would lose its first characters.
constexpr unsigned quoted_printable = 16;
}  // namespace coding

/// Removes one layer of the given codings in a single pass from left to right; any other text is
/// copied unchanged. Never fails. Returns false if there was nothing to decode; `out` is then not
/// set.
bool decode(const Traced& in, unsigned codings, Traced& out);

}  // namespace penstock
