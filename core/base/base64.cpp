#include <algorithm>
#include <climits>

#include <openssl/evp.h>

#include "penstock/text.hpp"

namespace penstock {
namespace {

// OpenSSL counts in int. Both sizes are whole groups.
constexpr std::size_t max_bytes = 3U << 28U, max_text = 4U << 28U;
static_assert(max_text < INT_MAX);

const unsigned char* raw(const char* text) { return reinterpret_cast<const unsigned char*>(text); }
unsigned char* raw(char* text) { return reinterpret_cast<unsigned char*>(text); }

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '\0');
  for (std::size_t at = 0; at < bytes.size(); at += max_bytes) {
    const auto size = static_cast<int>(std::min(max_bytes, bytes.size() - at));
    EVP_EncodeBlock(raw(out.data() + at / 3 * 4), raw(bytes.data() + at), size);
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  // OpenSSL skips white space at both ends and takes a = anywhere for an A.
  const std::size_t padding = text.size() - (text.find_last_not_of('=') + 1);
  if (text.size() % 4 != 0 || padding > 2 || text.find('=') < text.size() - padding)
    return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  for (std::size_t at = 0; at < text.size(); at += max_text) {
    const auto size = static_cast<int>(std::min(max_text, text.size() - at));
    if (EVP_DecodeBlock(raw(out.data() + at / 4 * 3), raw(text.data() + at), size) != size / 4 * 3)
      return std::nullopt;
  }
  out.resize(out.size() - padding);
  return out;
}

}  // namespace penstock
