#pragma once

// What a plugin is given: views over the structs of plugin_abi.h, alive as long as the invocation.

#include <cstdint>
#include <string_view>

#include <penstock/plugin_abi.h>

namespace penstock::sdk {

inline std::string_view view(pst_str text) noexcept {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}
inline pst_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

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

  /// Whether it is there and not over. The engine renews sessions ahead of their end by itself, with
  /// a margin that suits their life, and goes on with the old one while a vendor gives no new one:
  /// so plugins ask without a slack. With one, it has to hold for `slack_ms` more; of a life so
  /// short that it would never do, the second half is slack.
  bool fresh(const Env& env, std::int64_t slack_ms = 0) const noexcept {
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

  /// The caller sends a SOAP envelope of its own; `body` is what stands in its Body.
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

}  // namespace penstock::sdk
