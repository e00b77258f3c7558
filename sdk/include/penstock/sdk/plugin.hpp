#pragma once

// The C++ interface to plugin_abi.h. A plugin is a class with prepare(), and with session() or
// inspect() if it needs them.
//
//   struct HiBob {
//     Verdict prepare(Out& out, const PrepareIn& in) const {
//       out.header("Authorization", basic(in.conn["service_user_id"], in.conn["token"]));
//       return Verdict::ok;
//     }
//   };
//   PENSTOCK_PLUGIN(HiBob)
//
// Header-only and stateless: no inline variables and no function-local statics, so two plugins can
// never share any. Everything here lives for one invocation; views become invalid with it.

#include <concepts>
#include <cstdint>
#include <exception>
#include <type_traits>

#include <penstock/sdk/inputs.hpp>
#include <penstock/sdk/out.hpp>
#include <penstock/sdk/plugin_abi.h>

// Set by penstock_add_plugin(): 1 if an API of the manifest declares a session, or an inspect
// window, else 0; -1: not known.
#ifndef PENSTOCK_MANIFEST_SESSION
#define PENSTOCK_MANIFEST_SESSION (-1)
#endif
#ifndef PENSTOCK_MANIFEST_INSPECT
#define PENSTOCK_MANIFEST_INSPECT (-1)
#endif

namespace penstock::sdk {
namespace detail {

/// One instance: the plugin's class and the host's functions.
template <class Plugin>
struct Holder {
  const pst_host* host;
  Plugin plugin;
};

/// Catches all exceptions: nothing unwinds across the ABI boundary.
template <class Function>
std::int32_t guarded(const pst_host* host, pst_cx* cx, Function&& function) noexcept {
  try {
    return static_cast<std::int32_t>(function());
  } catch (const Failure& failure) {
    host->fail(cx, failure.kind, str(failure.vendor_code), str(failure.message));
  } catch (const std::exception& error) {
    host->fail(cx, PST_E_INTERNAL, {nullptr, 0}, str(error.what()));
  } catch (...) {
    host->fail(cx, PST_E_INTERNAL, {nullptr, 0}, str("an unknown exception"));
  }
  return PST_FAILED;
}

template <class Plugin>
std::int32_t create(const pst_host* host, pst_cx* cx, pst_str, void** self) noexcept {
  // Every host of major version 1 has these members; a later member is checked with PST_HAS where
  // it is used.
  if (host->abi_major != PST_ABI_MAJOR || !PST_HAS(host, sign)) return PST_FAILED;
  return guarded(host, cx, [&] {
    *self = new Holder<Plugin>{host, Plugin{}};
    return Verdict::ok;
  });
}

template <class Plugin>
void destroy(void* self) noexcept {
  delete static_cast<Holder<Plugin>*>(self);
}

template <class Plugin>
std::int32_t prepare(void* self, pst_cx* cx, const pst_prepare_in* in) noexcept {
  const auto* holder = static_cast<const Holder<Plugin>*>(self);
  return guarded(holder->host, cx, [&] {
    Out out(holder->host, cx);
    return holder->plugin.prepare(out, PrepareIn(in));
  });
}

template <class Plugin>
std::int32_t session(void* self, pst_cx* cx, const pst_session_in* in) noexcept {
  const auto* holder = static_cast<const Holder<Plugin>*>(self);
  return guarded(holder->host, cx, [&] {
    Out out(holder->host, cx);
    return holder->plugin.session(out, SessionIn(in));
  });
}

template <class Plugin>
std::int32_t inspect(void* self, pst_cx* cx, const pst_inspect_in* in) noexcept {
  const auto* holder = static_cast<const Holder<Plugin>*>(self);
  return guarded(holder->host, cx, [&] {
    Out out(holder->host, cx);
    return holder->plugin.inspect(out, InspectIn(in));
  });
}

using SessionFunction = std::int32_t (*)(void*, pst_cx*, const pst_session_in*);
using InspectFunction = std::int32_t (*)(void*, pst_cx*, const pst_inspect_in*);

template <class Plugin>
concept Prepares = requires(const Plugin& p, Out& out, const PrepareIn& in) {
  { p.prepare(out, in) } -> std::same_as<Verdict>;
};
template <class Plugin>
concept HasSession = requires(const Plugin& p, Out& out, const SessionIn& in) {
  { p.session(out, in) } -> std::same_as<Verdict>;
};
template <class Plugin>
concept HasInspect = requires(const Plugin& p, Out& out, const InspectIn& in) {
  { p.inspect(out, in) } -> std::same_as<Verdict>;
};

// Detects whether a class has a member of that name, of any kind: if a second base class has the
// same name, the name is ambiguous.
struct SessionName {
  int session;
};
struct InspectName {
  int inspect;
};
template <class Plugin, class Name>
struct Beside : Plugin, Name {};

template <class Plugin>
constexpr bool names_session() {
  if constexpr (std::is_final_v<Plugin>) {
    return requires { &Plugin::session; };
  } else {
    return !requires { &Beside<Plugin, SessionName>::session; };
  }
}

template <class Plugin>
constexpr bool names_inspect() {
  if constexpr (std::is_final_v<Plugin>) {
    return requires { &Plugin::inspect; };
  } else {
    return !requires { &Beside<Plugin, InspectName>::inspect; };
  }
}

/// Turns mismatches between a class and its manifest into compile errors: a function that is never
/// called is a credential check that never happens.
template <class Plugin, int ManifestSession, int ManifestInspect>
constexpr bool checked() {
  static_assert(Prepares<Plugin>,
                "a plugin's class needs a public `Verdict prepare(Out&, const PrepareIn&) const`");
  static_assert(HasSession<Plugin> || !names_session<Plugin>(),
                "session must be a public `Verdict session(Out&, const SessionIn&) const`");
  static_assert(HasInspect<Plugin> || !names_inspect<Plugin>(),
                "inspect must be a public `Verdict inspect(Out&, const InspectIn&) const`");
  static_assert(ManifestSession != 1 || HasSession<Plugin>,
                "manifest.json declares \"session\", and the class has no member session");
  static_assert(ManifestSession != 0 || !HasSession<Plugin>,
                "the class has session(), and no API of manifest.json declares \"session\"");
  static_assert(ManifestInspect != 1 || HasInspect<Plugin>,
                "manifest.json declares \"inspect\", and the class has no member inspect");
  static_assert(ManifestInspect != 0 || !HasInspect<Plugin>,
                "the class has inspect(), and no API of manifest.json declares \"inspect\"");
  return true;
}

template <class Plugin>
constexpr SessionFunction session_function() {
  if constexpr (HasSession<Plugin>) return &session<Plugin>;
  return nullptr;
}

template <class Plugin>
constexpr InspectFunction inspect_function() {
  if constexpr (HasInspect<Plugin>) return &inspect<Plugin>;
  return nullptr;
}

}  // namespace detail
}  // namespace penstock::sdk

