#include "base/mask.hpp"

#include <algorithm>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/text.hpp"

namespace penstock {
namespace {

constexpr std::size_t shortest = 4;
constexpr std::string_view stars = "***";

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&apos;";
      break;
    default:
      out += c;
    }
  }
  return out;
}

std::string json_escaped(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {buffer.GetString() + 1, buffer.GetSize() - 2};
}

/// The characters of base64 that depend on the secret alone when `before` other bytes stand in
/// front of it.
std::string base64_core(std::string_view secret, std::size_t before) {
  const std::string encoded = base64_encode(std::string(before, '\0') + std::string(secret));
  const std::size_t head = before == 0 ? 0 : before + 1;  // characters that mix in foreign bits
  const std::size_t whole = (before + secret.size()) / 3 * 4;
  return whole > head ? encoded.substr(head, whole - head) : std::string();
}

}  // namespace

void Masker::add(std::string_view secret) {
  if (secret.size() < shortest) return;
  add_form(std::string(secret));
  add_form(percent_encode(secret));
  add_form(xml_escaped(secret));
  add_form(json_escaped(secret));
  for (std::size_t before = 0; before < 3; ++before)
    add_form(base64_core(secret, before));
  std::ranges::stable_sort(needles_, std::ranges::greater{}, &std::string::size);
}

void Masker::add_form(std::string form) {
  if (form.size() >= shortest && std::ranges::find(needles_, form) == needles_.end())
    needles_.push_back(std::move(form));
}

std::string Masker::mask(std::string text) const {
  for (const std::string& needle : needles_) {
    for (std::size_t at = text.find(needle); at != std::string::npos;
         at = text.find(needle, at + stars.size())) {
      text.replace(at, needle.size(), stars);
    }
  }
  return text;
}

}  // namespace penstock
