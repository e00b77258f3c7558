#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <penstock/sdk/plugin_abi.h>

#include "host/invocation.hpp"

/// One invocation. The plugin sees only the name of this type.
struct pst_cx {
  penstock::host::Outcome* outcome = nullptr;
  const penstock::Egress* egress = nullptr;
  const penstock::host::Connection* connection = nullptr;
  std::string refusal;  ///< the first refused value; fails the invocation
  std::int32_t refusal_kind = PST_E_INTERNAL;
  const char* broken = nullptr;  ///< why the host could not do what was asked; fails it as well
  bool failed = false;           ///< fail() was called
  const std::vector<penstock::Field>* body_scope = nullptr;  ///< prefixes bound round the body
  std::deque<std::string> arena;  ///< helper results; a deque keeps their addresses
  std::size_t built_bytes = 0;
};

namespace penstock::host {

inline std::string_view view(pst_str text) noexcept {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

inline pst_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// Puts `text` into the arena and points `out` there.
std::int32_t give(pst_cx* cx, std::string text, pst_str* out);

/// Notes the first refusal of an invocation and whose fault it is (PST_E_*). Always returns -1.
std::int32_t refuse(pst_cx* cx, std::string why, std::int32_t kind = PST_E_INTERNAL);

/// Runs one function of the host. An exception, such as for want of memory, fails the invocation,
/// and takes no memory to do so: a plugin may ignore the result, and must not send what it could
/// not complete.
std::int32_t guard(pst_cx* cx, auto&& body) noexcept {
  if (cx == nullptr) return -1;
  try {
    return body();
  } catch (...) {
    cx->broken = "the engine had not the memory for what it built";
    return -1;
  }
}

/// The functions that every plugin is given.
const pst_host& host_functions() noexcept;

// helpers, one file each
std::int32_t json_get(pst_cx*, pst_str doc, pst_str pointer, pst_str* out) noexcept;
std::int32_t xml_get(pst_cx*, pst_str doc, pst_str local_path, pst_str* out) noexcept;
std::int32_t xml_root(pst_cx*, pst_str doc, pst_str* ns, pst_str* local) noexcept;
std::int32_t digest(pst_cx*, pst_str alg, pst_str data, pst_str* out) noexcept;
std::int32_t hmac(pst_cx*, pst_str alg, pst_str key, pst_str data, pst_str* out) noexcept;
std::int32_t sign(pst_cx*, pst_str alg, pst_str key_field, pst_str data, pst_str* out) noexcept;

}  // namespace penstock::host
