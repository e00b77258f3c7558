#include "policy/lenient_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <penstock/utf8.hpp>

#include "base/decoding.hpp"

namespace penstock::policy {
namespace {

constexpr int max_layers = 4;

struct Character {
  std::uint32_t code_point = 0;
  std::size_t length = 0;  ///< in bytes; 0: not a character
};

/// Decodes by the bits alone, as a careless decoder does: trusts the first byte's length, and takes
/// six bits of each byte after it, whatever that is.
Character careless(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  std::size_t length = 1;
  for (unsigned bit = 0x40; length < 6 && (first & bit) != 0; bit >>= 1U)
    ++length;
  if (first < 0xC0 || length > text.size()) return {};
  Character out{first & (0x7FU >> length), length};
  for (std::size_t i = 1; i < length; ++i)
    out.code_point = (out.code_point << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return out;
}

bool has_continuation(std::string_view text, const Character& character) {
  return std::ranges::all_of(text.substr(1, character.length - 1), is_utf8_continuation);
}

/// Whether a malformed character may be read as ASCII. As a control character only if it is
/// overlong UTF-8: otherwise two Latin-1 letters would count as one.
bool may_be_ascii(std::string_view text, const Character& character) {
  return character.code_point < 0x80 &&
         (character.code_point >= 0x20 || has_continuation(text, character));
}

struct Look {
  std::uint32_t code_point;
  std::string_view ascii;
};
constexpr std::array looks = {Look{0xFF0E, "."},  Look{0xFE52, "."},  Look{0x2024, "."},
                              Look{0x2025, ".."}, Look{0xFF0F, "/"},  Look{0x2044, "/"},
                              Look{0x2215, "/"},  Look{0x29F8, "/"},  Look{0xFF3C, "\\"},
                              Look{0xFE68, "\\"}, Look{0x2216, "\\"}, Look{0x29F5, "\\"},
                              Look{0xFF05, "%"},  Look{0xFE6A, "%"},  Look{0xFF1B, ";"}};

bool has_no_width(std::uint32_t c) {
  return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

/// A non-ASCII character as a server may read it; empty: it is dropped.
std::string_view ascii_of(std::string_view character, std::uint32_t code_point) {
  if (has_no_width(code_point)) return {};
  const auto* look = std::ranges::find(looks, code_point, &Look::code_point);
  return look == looks.end() ? character : look->ascii;
}

std::string folded(std::string_view text, Broken broken) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::size_t length = 1;
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      out += text.front();
    } else if (const Utf8Character valid = decode_utf8(text); valid.length > 0) {
      length = valid.length;
      out += ascii_of(text.substr(0, length), valid.code_point);
    } else if (const Character read = careless(text); read.length > 0) {
      if (may_be_ascii(text, read) &&
          (broken == Broken::takes_ascii_in || has_continuation(text, read))) {
        length = read.length;
        out += static_cast<char>(read.code_point);
      }
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string lenient_decode(std::string_view text, Broken broken) {
  Traced out;
  const bool coded = decode(Traced(text), coding::percent, out);
  return folded(coded ? std::string_view(out.text) : text, broken);
}

std::string lenient_decode_all(std::string_view text) {
  std::string out(text);
  for (int layer = 0; layer < max_layers; ++layer) {
    std::string next = lenient_decode(out);
    if (next == out) break;
    out = std::move(next);
  }
  return out;
}

}  // namespace penstock::policy
