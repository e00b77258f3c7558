#include "http_text.hpp"

#include <algorithm>
#include <openssl/evp.h>

namespace penstock::sandbox {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    auto end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                          reinterpret_cast<const unsigned char*>(bytes.data()),
                          static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(n));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  // EVP_DecodeBlock alone would accept whitespace and miscount the padding.
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  for (char c : text.substr(0, text.size() - padding))
    if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
          c == '/'))
      return std::nullopt;
  std::string out(text.size() / 4 * 3 + 1, '\0');
  int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                          reinterpret_cast<const unsigned char*>(text.data()),
                          static_cast<int>(text.size()));
  if (n < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(n) - padding);
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string standard;
  for (char c : text) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    standard += c == '-' ? '+' : c == '_' ? '/' : c;
  }
  standard.append((4 - standard.size() % 4) % 4, '=');
  return from_base64(standard);
}

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char c : bytes) {
    out += digits[c >> 4];
    out += digits[c & 15];
  }
  return out;
}

std::string sha256(std::string_view bytes) {
  unsigned char digest[32];
  unsigned int size = sizeof digest;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<char*>(digest), size};
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::optional<Fields> form_fields(std::string_view text) {
  Fields fields;
  if (text.empty()) return fields;
  for (auto pair : split(text, '&')) {
    std::string plain{pair};
    std::replace(plain.begin(), plain.end(), '+', ' ');
    auto equals = plain.find('=');
    auto name = percent_decoded(std::string_view{plain}.substr(0, equals));
    auto value = equals == std::string::npos
                     ? std::optional<std::string>{""}
                     : percent_decoded(std::string_view{plain}.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    fields.emplace_back(std::move(*name), std::move(*value));
  }
  return fields;
}

std::optional<std::string> only(const Fields& fields, std::string_view name) {
  std::optional<std::string> found;
  for (const auto& [key, value] : fields) {
    if (key != name) continue;
    if (found) return std::nullopt;
    found = value;
  }
  return found;
}

std::string value_or(const Fields& fields, std::string_view name, std::string_view otherwise) {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return std::string{otherwise};
}

std::optional<Target> parse_target(std::string_view target) {
  if (target.empty() || target[0] != '/') return std::nullopt;
  Target parsed;
  auto question = target.find('?');
  for (auto segment :
       split(target.substr(1, question == std::string_view::npos ? question : question - 1), '/')) {
    auto decoded = percent_decoded(segment);
    if (!decoded) return std::nullopt;
    parsed.segments.push_back(std::move(*decoded));
  }
  if (question != std::string_view::npos) {
    auto query = form_fields(target.substr(question + 1));
    if (!query) return std::nullopt;
    parsed.query = std::move(*query);
  }
  return parsed;
}

std::optional<std::vector<std::string>> match(const Target& target, std::string_view pattern) {
  auto wanted = split(pattern.substr(1), '/');
  if (wanted.size() != target.segments.size()) return std::nullopt;
  std::vector<std::string> captured;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& segment = target.segments[i];
    if (wanted[i] == "{}" && !segment.empty())
      captured.push_back(segment);
    else if (wanted[i] != segment)
      return std::nullopt;
  }
  return captured;
}

std::optional<Authorization> parse_authorization(std::string_view value) {
  value = trimmed(value);
  auto space = value.find(' ');
  if (space == 0 || space == std::string_view::npos) return std::nullopt;
  return Authorization{lower(value.substr(0, space)),
                       std::string{trimmed(value.substr(space + 1))}};
}

std::optional<std::pair<std::string, std::string>> user_and_password(std::string_view credentials) {
  auto plain = from_base64(credentials);
  if (!plain) return std::nullopt;
  auto colon = plain->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return std::pair{plain->substr(0, colon), plain->substr(colon + 1)};
}

std::optional<std::pair<std::string, std::string>> basic_credentials(std::string_view value) {
  auto authorization = parse_authorization(value);
  if (!authorization || authorization->scheme != "basic") return std::nullopt;
  return user_and_password(authorization->credentials);
}

}  // namespace penstock::sandbox
