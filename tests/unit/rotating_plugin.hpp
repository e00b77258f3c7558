#pragma once

#include <cstdint>
#include <string_view>

#include <penstock/sdk/plugin_abi.h>

/// A plugin with a rotating grant: one fetch, or one more behind a 202; its answer is "access
/// refresh".
namespace penstock::rotating_plugin {

inline pst_str str(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view(pst_str text) { return {text.ptr, text.len}; }

inline std::int64_t life_ms = 3'600'000;
inline const pst_host* host_functions = nullptr;

inline std::int32_t create(const pst_host* host, pst_cx*, pst_str, void**) {
  host_functions = host;
  return PST_OK;
}
inline std::int32_t prepare(void*, pst_cx*, const pst_prepare_in* in) {
  return in->session == nullptr ? PST_NEED_SESSION : PST_OK;
}
inline std::int32_t session(void*, pst_cx* cx, const pst_session_in* in) {
  if (in->event != PST_EV_FETCHED) {
    host_functions->set_url(cx, str("https://login.example/token"));
    for (std::uint32_t i = 0; i < in->conn->n_fields; ++i) {
      if (view(in->conn->fields[i].key) == "refresh_token")
        host_functions->set_body(cx, in->conn->fields[i].val);
    }
    return PST_FETCH;
  }
  if (in->response->status == 202) {  // half way: the answer is the ticket for the next step
    host_functions->carry(cx, str("ticket"), in->response->body);
    host_functions->set_url(cx, str("https://login.example/token"));
    return PST_FETCH;
  }
  if (in->response->status == 410) {  // a vendor that says too much
    host_functions->fail(cx, PST_E_CONSENT_REVOKED, in->response->body, in->response->body);
    return PST_FAILED;
  }
  if (in->response->status == 401) {
    host_functions->fail(cx, PST_E_AUTH_REJECTED, str("invalid_client"), str("an unknown client"));
    return PST_FAILED;
  }
  if (in->response->status == 206) {  // a new refresh token, and no session that could be used
    host_functions->put_credential(cx, str("refresh_token"), in->response->body);
    host_functions->fail(cx, PST_E_VENDOR_FAULT, str(""), str("no access_token"));
    return PST_FAILED;
  }
  if (in->response->status == 503) {
    host_functions->fail(cx, PST_E_VENDOR_FAULT, str(""), str("the token endpoint is down"));
    return PST_FAILED;
  }
  if (in->response->status != 200) {
    host_functions->fail(cx, PST_E_CONSENT_REVOKED, str("invalid_grant"),
                         in->response->body.len > 0 ? in->response->body
                                                    : str("the token endpoint refuses the grant"));
    return PST_FAILED;
  }
  const std::string_view body = view(in->response->body);
  const std::size_t space = body.find(' ');
  host_functions->put_session(cx, str("access_token"), str(body.substr(0, space)), PST_KV_SECRET);
  if (space != body.npos)  // else the vendor replaces nothing
    host_functions->put_credential(cx, str("refresh_token"), str(body.substr(space + 1)));
  host_functions->expire_session(cx, in->env->now_unix_ms + life_ms);
  return PST_OK;
}
inline constexpr pst_plugin functions = {
    sizeof(pst_plugin), 1, 0, {}, create, nullptr, prepare, session, nullptr, nullptr};

}  // namespace penstock::rotating_plugin
