#include "base/json_guard.hpp"

#include <charconv>

namespace penstock {
namespace {

constexpr int max_levels = 64;
constexpr int max_values = 100'000;
constexpr int max_number = 64;
constexpr int max_exponent_digits = 4;

/// The code unit of a \uXXXX at the front of `text`; 0: there is none.
unsigned code_unit(std::string_view text) {
  unsigned unit = 0;
  if (!text.starts_with("\\u") || text.size() < 6) return 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
  return error == std::errc() && end == text.data() + 6 ? unit : 0;
}

bool is_low_surrogate(unsigned unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

/// The length of the escape at the front of `text`; 0: an unpaired surrogate. RapidJSON detects
/// only an unpaired high one; it turns a low one into bytes that are not valid UTF-8.
std::size_t escape_length(std::string_view text) {
  const unsigned unit = code_unit(text);
  if (is_low_surrogate(unit)) return 0;
  if (unit < 0xD800 || unit > 0xDBFF) return 2;
  return is_low_surrogate(code_unit(text.substr(6))) ? 12 : 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of the number at the front of `text`; 0: it is too long.
std::size_t number_length(std::string_view text) {
  std::size_t length = 0;
  int exponent_digits = -1;
  for (; length < text.size(); ++length) {
    const char c = text[length];
    if (c == 'e' || c == 'E') {
      exponent_digits = 0;
    } else if (is_digit(c)) {
      if (exponent_digits >= 0) ++exponent_digits;
    } else if (c != '+' && c != '-' && c != '.') {
      break;
    }
  }
  return length > max_number || exponent_digits > max_exponent_digits ? 0 : length;
}

}  // namespace

std::optional<JsonError> unsafe_for_rapidjson(std::string_view text) {
  int depth = 0;
  int values = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '"') in_string = false;
      if (c != '\\') continue;
      const std::size_t length = escape_length(text.substr(i));
      if (length == 0) return JsonError{"half a surrogate pair", i};
      i += length - 1;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_levels) return JsonError{"it is nested deeper than 64 levels", i};
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ',') {
      if (++values > max_values) return JsonError{"it has more than 100,000 values", i};
    } else if (c == '\0') {
      return JsonError{"a NUL byte", i};
    } else if (c == '-' || is_digit(c)) {
      const std::size_t length = number_length(text.substr(i));
      if (length == 0) return JsonError{"the number is too long", i};
      i += length - 1;
    }
  }
  return std::nullopt;
}

}  // namespace penstock
