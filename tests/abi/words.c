/* Says all that a plugin can say, and sends what it is told. */
#define NAME "words"
#define FIELDS ",\"key\":{\"type\":\"string\",\"x-secret\":true}"
#define API ",\"session\":{},\"inspect\":{\"status\":503},\"headers\":{\"owned\":[\"x-told\"]}"
#include "manifest.h"

static const pst_host* host;

static pst_str key_of(const pst_conn* conn) {
  for (uint32_t i = 0; i < conn->n_fields; ++i) {
    if (conn->fields[i].key.len == 3 && conn->fields[i].key.ptr[0] == 'k')
      return conn->fields[i].val;
  }
  return text("");
}

static int32_t create(const pst_host* given, pst_cx* cx, pst_str config, void** self) {
  (void)cx, (void)config, (void)self;
  host = given;
  return PST_OK;
}

static int32_t prepare(void* self, pst_cx* cx, const pst_prepare_in* in) {
  (void)self;
  for (int line = 0; line < 20; ++line)
    host->log(cx, 2, key_of(in->conn));
  host->note(cx, text("key"), key_of(in->conn));
  if (!in->session) return PST_NEED_SESSION;
  const char told[] = {(char)('0' + in->env->attempt),
                       ' ',
                       (char)('0' + in->env->session_seq),
                       ' ',
                       (char)(in->call->body_len < 10            ? '0' + in->call->body_len
                              : in->call->body_len == UINT64_MAX ? '*'
                                                                 : '?'),
                       '\0'};
  host->set_header(cx, text("X-Told"), text(told));
  return PST_OK;
}

static int32_t session(void* self, pst_cx* cx, const pst_session_in* in) {
  (void)self, (void)in;
  host->put_session(cx, text("token"), text("token-of-session"), PST_KV_SECRET);
  return PST_OK;
}

static int32_t inspect(void* self, pst_cx* cx, const pst_inspect_in* in) {
  (void)self;
  host->note(cx, text("url"), in->call->url);
  return PST_RETRY;
}

__attribute__((visibility("default")))
const pst_plugin pst_plugin_v1 = {sizeof(pst_plugin),
                                  1,
                                  0,
                                  {manifest, sizeof manifest},
                                  create,
                                  NULL,
                                  prepare,
                                  session,
                                  inspect,
                                  NULL};
