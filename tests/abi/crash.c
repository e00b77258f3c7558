/* Crashes in the function and in the way that its connection names. */
#define NAME "crash"
#define API ",\"session\":{},\"inspect\":{}"
#include <signal.h>
#include <stdlib.h>

#include "manifest.h"

static int is(pst_str given, const char* word) {
  size_t i = 0;
  while (i < given.len && word[i] == given.ptr[i])
    ++i;
  return i == given.len && word[i] == '\0';
}

static pst_str field(const pst_conn* conn, const char* name) {
  for (uint32_t i = 0; i < conn->n_fields; ++i) {
    if (is(conn->fields[i].key, name)) return conn->fields[i].val;
  }
  return text("");
}

static volatile int zero;

/* Not a tail call: each level has a page of its own. */
static int overflow(int depth) {
  volatile char page[4096];
  page[0] = (char)depth;
  if (depth < 0) return 0;
  return overflow(depth + 1) + page[0];
}

static void crash(const pst_conn* conn, const char* where) {
  if (!is(field(conn, "where"), where)) return;
  const pst_str how = field(conn, "how");
  if (is(how, "segv")) *(volatile int*)(uintptr_t)(8 + zero) = 1;
  if (is(how, "overflow")) overflow(zero);
  if (is(how, "abort")) abort();
  if (is(how, "ill")) __builtin_trap();
  if (is(how, "fpe")) raise(SIGFPE);
  if (is(how, "bus")) raise(SIGBUS);
}

static int32_t create(const pst_host* host, pst_cx* cx, pst_str config, void** self) {
  (void)host, (void)cx, (void)config, (void)self;
  return PST_OK;
}
static void destroy(void* self) { (void)self; }
static int32_t prepare(void* self, pst_cx* cx, const pst_prepare_in* in) {
  (void)self, (void)cx;
  crash(in->conn, "prepare");
  return PST_OK;
}
static int32_t session(void* self, pst_cx* cx, const pst_session_in* in) {
  (void)self, (void)cx;
  crash(in->conn, "session");
  return PST_OK;
}
static int32_t inspect(void* self, pst_cx* cx, const pst_inspect_in* in) {
  (void)self, (void)cx;
  crash(in->conn, "inspect");
  return PST_PASS;
}

__attribute__((visibility("default")))
const pst_plugin pst_plugin_v1 = {sizeof(pst_plugin),
                                  1,
                                  0,
                                  {manifest, sizeof manifest},
                                  create,
                                  destroy,
                                  prepare,
                                  session,
                                  inspect,
                                  NULL};
