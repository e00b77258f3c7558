#include "penstock/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <limits>
#include <utility>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/hex.hpp>
#include <penstock/json_writer.hpp>

namespace penstock {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool unreserved(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

/// Levenshtein distance, ignoring case, that counts a swap of two adjacent characters as one edit
/// (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1), before;
  for (std::size_t j = 0; j < row.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const std::vector<std::size_t> two_before = std::exchange(before, row);
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
      const bool is_swap = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (is_swap) row[j] = std::min(row[j], two_before[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string percent_encode(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (const char c : bytes) {
    if (unreserved(c)) {
      out += c;
    } else {
      out += '%';
      append_hex(out, c, upper_hex_digits);
    }
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && is_hex_digit(text[i + 1]) &&
        is_hex_digit(text[i + 2])) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string pointer_to(std::string_view pointer, std::string_view name) {
  std::string out(pointer);
  out += '/';
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string take_token(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::string_view token = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(token.size());
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    out += escape ? (token[++i] == '0' ? '~' : '/') : token[i];
  }
  return out;
}

std::string nearest(std::string_view name, std::span<const std::string> known) {
  // Allows one edit below 5 characters, two below 10, else three. A name that is a prefix of the
  // other also counts as close.
  const std::size_t allowed = name.size() < 5 ? 1 : name.size() < 10 ? 2 : 3;
  std::size_t best = std::numeric_limits<std::size_t>::max();
  std::string found;
  for (const std::string& candidate : known) {
    std::size_t away = distance(name, candidate);
    if (away > allowed && name.size() >= 3 &&
        (candidate.starts_with(name) || name.starts_with(candidate)))
      away = allowed;
    if (away <= allowed && away < best) {
      best = away;
      found = candidate;
    }
  }
  return found;
}

std::string rfc_3339(std::int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> shown{};
  const std::size_t size = std::strftime(shown.data(), shown.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {shown.data(), size};
}

std::string rfc_3339_with_ms(std::int64_t unix_ms) {
  std::string out = rfc_3339(unix_ms);
  out.back() = '.';
  const std::string ms = std::to_string(unix_ms % 1000);
  return out.append(3 - ms.size(), '0').append(ms) += 'Z';
}

std::string_view trimmed(std::string_view text, std::string_view blanks) noexcept {
  const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

std::string joined(std::span<const std::string> words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) {
    if (&word != words.data()) out += separator;
    out += word;
  }
  return out;
}

std::string with_article(std::string_view kind) {
  if (kind == "null") return "null";
  const bool vowel =
      !kind.empty() && std::string_view("aeiou").find(kind.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(kind);
}

std::string did_you_mean(std::string_view name, std::span<const std::string> known) {
  return did_you_mean(nearest(name, known));
}

std::string did_you_mean(std::string_view near) {
  return near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?";
}

std::string options(const std::vector<Field>& values) {
  JsonObject out;
  for (const Field& field : values)
    out.text(field.name, field.value);
  return out.done();
}

}  // namespace penstock
