/* A plugin of ABI 1.0, in C, with the header of that time and nothing else. It is never changed:
 * every later host must load it and give it the same. It notes what it finds in each member of its
 * inputs and calls each function of the host. */
#include "plugin_abi_1_0.h"

#define MANIFEST                                                                                   \
  "{\"id\":\"fossil_1_0\",\"name\":\"Fossil\",\"version\":\"1.0.0\",\"tool\":\"fossil\","          \
  "\"egress\":[\"https://api.fossil.example\"],"                                                   \
  "\"connection\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"            \
  "\"user\":{\"type\":\"string\"},\"key\":{\"type\":\"string\",\"x-secret\":true},"                \
  "\"how\":{\"type\":\"string\"}}},"                                                               \
  "\"apis\":{\"v1\":{\"title\":\"Fossil\",\"base_url\":\"https://api.fossil.example/v1\","         \
  "\"api_options\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"           \
  "\"region\":{\"type\":\"string\",\"default\":\"eu\"},\"page\":{\"type\":\"integer\"}}},"         \
  "\"needs\":{\"request_body\":\"full\"},\"headers\":{\"owned\":[\"x-token\"]},"                   \
  "\"session\":{\"key\":[\"api\",\"opt.region\"],\"logout\":true},"                                \
  "\"inspect\":{\"status\":[400,599],\"max_bytes\":8}}}}"

static const char manifest[sizeof(MANIFEST) - 1]
    __attribute__((section(PST_MANIFEST_SECTION), used)) = MANIFEST;

static const pst_host* host;

static pst_str text(const char* chars) {
  pst_str out = {chars, 0};
  while (chars[out.len])
    ++out.len;
  return out;
}

static int same(pst_str one, const char* other) {
  const pst_str two = text(other);
  size_t i = 0;
  while (i < one.len && i < two.len && one.ptr[i] == two.ptr[i])
    ++i;
  return i == one.len && i == two.len;
}

/* The text of what is built on the stack, to show that the host copies. */
struct line {
  char chars[512];
  size_t len;
};

static void add(struct line* line, pst_str more) {
  for (size_t i = 0; i < more.len && line->len < sizeof line->chars; ++i)
    line->chars[line->len++] = more.ptr[i];
}

static void add_number(struct line* line, uint64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  pst_str out = {digits + at, sizeof digits - at};
  add(line, out);
}

static pst_str of(const struct line* line) {
  pst_str out = {line->chars, line->len};
  return out;
}

static void note(pst_cx* cx, const char* name, pst_str value) { host->note(cx, text(name), value); }

static void note_number(pst_cx* cx, const char* name, uint64_t number) {
  struct line line = {{0}, 0};
  add_number(&line, number);
  note(cx, name, of(&line));
}

static void set_number(pst_cx* cx, const char* header, uint64_t number) {
  struct line line = {{0}, 0};
  add_number(&line, number);
  host->set_header(cx, text(header), of(&line));
}

/* "a=1,b=2!": a secret has a mark. */
static void note_values(pst_cx* cx, const char* name, const pst_kv* values, uint64_t count) {
  struct line line = {{0}, 0};
  for (uint64_t i = 0; i < count; ++i) {
    if (i) add(&line, text(","));
    add(&line, values[i].key);
    add(&line, text("="));
    add(&line, values[i].val);
    if (values[i].flags & PST_KV_SECRET) add(&line, text("!"));
  }
  note(cx, name, of(&line));
}

static void note_names(pst_cx* cx, const char* name, const pst_str* names, uint64_t count) {
  struct line line = {{0}, 0};
  for (uint64_t i = 0; i < count; ++i) {
    if (i) add(&line, text(","));
    add(&line, names[i]);
  }
  note(cx, name, names ? of(&line) : text("not given"));
}

