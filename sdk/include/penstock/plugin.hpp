#pragma once

// The C++ face of plugin_abi.h: a plugin is a class with prepare(), and session() or inspect()
// where it needs them.
//
//   struct HiBob {
//     Verdict prepare(Out& out, const PrepareIn& in) const {
//       out.header("Authorization", basic(in.conn["service_user_id"], in.conn["token"]));
//       return Verdict::ok;
//     }
//   };
//   PENSTOCK_PLUGIN(HiBob)
//
// Header-only and without state of its own: no inline variables, no function-local statics, so that
// two plugins can never share any. Everything here lives in one invocation; views die with it.

#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <penstock/plugin_abi.h>

namespace penstock::sdk {

inline std::string_view view(pst_str text) noexcept {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}
inline pst_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// What a function of a plugin answers; see PST_OK and its neighbours.
enum class Verdict : std::int32_t {
  ok = PST_OK,
  need_session = PST_NEED_SESSION,
  fetch = PST_FETCH,
  reauth = PST_REAUTH,
  retry = PST_RETRY,
  pass = PST_PASS,
  failed = PST_FAILED,
};

/// Thrown by fail(); ends the invocation with PST_FAILED.
struct Failure {
  std::int32_t kind;  ///< PST_E_*
  std::string message, vendor_code;
};

/// Ends the invocation: `message` is shown to the caller and must hold no secret.
[[noreturn]] inline void fail(std::int32_t kind, std::string message,
                              std::string vendor_code = {}) {
  throw Failure{kind, std::move(message), std::move(vendor_code)};
}

/// Named values: a connection, options, headers, query. Names are compared exactly.
class Fields {
 public:
  Fields() = default;
  Fields(const pst_kv* items, std::uint32_t count) : items_(items), count_(count) {}

  /// Empty where there is none.
  std::string_view operator[](std::string_view name) const noexcept {
    const pst_kv* found = find(name);
    return found == nullptr ? std::string_view() : view(found->val);
  }
  bool has(std::string_view name) const noexcept { return find(name) != nullptr; }

 private:
  const pst_kv* find(std::string_view name) const noexcept {
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (view(items_[i].key) == name) return &items_[i];
    }
    return nullptr;
  }
  const pst_kv* items_ = nullptr;
  std::uint32_t count_ = 0;
};

/// The only time and randomness there is.
class Env {
 public:
  explicit Env(const pst_env* env) : env_(env) {}
  std::int64_t now_ms() const noexcept { return env_->now_unix_ms; }
  std::uint32_t attempt() const noexcept { return env_->attempt; }
  std::uint64_t session_seq() const noexcept { return env_->session_seq; }
  std::string_view entropy() const noexcept {
    return {reinterpret_cast<const char*>(env_->entropy), sizeof env_->entropy};
  }

 private:
  const pst_env* env_;
};

/// A session, or nothing.
class Session {
 public:
  explicit Session(const pst_state* state) : state_(state) {}
  explicit operator bool() const noexcept { return state_ != nullptr; }
  std::string_view operator[](std::string_view name) const noexcept {
    return state_ == nullptr ? std::string_view() : Fields(state_->items, state_->n_items)[name];
  }
  std::int64_t created_ms() const noexcept { return state_ == nullptr ? 0 : state_->created_ms; }
  std::int64_t expires_ms() const noexcept { return state_ == nullptr ? 0 : state_->expires_ms; }

  /// Whether it is there and holds for `slack_ms` more. Of a life so short that it would never do,
  /// the second half is slack: a session that was just made is always fresh.
  bool fresh(const Env& env, std::int64_t slack_ms) const noexcept {
    if (state_ == nullptr) return false;
    if (state_->expires_ms == 0) return true;
    const std::int64_t life = state_->expires_ms - state_->created_ms;
    const std::int64_t slack = state_->created_ms != 0 && life / 2 < slack_ms ? life / 2 : slack_ms;
    return env.now_ms() < state_->expires_ms - slack;
  }

