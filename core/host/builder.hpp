#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <penstock/sdk/plugin_abi.h>

#include "host/invocation.hpp"

/// One invocation of a plugin function. To plugins it is an opaque type.
struct pst_cx {
  penstock::host::Outcome* outcome = nullptr;
  const penstock::Egress* egress = nullptr;
  const penstock::host::Connection* connection = nullptr;
  std::string refusal;  ///< the first refusal; fails the invocation
  std::int32_t refusal_kind = PST_E_INTERNAL;
  const char* broken = nullptr;  ///< why a host function failed; fails the invocation, too
  bool failed = false;           ///< fail() was called
  const std::vector<penstock::Field>* body_scope = nullptr;  ///< prefixes bound around the body
  bool keyed_session = false;     ///< the invocation is for a session with a session.key
  std::deque<std::string> arena;  ///< helper results; a deque keeps their addresses stable
  std::size_t built_bytes = 0;
};

namespace penstock::host {

inline std::string_view view(pst_str text) noexcept {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

inline pst_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// Stores `text` in the arena and points `out` at it. Returns 0; refuses a null `out`.
std::int32_t store_result(pst_cx* cx, std::string text, pst_str* out);

/// Records the first refusal of an invocation; `kind` (PST_E_*) says whose fault it is. Always
/// returns -1.
std::int32_t refuse(pst_cx* cx, std::string why, std::int32_t kind = PST_E_INTERNAL);

/// Runs one host function. An exception, such as for lack of memory, fails the invocation without
/// allocating: a plugin may ignore the result, and must not send an incomplete request.
std::int32_t guard(pst_cx* cx, auto&& body) noexcept {
  if (cx == nullptr) return -1;
  try {
    return body();
  } catch (...) {
    cx->broken = "the engine ran out of memory for what it built";
    return -1;
  }
}

/// The table of host functions, the same for every plugin. [any-thread]
const pst_host& host_functions() noexcept;

// Helpers for plugins, in json.cpp, xml.cpp and crypto.cpp.
std::int32_t json_get(pst_cx*, pst_str doc, pst_str pointer, pst_str* out) noexcept;
std::int32_t xml_get(pst_cx*, pst_str doc, pst_str local_path, pst_str* out) noexcept;
std::int32_t xml_root(pst_cx*, pst_str doc, pst_str* ns, pst_str* local) noexcept;
std::int32_t digest(pst_cx*, pst_str alg, pst_str data, pst_str* out) noexcept;
std::int32_t hmac(pst_cx*, pst_str alg, pst_str key, pst_str data, pst_str* out) noexcept;
std::int32_t sign(pst_cx*, pst_str alg, pst_str key_field, pst_str data, pst_str* out) noexcept;

}  // namespace penstock::host