static void note_env(pst_cx* cx, const pst_env* env) {
  unsigned mixed = 0;
  for (unsigned i = 0; i < sizeof env->entropy; ++i)
    mixed = mixed * 31 + env->entropy[i];
  note_number(cx, "env.attempt", env->attempt);
  note_number(cx, "env.now_unix_ms", (uint64_t)env->now_unix_ms);
  note_number(cx, "env.session_seq", env->session_seq);
  note_number(cx, "env.entropy", mixed);
}

static void note_conn(pst_cx* cx, const pst_conn* conn) {
  note(cx, "conn.id", conn->id);
  note_values(cx, "conn.fields", conn->fields, conn->n_fields);
  note_names(cx, "conn.field_names", conn->field_names, conn->n_field_names);
}

static void note_state(pst_cx* cx, const char* name, const pst_state* state) {
  if (!state) {
    note(cx, name, text("NULL"));
    return;
  }
  note_values(cx, name, state->items, state->n_items);
  note_number(cx, "created_ms", (uint64_t)state->created_ms);
  note_number(cx, "expires_ms", (uint64_t)state->expires_ms);
}

static void note_call(pst_cx* cx, const pst_call* call) {
  note_number(cx, "call.flags", call->flags);
  note(cx, "call.api", call->api);
  note(cx, "call.method", call->method);
  note(cx, "call.path", call->path);
  note(cx, "call.url", call->url);
  note(cx, "call.authority", call->authority);
  note(cx, "call.query_string", call->query_string.ptr ? call->query_string : text("NULL"));
  note(cx, "call.options_json", call->options_json);
  note_values(cx, "call.options", call->options, call->n_options);
  note_names(cx, "call.option_names", call->option_names, call->n_option_names);
  note_values(cx, "call.query", call->query, call->n_query);
  note_values(cx, "call.headers", call->headers, call->n_headers);
  note(cx, "call.body", call->body);
  note(cx, "call.body_sha256", call->body_sha256);
  note_number(cx, "call.body_len", call->body_len);
  note_number(cx, "call.reserved", call->reserved);
}

static void note_response(pst_cx* cx, const pst_response* response) {
  if (!response) {
    note(cx, "response", text("NULL"));
    return;
  }
  note_number(cx, "response.status", response->status);
  note_number(cx, "response.truncated", response->flags & PST_RESPONSE_TRUNCATED);
  note_values(cx, "response.headers", response->headers, response->n_headers);
  note(cx, "response.body", response->body);
}

static pst_str field(const pst_conn* conn, const char* name) {
  for (uint32_t i = 0; i < conn->n_fields; ++i) {
    if (same(conn->fields[i].key, name)) return conn->fields[i].val;
  }
  return text("");
}

static void use_helpers(pst_cx* cx) {
  pst_str out = {0, 0}, ns = {0, 0};
  host->json_get(cx, text("{\"a\":[1,\"two\"]}"), text("/a/1"), &out);
  note(cx, "json_get", out);
  host->xml_get(cx, text("<a xmlns='n'><b>c</b></a>"), text("a/b"), &out);
  note(cx, "xml_get", out);
  host->xml_root(cx, text("<p:a xmlns:p='n'/>"), &ns, &out);
  note(cx, "xml_root", ns);
  note(cx, "xml_root", out);
  host->digest(cx, text("md5"), text(""), &out);
  note_number(cx, "digest md5", out.len);
  host->digest(cx, text("sha512"), text(""), &out);
  note_number(cx, "digest sha512", out.len);
  host->hmac(cx, text("sha256"), text("k"), text("d"), &out);
  note_number(cx, "hmac sha256", out.len);
  note(cx, "get_extension", text(host->get_extension("pst.none/1") ? "there" : "NULL"));
}

static int32_t create(const pst_host* given, pst_cx* cx, pst_str config, void** self) {
  (void)cx;
  static int instance;
  if (given->abi_major != PST_ABI_MAJOR || !PST_HAS(given, get_extension)) return PST_FAILED;
  if (!same(config, "{}")) return PST_FAILED;
  host = given;
  *self = &instance;
  return PST_OK;
}

static void destroy(void* self) { (void)self; }

