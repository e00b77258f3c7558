// A plugin in C++, built without penstock_add_plugin() and its flags: what it remembers of one
// customer it would share with a second copy of itself, and with every other plugin that has such a
// function.
#define NAME "shares_state"
#include "manifest.h"

#include <cstring>

template <class Tag>
struct Memory {
  static char* last() {
    static char text[64];
    return text;
  }
};

static int32_t create(const pst_host*, pst_cx*, pst_str, void**) { return PST_OK; }
static void destroy(void*) {}
static int32_t prepare(void*, pst_cx*, const pst_prepare_in* in) {
  std::memcpy(Memory<int>::last(), in->conn->id.ptr, in->conn->id.len < 64 ? in->conn->id.len : 64);
  return PST_OK;
}

extern "C" {
extern __attribute__((visibility("default"))) const pst_plugin pst_plugin_v1;
const pst_plugin pst_plugin_v1 = {sizeof(pst_plugin),
                                  1,
                                  0,
                                  {manifest, sizeof manifest},
                                  create,
                                  destroy,
                                  prepare,
                                  nullptr,
                                  nullptr,
                                  nullptr};
}
