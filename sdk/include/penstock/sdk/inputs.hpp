#pragma once

// The inputs of a plugin: views over the structs of plugin_abi.h, valid during the invocation.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <penstock/sdk/fields.hpp>
#include <penstock/sdk/plugin_abi.h>
#include <penstock/sdk/text.hpp>

namespace penstock::sdk {

namespace detail {

/// The connection's fields. An early host does not provide the field names.
inline Fields connection(const pst_conn* conn) noexcept {
  const bool named = PST_HAS(conn, field_names) && PST_HAS(conn, n_field_names);
  return {conn->fields, conn->n_fields, named ? conn->field_names : nullptr,
          named ? conn->n_field_names : 0, "the manifest's connection"};
}

/// The options that the manifest's session.key names.
inline Fields options(const pst_session_in* in) noexcept {
  return {in->options, in->n_options, in->option_names, in->n_option_names,
          "the manifest's session.key"};
}

inline Fields options(const pst_call* call) noexcept {
  const bool named = PST_HAS(call, option_names) && PST_HAS(call, n_option_names);
  return {call->options, call->n_options, named ? call->option_names : nullptr,
          named ? call->n_option_names : 0, "the manifest's api_options"};
}

}  // namespace detail

/// The only source of time and randomness.
class Env {
 public:
  explicit Env(const pst_env* env) : env_(env) {}
  /// Unix time in ms.
  std::int64_t now_ms() const noexcept { return env_->now_unix_ms; }
  /// In prepare() and inspect(), how many times this call was prepared before; in session(), how
  /// many fetches this run has made.
  std::uint32_t attempt() const noexcept { return env_->attempt; }
  /// How many times a call was prepared with this session, starting at 1; 0 without a session.
  /// Counted per process: it starts again after a restart.
  std::uint64_t session_seq() const noexcept { return env_->session_seq; }
  /// 32 random bytes, new for each invocation.
  std::string_view entropy() const noexcept {
    return {reinterpret_cast<const char*>(env_->entropy), sizeof env_->entropy};
  }

 private:
  const pst_env* env_;
};

/// A session, or none.
class Session {
 public:
  explicit Session(const pst_state* state) : state_(state) {}
  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Returns the value of an item; empty without a session or an item of this name.
  std::string_view operator[](std::string_view name) const {
    return state_ == nullptr ? std::string_view() : Fields(state_->items, state_->n_items)[name];
  }
  /// Unix time in ms; 0: unknown, or no session.
  std::int64_t created_ms() const noexcept { return state_ == nullptr ? 0 : state_->created_ms; }
  std::int64_t expires_ms() const noexcept { return state_ == nullptr ? 0 : state_->expires_ms; }

  /// Whether there is a session that has not expired. The engine renews sessions before they
  /// expire, with a margin suited to their lifetime, and keeps using the old one while the vendor
  /// issues no new one, so plugins normally need no slack. With `slack_ms`, the session must remain
  /// valid for that much longer; for a lifetime so short that no session would pass, the slack is
  /// half the lifetime.
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

/// The call to sign. See pst_call in plugin_abi.h.
struct Call {
  explicit Call(const pst_call* call)
      : api(view(call->api)), method(view(call->method)), path(view(call->path)),
        url(view(call->url)), authority(view(call->authority)),
        query_string(view(call->query_string)), body(view(call->body)),
        body_sha256(view(call->body_sha256)), body_length(call->body_len),
        options(detail::options(call)), headers(call->headers, call->n_headers),
        query(call->query, call->n_query), flags(call->flags) {}

  /// The caller sent its own SOAP envelope; `body` is the content of its Body element.
  bool enveloped() const noexcept { return (flags & PST_CALL_ENVELOPED) != 0; }

  /// The path of `url`, percent-encoded: "/api/v1/people".
  std::string_view url_path() const {
    const std::size_t origin = std::string_view("https://").size() + authority.size();
    return url.size() < origin ? std::string_view() : url.substr(origin);
  }
  /// What the request line will contain (RFC 9112 section 3.2.1): url_path(), and the query if
  /// there is one. Digest signs it.
  std::string target() const {
    return query_string.data() == nullptr ? std::string(url_path())
                                          : concat(url_path(), "?", query_string);
  }

  std::string_view api, method, path, url, authority, query_string;
  std::string_view body;         ///< only if the manifest's needs.request_body is "full"
  std::string_view body_sha256;  ///< 32 bytes, only if needs.request_body is "sha256"
  /// In bytes; UINT64_MAX: the body is streamed and its length is unknown.
  std::uint64_t body_length;
  Fields options, headers, query;
  std::uint32_t flags;
};

/// A response of the vendor, or none: then the status is 0 and everything else empty.
class Response {
 public:
  explicit Response(const pst_response* response) : response_(response) {}
  int status() const noexcept {
    return response_ == nullptr ? 0 : static_cast<int>(response_->status);
  }
  std::string_view body() const noexcept {
    return response_ == nullptr ? std::string_view() : view(response_->body);
  }
  std::string_view header(std::string_view lower_name) const {
    return response_ == nullptr ? std::string_view()
                                : Fields(response_->headers, response_->n_headers)[lower_name];
  }
  /// Whether body() contains only the first bytes: the manifest's inspect.max_bytes.
  bool truncated() const noexcept {
    return response_ != nullptr && (response_->flags & PST_RESPONSE_TRUNCATED) != 0;
  }

 private:
  const pst_response* response_;
};

/// The input of prepare().
struct PrepareIn {
  explicit PrepareIn(const pst_prepare_in* in)
      : env(in->env), conn(detail::connection(in->conn)), connection_id(view(in->conn->id)),
        session(in->session), call(in->call) {}
  Env env;
  Fields conn;
  std::string_view connection_id;
  Session session;
  Call call;
};

/// The input of session().
struct SessionIn {
  explicit SessionIn(const pst_session_in* in)
      : event(in->event), env(in->env), conn(detail::connection(in->conn)), session(in->session),
        carried(in->carried->items, in->carried->n_items), response(in->response),
        api(view(in->api)), options(detail::options(in)) {}
  std::uint32_t event;  ///< PST_EV_*
  Env env;
  Fields conn;
  Session session;  ///< the previous session, or none
  Fields carried;   ///< from earlier steps of this run
  Response response;
  std::string_view api;  ///< the API's name, if the manifest's session.key has "api"; else empty
  Fields options;        ///< the options that the manifest's session.key names
};

/// The input of inspect().
struct InspectIn {
  explicit InspectIn(const pst_inspect_in* in)
      : env(in->env), conn(detail::connection(in->conn)), session(in->session), call(in->call),
        response(in->response) {}
  Env env;
  Fields conn;
  Session session;
  Call call;
  Response response;
};

}  // namespace penstock::sdk
