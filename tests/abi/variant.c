/* One plugin with one thing wrong, chosen by the build: see CMakeLists.txt. */
#include <stdlib.h>
#include <unistd.h>

#include "manifest.h"

#ifndef ABI_MAJOR
#define ABI_MAJOR 1
#endif
#ifndef ABI_MINOR
#define ABI_MINOR 0
#endif
#ifndef STRUCT_SIZE
#define STRUCT_SIZE sizeof(pst_plugin)
#endif
#ifndef ENTRY
#define ENTRY pst_plugin_v1
#endif
#ifndef MANIFEST_SIZE
#define MANIFEST_SIZE sizeof manifest
#endif
#ifndef CREATED
#define CREATED PST_OK
#endif
#ifndef PREPARE
#define PREPARE prepare
#endif
#ifndef SESSION
#define SESSION NULL
#endif
#ifndef INSPECT
#define INSPECT NULL
#endif

int32_t create(const pst_host*, pst_cx*, pst_str, void**) __attribute__((visibility("hidden")));
int32_t create(const pst_host* host, pst_cx* cx, pst_str config, void** self) {
  (void)host, (void)cx, (void)config, (void)self;
  return CREATED;
}

__attribute__((unused)) static int32_t prepare(void* self, pst_cx* cx, const pst_prepare_in* in) {
  (void)self, (void)cx, (void)in;
  return PST_OK;
}
__attribute__((unused)) static int32_t session(void* self, pst_cx* cx, const pst_session_in* in) {
  (void)self, (void)cx, (void)in;
  return PST_OK;
}
__attribute__((unused)) static int32_t inspect(void* self, pst_cx* cx, const pst_inspect_in* in) {
  (void)self, (void)cx, (void)in;
  return PST_PASS;
}

#ifdef EXPORTS_HELPER
__attribute__((visibility("default"))) int helper(void);
int helper(void) { return 1; }
#endif

#ifdef UNDEFINED_SYMBOL
void not_in_any_library(void);
__attribute__((constructor)) static void use(void) { not_in_any_library(); }
#endif

#ifdef HANGS_AT_LOAD
__attribute__((constructor)) static void hang(void) {
  for (;;)
    pause();
}
#endif

#ifdef THREAD_LOCAL
static _Thread_local volatile int counter;
__attribute__((constructor)) static void count(void) { ++counter; }
#endif

#ifdef ENTRY_IS_FUNCTION
__attribute__((visibility("default"))) int pst_plugin_v1(void);
int pst_plugin_v1(void) { abort(); }
#elif defined(ENTRY_IS_RESOLVED)
static int chosen(void) { return 1; }
static int (*resolve(void))(void) {
  abort();
  return chosen;
}
__attribute__((visibility("default"), ifunc("resolve"))) int pst_plugin_v1(void);
#else
__attribute__((visibility("default"))) const pst_plugin ENTRY = {
    STRUCT_SIZE, ABI_MAJOR, ABI_MINOR, {manifest, MANIFEST_SIZE}, create, NULL, PREPARE,
    SESSION,     INSPECT,   NULL};
#endif
