#include "base/json.hpp"

#include <charconv>

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>

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

}  // namespace

std::string unsafe_for_rapidjson(std::string_view text) {
  int depth = 0;
  int values = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '"') in_string = false;
      if (c != '\\') continue;
      const std::size_t length = escape_length(text.substr(i));
      if (length == 0) return "half a surrogate pair stands at offset " + std::to_string(i);
      i += length - 1;
      continue;
    }
    switch (c) {
    case '"':
      in_string = true;
      break;
    case '{':
    case '[':
      if (++depth > max_levels) return "it is nested deeper than 64 levels";
      break;
    case '}':
    case ']':
      --depth;
      break;
    case ',':
      if (++values > max_values) return "it has more than 100,000 values";
      break;
    case '\0':
      return "it holds a NUL byte at offset " + std::to_string(i);
    default:
      break;
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
      const std::size_t start = i;
      int exponent_digits = -1;
      while (i < text.size() &&
             (std::string_view("+-.eE").find(text[i]) != std::string_view::npos ||
              (text[i] >= '0' && text[i] <= '9'))) {
        if (text[i] == 'e' || text[i] == 'E') {
          exponent_digits = 0;
        } else if (exponent_digits >= 0 && text[i] >= '0' && text[i] <= '9') {
          ++exponent_digits;
        }
        ++i;
      }
      if (i - start > max_number || exponent_digits > max_exponent_digits) {
        return "the number at offset " + std::to_string(start) + " is too long";
      }
      --i;
    }
  }
  return {};
}

Result<std::unique_ptr<rapidjson::Document>, std::string> parse_json(std::string_view text) {
  std::string refusal = unsafe_for_rapidjson(text);
  if (!refusal.empty()) return failure(std::move(refusal));
  auto document = std::make_unique<rapidjson::Document>();
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> input(bytes);
  document->ParseStream<flags, rapidjson::UTF8<>>(input);
  if (document->HasParseError()) {
    return failure(std::string(rapidjson::GetParseError_En(document->GetParseError())) +
                   " (offset " + std::to_string(document->GetErrorOffset()) + ")");
  }
  return document;
}

}  // namespace penstock