 private:
  const pst_state* state_;
};

struct Call {
  explicit Call(const pst_call* call)
      : api(view(call->api)), method(view(call->method)), url(view(call->url)),
        path(view(call->path)), body(view(call->body)), options(call->options, call->n_options),
        headers(call->headers, call->n_headers), query(call->query, call->n_query),
        flags(call->flags) {}

  /// The body is a whole SOAP envelope of the caller's.
  bool enveloped() const noexcept { return (flags & PST_CALL_ENVELOPED) != 0; }

  std::string_view api, method, url, path;
  std::string_view body;  ///< where the manifest asks for it
  Fields options, headers, query;
  std::uint32_t flags;
};

class Reply {
 public:
  explicit Reply(const pst_reply* reply) : reply_(reply) {}
  int status() const noexcept { return reply_ == nullptr ? 0 : static_cast<int>(reply_->status); }
  std::string_view body() const noexcept {
    return reply_ == nullptr ? std::string_view() : view(reply_->body);
  }
  std::string_view header(std::string_view lower_name) const noexcept {
    return reply_ == nullptr ? std::string_view()
                             : Fields(reply_->headers, reply_->n_headers)[lower_name];
  }
  bool truncated() const noexcept {
    return reply_ != nullptr && (reply_->flags & PST_REPLY_TRUNCATED) != 0;
  }

 private:
  const pst_reply* reply_;
};

struct PrepareIn {
  explicit PrepareIn(const pst_prepare_in* in)
      : env(in->env), conn(in->conn->fields, in->conn->n_fields), connection_id(view(in->conn->id)),
        session(in->session), call(in->call) {}
  Env env;
  Fields conn;
  std::string_view connection_id;
  Session session;
  Call call;
};

struct SessionIn {
  explicit SessionIn(const pst_session_in* in)
      : event(in->event), env(in->env), conn(in->conn->fields, in->conn->n_fields),
        old(in->session), carried(in->carried->items, in->carried->n_items), reply(in->reply) {}
  std::uint32_t event;  ///< PST_EV_*
  Env env;
  Fields conn;
  Session old;
  Fields carried;
  Reply reply;
};

struct InspectIn {
  explicit InspectIn(const pst_inspect_in* in)
      : env(in->env), conn(in->conn->fields, in->conn->n_fields), session(in->session),
        call(in->call), reply(in->reply) {}
  Env env;
  Fields conn;
  Session session;
  Call call;
  Reply reply;
};

/// What a plugin builds with. The host checks each value and fails the invocation for a bad one.
/// Results of helpers are views that live as long as the invocation.
class Out {
 public:
  using Text = std::string_view;
  Out(const pst_host* host, pst_cx* cx) : host_(host), cx_(cx) {}

  Out& method(Text text) { return host_->set_method(cx_, str(text)), *this; }
  Out& url(Text text) { return host_->set_url(cx_, str(text)), *this; }
  Out& header(Text name, Text value) {
    return host_->set_header(cx_, str(name), str(value)), *this;
  }
  Out& query(Text name, Text value) { return host_->add_query(cx_, str(name), str(value)), *this; }
  Out& body(Text text) { return host_->set_body(cx_, str(text)), *this; }
  Out& wrap(Text prefix, Text suffix) {
    return host_->wrap_body(cx_, str(prefix), str(suffix)), *this;
  }
  Out& soap(Text namespaces, Text header) {
    return host_->wrap_soap(cx_, str(namespaces), str(header)), *this;
  }

  Out& put(Text key, Text value, bool secret = true) {
    return host_->put_session(cx_, str(key), str(value), secret ? PST_KV_SECRET : 0), *this;
  }
  Out& expires(std::int64_t unix_ms) { return host_->expire_session(cx_, unix_ms), *this; }
  Out& credential(Text field, Text value) {
    return host_->put_credential(cx_, str(field), str(value)), *this;
  }
  Out& carry(Text key, Text value) { return host_->carry(cx_, str(key), str(value)), *this; }