static int32_t prepare(void* self, pst_cx* cx, const pst_prepare_in* in) {
  (void)self;
  if (!in->session) return PST_NEED_SESSION;
  const pst_str how = field(in->conn, "how");
  if (same(how, "unknown verdict")) return 99;
  if (same(how, "sign")) {
    pst_str out = {0, 0};
    if (host->sign(cx, text("ES256"), text("key"), text("data"), &out) == 0) return PST_OK;
    return PST_OK; /* the host fails the invocation */
  }
  if (same(how, "body")) {
    host->set_method(cx, text("PUT"));
    host->set_url(cx, text("https://api.fossil.example/other"));
    host->set_body(cx, text("a body"));
    return PST_OK;
  }
  if (same(how, "soap")) host->wrap_soap(cx, text(" xmlns:p=\"n\""), text("<p:h/>"));
  if (same(how, "soap") || same(how, "wrap")) host->wrap_body(cx, text("<w>"), text("</w>"));
  note_env(cx, in->env);
  note_conn(cx, in->conn);
  note_state(cx, "session", in->session);
  note_call(cx, in->call);
  note_number(cx, "reserved", in->reserved);
  use_helpers(cx);
  host->set_header(cx, text("X-Token"), in->session->items[0].val);
  host->add_query(cx, text("added"), text("a b"));
  host->log(cx, 0, text("prepared"));
  return PST_OK;
}

static int32_t session(void* self, pst_cx* cx, const pst_session_in* in) {
  (void)self;
  note_number(cx, "event", in->event);
  note_env(cx, in->env);
  note_conn(cx, in->conn);
  note_state(cx, "session", in->session);
  note_state(cx, "carried", in->carried);
  note_response(cx, in->response);
  note(cx, "api", in->api);
  note_values(cx, "options", in->options, in->n_options);
  note_names(cx, "option_names", in->option_names, in->n_option_names);
  if (in->event != PST_EV_FETCHED || in->response->status == 202) {
    host->set_method(cx, text("POST"));
    host->set_url(cx, text(in->event == PST_EV_LOGOUT ? "https://api.fossil.example/logout"
                                                      : "https://api.fossil.example/login"));
    set_number(cx, "X-Event", in->event);
    set_number(cx, "X-Attempt", in->env->attempt);
    set_number(cx, "X-Status", in->response ? in->response->status : 0);
    host->set_body(cx, field(in->conn, "user"));
    host->carry(cx, text("step"), text("1"));
    return PST_FETCH;
  }
  if (in->response->status != 200) {
    host->retry_after(cx, 2500);
    host->fail(cx, PST_E_AUTH_REJECTED, text("E7"), in->response->body);
    return PST_FAILED;
  }
  host->put_session(cx, text("token"), in->response->body, PST_KV_SECRET);
  host->put_session(cx, text("plain"), text("p"), 0);
  host->expire_session(cx, in->env->now_unix_ms + 3600000);
  return PST_OK;
}

static int32_t inspect(void* self, pst_cx* cx, const pst_inspect_in* in) {
  (void)self;
  note_env(cx, in->env);
  note_conn(cx, in->conn);
  note_state(cx, "session", in->session);
  note_call(cx, in->call);
  note_response(cx, in->response);
  note_number(cx, "reserved", in->reserved);
  switch (in->response->status) {
  case 401:
    return PST_REAUTH;
  case 418:
    return PST_OK;
  case 503:
    host->retry_after(cx, 1000);
    return PST_RETRY;
  case 422:
    host->fail(cx, PST_E_VENDOR_FAULT, text("E22"), text("said so"));
    return PST_FAILED;
  default:
    return PST_PASS;
  }
}

__attribute__((visibility("default")))
const pst_plugin pst_plugin_v1 = {sizeof(pst_plugin),
                                  PST_ABI_MAJOR,
                                  PST_ABI_MINOR,
                                  {manifest, sizeof manifest},
                                  create,
                                  destroy,
                                  prepare,
                                  session,
                                  inspect,
                                  NULL};
