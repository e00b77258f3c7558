// A secret in a text, in encodings that the input chooses and mixes: nothing of it remains.
// A text without a secret is not changed. libFuzzer checks the time.
#include <algorithm>
#include <cstdio>

#include <penstock/text.hpp>

#include "base/redactor.hpp"
#include "fuzz.hpp"

namespace penstock::fuzz {
namespace {

std::string hex(unsigned value, const char* format) {
  char out[24] = {};
  std::snprintf(out, sizeof out, format, value);
  return out;
}

/// One ASCII character as one of the codings writes it.
std::string coded(char c, std::uint8_t how) {
  const auto byte = static_cast<unsigned char>(c);
  switch (how % 10) {
  case 0:
    return hex(byte, "%%%02X");
  case 1:
    return hex(byte, "%%%02x");
  case 2:
    return hex(byte, "&#%u;");
  case 3:
    return hex(byte, "&#%07u;");
  case 4:
    return hex(byte, "&#x%X;");
  case 5:
    return hex(byte, "\\u%04x");
  case 6:
    return hex(byte, "\\x%02x");
  case 7:
    return hex(byte, "%%u%04X");
  default:
    return std::string(1, c);
  }
}

std::string coded(std::string_view text, Input& choices) {
  std::string out;
  for (const char c : text) {
    // What begins a coding has to be coded itself, or the layer below would be another one.
    const bool begins = c == '%' || c == '&' || c == '\\';
    out += coded(c, static_cast<std::uint8_t>(choices.byte() % (begins ? 5 : 10)));
  }
  return out;
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  fuzz::Input input(data, size);
  std::string secret(input.text());
  // Letters and digits alone mean the same in every coding, so that what was written is known.
  std::erase_if(secret, [](char c) { return !fuzz::is_plain(c); });
  if (secret.size() < 8 || secret.size() > 200) return 0;
  Redactor redactor;
  redactor.add(secret);

  const unsigned layers = input.byte() % 3 + 1;
  fuzz::Input choices(data, size);
  std::string written = secret;
  for (unsigned layer = 0; layer < layers; ++layer)
    written = fuzz::coded(written, choices);
  fuzz::require(redactor.redact("<" + written + ">") == "<***>", "a coded secret is gone", written);

  const std::string before(input.text());
  std::string base64 = base64_encode(before + secret + std::string(input.text()));
  fuzz::require(redactor.redact("<" + base64 + ">") == "<***>", "so is one in base64", base64);
  std::ranges::replace(base64, '+', '-');
  std::ranges::replace(base64, '/', '_');
  fuzz::require(redactor.redact("<" + base64 + ">") == "<***>", "and in base64url", base64);

  const std::string rest(input.rest());
  const std::string masked = redactor.redact(rest);
  fuzz::require(masked.find(secret) == std::string::npos, "no text keeps it", rest);
  fuzz::require(masked == rest || masked.find("***") != std::string::npos,
                "what is no secret stays", rest);
  return 0;
}
