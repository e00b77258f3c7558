#include "base/mask.hpp"

#include <algorithm>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/text.hpp"

namespace penstock {
namespace {

constexpr std::size_t shortest = 4;
constexpr std::string_view stars = "***";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// As text, where quotes need no escape.
std::string xml_text(std::string_view text) {
  std::string out = replaced(std::string(text), "&", "&amp;");
  return replaced(replaced(std::move(out), "<", "&lt;"), ">", "&gt;");
}

std::string hex(std::string_view text, std::string_view digits) {
  std::string out;
  for (const char c : text) {
    out += digits[static_cast<unsigned char>(c) >> 4U];
    out += digits[static_cast<unsigned char>(c) & 0xFU];
  }
  return out;
}

/// "%2F" as "%2f".
std::string lower_percent(std::string text) {
  for (std::size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at + 1)) {
    for (const std::size_t digit : {at + 1, at + 2})
      text[digit] = lower(text.substr(digit, 1)).front();
  }
  return text;
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
  const std::string percent = percent_encode(secret);
  for (const std::string& form : {percent, replaced(percent, "%20", "+")}) {
    add_form(form);
    add_form(lower_percent(form));
  }
  const std::string xml = xml_text(secret);
  add_form(xml);
  add_form(replaced(replaced(xml, "\"", "&quot;"), "'", "&apos;"));
  add_form(replaced(replaced(xml, "\"", "&#34;"), "'", "&#39;"));
  add_form(replaced(xml, "\"", "&quot;"));  // in an attribute
  const std::string json = json_escaped(secret);
  add_form(json);
  add_form(replaced(json, "/", "\\/"));
  add_form(hex(secret, "0123456789abcdef"));
  add_form(hex(secret, "0123456789ABCDEF"));
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string base64 = base64_core(secret, before);
    add_form(base64);
    add_form(replaced(replaced(base64, "+", "-"), "/", "_"));
  }
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
