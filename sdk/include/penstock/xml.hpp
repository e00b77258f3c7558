#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <penstock/plugin.hpp>

namespace penstock::sdk {

/// Text for an XML element or a double-quoted attribute. A character that XML 1.0 cannot hold, and bytes that are no
/// UTF-8, end the invocation with PST_E_BAD_CONNECTION: it is a connection's values that go through here.
inline std::string xml_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  std::size_t continuation = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = (byte & 0xC0U) == 0x80U;
    if ((continuation > 0) != continues || byte == 0xC0 || byte == 0xC1 || byte > 0xF4) {
      fail(PST_E_BAD_CONNECTION, "a value is not UTF-8");
    }
    if (continues) {
      --continuation;
    } else if (byte >= 0x80) {
      continuation = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
    } else if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f) {
      fail(PST_E_BAD_CONNECTION, "a value has a control character");
    }
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\r': out += "&#13;"; break;
      default: out += c;
    }
  }
  if (continuation > 0) fail(PST_E_BAD_CONNECTION, "a value is not UTF-8");
  return out;
}

}  // namespace penstock::sdk
