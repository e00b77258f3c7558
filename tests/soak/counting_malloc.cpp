// malloc() and its kin for this program, which count the blocks in use and leave the rest to glibc.
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "meter.hpp"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

std::atomic<long> blocks{0};

void* counted(void* block) noexcept {
  if (block != nullptr) blocks.fetch_add(1, std::memory_order_relaxed);
  return block;
}

}  // namespace

namespace penstock::soak {
long heap_blocks() noexcept { return blocks; }
}  // namespace penstock::soak

extern "C" {

void* malloc(std::size_t size) { return counted(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) { return counted(__libc_calloc(count, size)); }
void* memalign(std::size_t alignment, std::size_t size) {
  return counted(__libc_memalign(alignment, size));
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return counted(__libc_memalign(alignment, size));
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  *out = counted(__libc_memalign(alignment, size));
  return *out == nullptr ? ENOMEM : 0;
}
void* realloc(void* old, std::size_t size) {
  void* const block = __libc_realloc(old, size);
  if (old == nullptr) return counted(block);
  if (size == 0 && block == nullptr) blocks.fetch_sub(1, std::memory_order_relaxed);
  return block;
}
void free(void* block) {
  if (block != nullptr) blocks.fetch_sub(1, std::memory_order_relaxed);
  __libc_free(block);
}

}  // extern "C"

#else

namespace penstock::soak {
long heap_blocks() noexcept { return 0; }
}  // namespace penstock::soak

#endif
