/* Crashes before it is asked anything. */
#define NAME "crash_at_load"
#include <stdlib.h>

#include "manifest.h"

__attribute__((constructor)) static void at_load(void) { abort(); }

static int32_t create(const pst_host* host, pst_cx* cx, pst_str config, void** self) {
  (void)host, (void)cx, (void)config, (void)self;
  return PST_OK;
}
static int32_t prepare(void* self, pst_cx* cx, const pst_prepare_in* in) {
  (void)self, (void)cx, (void)in;
  return PST_OK;
}

__attribute__((visibility("default"))) const pst_plugin pst_plugin_v1 = {
    sizeof(pst_plugin), 1, 0, {manifest, sizeof manifest}, create, NULL, prepare, NULL, NULL, NULL};
