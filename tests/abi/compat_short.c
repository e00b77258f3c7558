/* A plugin of the ABI's first days: its entry ends behind prepare, and it knows nothing of what
 * came later. */
#define NAME "compat_short"
#define TOOL "short"
#include "manifest.h"

static const pst_host* host;

static int32_t create(const pst_host* given, pst_cx* cx, pst_str config, void** self) {
  (void)cx, (void)config, (void)self;
  host = given;
  return PST_OK;
}

static void destroy(void* self) { (void)self; }

static int32_t prepare(void* self, pst_cx* cx, const pst_prepare_in* in) {
  (void)self;
  host->set_header(cx, text("X-Compat"), in->call->method);
  return PST_OK;
}

struct short_plugin {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  pst_str manifest;
  int32_t (*create)(const pst_host*, pst_cx*, pst_str, void**);
  void (*destroy)(void*);
  int32_t (*prepare)(void*, pst_cx*, const pst_prepare_in*);
};
_Static_assert(sizeof(struct short_plugin) == offsetof(pst_plugin, session),
               "the least that is an entry");

__attribute__((visibility("default"))) const struct short_plugin pst_plugin_v1 = {
    sizeof(struct short_plugin), 1, 0, {manifest, sizeof manifest}, create, destroy, prepare};
