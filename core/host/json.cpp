#include "host/builder.hpp"

#include <charconv>

#include <penstock/json.hpp>
#include <penstock/text.hpp>

namespace penstock::host {
namespace {

const JsonValue* element(const JsonValue& array, std::string_view token) {
  std::uint32_t index = 0;
  const char* const all = token.data() + token.size();
  const auto [end, error] = std::from_chars(token.data(), all, index);
  const bool found = error == std::errc() && end == all && index < array.items.size();
  return found ? &array.items[index] : nullptr;
}

/// The value that an RFC 6901 pointer names; null: there is none.
const JsonValue* resolve(const JsonValue& root, std::string_view pointer) {
  const JsonValue* at = &root;
  while (at != nullptr && !pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    const std::string token = take_token(pointer);
    at = at->is_array() ? element(*at, token) : at->find(token);
  }
  return at;
}

}  // namespace

std::int32_t json_get(pst_cx* cx, pst_str doc, pst_str pointer, pst_str* out) noexcept {
  return guard(cx, [&]() -> std::int32_t {
    const auto document = parse_json(view(doc), DuplicateNames::keep);
    // A response that is not JSON is the vendor's fault, not the plugin's: the result is empty.
    const JsonValue* found = document ? resolve(*document, view(pointer)) : nullptr;
    const bool is_null = found == nullptr || found->kind == JsonValue::Kind::null;
    return store_result(cx, is_null ? std::string() : found->plain_text(), out);
  });
}

}  // namespace penstock::host