  Out& note(Text key, Text value) { return host_->note(cx_, str(key), str(value)), *this; }
  Out& retry_after(std::int64_t ms) { return host_->retry_after(cx_, ms), *this; }
  /// Level 0 is debug, 1 info, 2 warning, 3 error. The host masks every secret of the connection.
  Out& log(std::int32_t level, Text text) { return host_->log(cx_, level, str(text)), *this; }

  /// The value at an RFC 6901 pointer as text; empty where there is none.
  Text json(Text doc, Text pointer) {
    pst_str found{};
    host_->json_get(cx_, str(doc), str(pointer), &found);
    return view(found);
  }
  /// The text at a path of local names, "Envelope/Body/Fault/faultcode"; empty where there is none.
  Text xml(Text doc, Text local_path) {
    pst_str found{};
    host_->xml_get(cx_, str(doc), str(local_path), &found);
    return view(found);
  }
  struct Root {
    Text ns, local;
  };
  /// Namespace and local name of the first element; empty where there is none.
  Root xml_root(Text doc) {
    pst_str ns{}, local{};
    host_->xml_root(cx_, str(doc), &ns, &local);
    return {view(ns), view(local)};
  }
  /// Raw bytes. `alg` is "sha1", "sha256" or "sha512".
  Text digest(Text alg, Text data) {
    pst_str found{};
    host_->digest(cx_, str(alg), str(data), &found);
    return view(found);
  }
  Text hmac(Text alg, Text key, Text data) {
    pst_str found{};
    host_->hmac(cx_, str(alg), str(key), str(data), &found);
    return view(found);
  }
  /// A signature with the private key in a connection field: the key stays in the host.
  Text sign(Text alg, Text key_field, Text data) {
    pst_str found{};
    host_->sign(cx_, str(alg), str(key_field), str(data), &found);
    return view(found);
  }

 private:
  const pst_host* host_;
  pst_cx* cx_;
};

namespace detail {

/// One instance: the author's class and the host's functions.
template <class Plugin>
struct Holder {
  const pst_host* host;
  Plugin plugin;
};

/// Nothing unwinds across the border.
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
constexpr SessionFunction session_function() {
  if constexpr (requires(const Plugin& p, Out& out, const SessionIn& in) { p.session(out, in); })
    return &session<Plugin>;
  return nullptr;
}

template <class Plugin>
constexpr InspectFunction inspect_function() {
  if constexpr (requires(const Plugin& p, Out& out, const InspectIn& in) { p.inspect(out, in); })
    return &inspect<Plugin>;
  return nullptr;
}

}  // namespace detail
}  // namespace penstock::sdk

// The manifest's bytes: penstock_add_plugin() puts the folder's manifest.json into section
// .pst_manifest under this name.
extern "C" __attribute__((visibility("hidden"))) const char pst_manifest_bytes[];

/// Exports the plugin. Once per library, at namespace scope. PENSTOCK_MANIFEST_SIZE comes from
/// penstock_add_plugin().
#define PENSTOCK_PLUGIN(Type)                                                                      \
  extern "C" __attribute__((visibility("default"))) const pst_plugin pst_plugin_v1;                \
  const pst_plugin pst_plugin_v1 = {sizeof(pst_plugin),                                            \
                                    PST_ABI_MAJOR,                                                 \
                                    PST_ABI_MINOR,                                                 \
                                    {pst_manifest_bytes, PENSTOCK_MANIFEST_SIZE},                  \
                                    &penstock::sdk::detail::create<Type>,                          \
                                    &penstock::sdk::detail::destroy<Type>,                         \
                                    &penstock::sdk::detail::prepare<Type>,                         \
                                    penstock::sdk::detail::session_function<Type>(),               \
                                    penstock::sdk::detail::inspect_function<Type>(),               \
                                    nullptr};
