/* A plugin of a minor to come, which says in its manifest that it does with 1.0: its entry is
 * longer than this host knows, and it asks for functions that this host does not have. */
#define NAME "compat_long"
#define TOOL "long"
#define ABI "\"abi\":{\"min_minor\":0},"
#include "manifest.h"

struct later_host {
  pst_host known;
  int32_t (*later)(pst_cx*);
};

static const struct later_host* host;

static int32_t create(const pst_host* given, pst_cx* cx, pst_str config, void** self) {
  (void)cx, (void)config, (void)self;
  host = (const struct later_host*)given;
  return PST_OK;
}

static void destroy(void* self) { (void)self; }

static int32_t prepare(void* self, pst_cx* cx, const pst_prepare_in* in) {
  (void)self, (void)in;
  const int told =
      host->known.struct_size >= offsetof(struct later_host, later) + sizeof host->later;
  host->known.set_header(cx, text("X-Told"), text(told ? "yes" : "no"));
  /* Even without asking, nothing foreign is found there. */
  host->known.set_header(cx, text("X-Found"), text(host->later ? "something" : "nothing"));
  return PST_OK;
}

struct later_plugin {
  pst_plugin known;
  int32_t (*later)(void*);
  uint64_t more[8];
};

__attribute__((visibility("default")))
const struct later_plugin pst_plugin_v1 = {{sizeof(struct later_plugin),
                                            1,
                                            7,
                                            {manifest, sizeof manifest},
                                            create,
                                            destroy,
                                            prepare,
                                            NULL,
                                            NULL,
                                            NULL},
                                           NULL,
                                           {0}};
