#include "base/http.hpp"

#include <algorithm>

namespace penstock {
namespace {

constexpr bool is_token_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

}  // namespace

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_field_value(std::string_view text) noexcept {
  if (text.empty()) return true;
  if (is_blank(text.front()) || is_blank(text.back())) return false;
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool is_media_type(std::string_view text) noexcept {
  const std::string_view type = text.substr(0, text.find(';'));
  const std::size_t slash = type.find('/');
  if (slash == std::string_view::npos || !is_field_value(text)) return false;
  std::string_view subtype = type.substr(slash + 1);
  while (!subtype.empty() && is_blank(subtype.back()))
    subtype.remove_suffix(1);
  return is_token(type.substr(0, slash)) && is_token(subtype);
}

}  // namespace penstock