// The manifest's bytes: penstock_add_plugin() places the folder's manifest.json in section
// .pst_manifest under this name.
extern "C" __attribute__((visibility("hidden"))) const char pst_manifest_bytes[];

/// Exports the plugin. Use it once per library, at namespace scope. penstock_add_plugin() defines
/// PENSTOCK_MANIFEST_SIZE. The entry is constinit because a host may read the entry of a library
/// whose constructors it does not trust.
#define PENSTOCK_PLUGIN(Type)                                                                      \
  static_assert(penstock::sdk::detail::checked<Type, PENSTOCK_MANIFEST_SESSION,                    \
                                               PENSTOCK_MANIFEST_INSPECT>());                      \
  extern "C" __attribute__((visibility("default"))) const pst_plugin pst_plugin_v1;                \
  constinit const pst_plugin pst_plugin_v1 = {sizeof(pst_plugin),                                  \
                                              PST_ABI_MAJOR,                                       \
                                              PST_ABI_MINOR,                                       \
                                              {pst_manifest_bytes, PENSTOCK_MANIFEST_SIZE},        \
                                              &penstock::sdk::detail::create<Type>,                \
                                              &penstock::sdk::detail::destroy<Type>,               \
                                              &penstock::sdk::detail::prepare<Type>,               \
                                              penstock::sdk::detail::session_function<Type>(),     \
                                              penstock::sdk::detail::inspect_function<Type>(),     \
                                              nullptr};
