#include "penstock/http.hpp"

#include <algorithm>

#include <penstock/text.hpp>

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

bool list_has_member(std::string_view list, std::string_view member) noexcept {
  bool found = false;
  for_each_list_member(
      list, [&](std::string_view one) { found = found || equal_ignoring_case(one, member); });
  return found;
}

std::optional<std::vector<Field>> media_type_parameters(std::string_view text) {
  std::vector<Field> out;
  text.remove_prefix(std::min(text.find(';'), text.size()));
  const auto skip_blanks = [&] {
    while (!text.empty() && is_blank(text.front()))
      text.remove_prefix(1);
  };
  const auto take_token = [&] {
    const auto* end = std::ranges::find_if_not(text, is_token_char);
    const auto size = static_cast<std::size_t>(end - text.begin());
    std::string token(text.substr(0, size));
    text.remove_prefix(size);
    return token;
  };
  while (skip_blanks(), !text.empty()) {
    if (text.front() != ';') return std::nullopt;
    text.remove_prefix(1);
    skip_blanks();
    if (text.empty() || text.front() == ';') continue;
    Field parameter{lower(take_token()), {}};
    skip_blanks();
    if (parameter.name.empty() || !text.starts_with('=')) return std::nullopt;
    text.remove_prefix(1);
    skip_blanks();
    if (text.starts_with('"')) {
      text.remove_prefix(1);
      while (!text.empty() && text.front() != '"') {
        if (text.front() == '\\') text.remove_prefix(1);
        if (text.empty()) break;
        parameter.value += text.front();
        text.remove_prefix(1);
      }
      if (text.empty()) return std::nullopt;
      text.remove_prefix(1);
    } else {
      parameter.value = take_token();
      if (parameter.value.empty()) return std::nullopt;
    }
    out.push_back(std::move(parameter));
  }
  return out;
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
