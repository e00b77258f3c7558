#include "host/builder.hpp"

#include <charconv>

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/json.hpp"

namespace penstock::host {
namespace {

/// Follows an RFC 6901 pointer. rapidjson::Pointer would also accept URI fragments.
const rapidjson::Value* resolve(const rapidjson::Value& root, std::string_view pointer) {
  const rapidjson::Value* at = &root;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    std::string token;
    for (std::size_t i = 0; i < end; ++i) {
      if (pointer[i] == '~' && i + 1 < end) {
        token += pointer[++i] == '0' ? '~' : '/';
      } else {
        token += pointer[i];
      }
    }
    pointer.remove_prefix(end);
    if (at->IsObject()) {
      const auto member = at->FindMember(token);
      if (member == at->MemberEnd()) return nullptr;
      at = &member->value;
    } else if (at->IsArray()) {
      std::uint32_t index = 0;
      const auto [rest, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      if (error != std::errc() || rest != token.data() + token.size() || index >= at->Size())
        return nullptr;
      at = &(*at)[index];
    } else {
      return nullptr;
    }
  }
  return at;
}

std::string as_text(const rapidjson::Value& value) {
  if (value.IsString()) return {value.GetString(), value.GetStringLength()};
  if (value.IsNull()) return {};
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

std::int32_t json_get(pst_cx* cx, pst_str doc, pst_str pointer, pst_str* out) noexcept {
  return guard(cx, [&]() -> std::int32_t {
    // Some servers send a byte order mark before JSON; RFC 8259 section 8.1 lets readers ignore it.
    std::string_view text = view(doc);
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const auto document = parse_json(text);
    // A response that is not JSON is the vendor's fault, not the plugin's: the result is empty.
    const rapidjson::Value* found = document ? resolve(**document, view(pointer)) : nullptr;
    return store_result(cx, found == nullptr ? std::string() : as_text(*found), out);
  });
}

}  // namespace penstock::host
