// What a Secret leaves behind in memory. This program's allocator looks into each block that is
// freed; where a sanitizer has the allocator, there is nothing to look into.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <gtest/gtest.h>

#include <malloc.h>

#include <cstdlib>
#include <new>
#include <optional>
#include <vector>

#include <penstock/secret.hpp>

namespace {

constexpr std::string_view canary = "canary-7fQ";
thread_local bool watching = false;
thread_local int found = 0;

bool holds_canary(const void* block, std::size_t size) {
  return std::string_view(static_cast<const char*>(block), size).find(canary) !=
         std::string_view::npos;
}

void release(void* block) noexcept {
  if (watching && block != nullptr && holds_canary(block, malloc_usable_size(block))) ++found;
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }

namespace penstock {
namespace {

class SecretInMemory : public ::testing::TestWithParam<std::size_t> {
 protected:
  /// In the buffer of a std::string itself, or in a block of its own.
  std::string text() const { return std::string(canary) + std::string(GetParam(), 'x'); }

  static int left_behind(auto&& work) {
    found = 0;
    watching = true;
    work();
    watching = false;
    return found;
  }
};

TEST_P(SecretInMemory, of_a_plain_string_is_found_by_this_test) {
  EXPECT_GT(left_behind([&] { std::vector<std::string>(1, text()); }), 0);
}

TEST_P(SecretInMemory, is_gone_when_it_dies_moves_or_is_replaced) {
  std::optional<std::vector<Secret>> secrets(std::in_place);
  {
    const std::string plain = text();
    secrets->emplace_back(plain);
  }
  EXPECT_EQ(left_behind([&] {
              for (int i = 0; i < 10; ++i)  // the vector grows: moves and ends
                secrets->push_back(secrets->front());
              secrets->at(1) = secrets->at(2);
              secrets->at(2) = Secret("another");
              secrets->at(3) = std::move(secrets->at(4));
              secrets->at(5) = Secret(std::string(200, 'y'));
              const std::string_view moved_from(reinterpret_cast<const char*>(&secrets->at(4)),
                                                sizeof(Secret));
              EXPECT_EQ(moved_from.find(canary), std::string_view::npos);
              EXPECT_TRUE(secrets->at(4).empty());
              secrets->erase(secrets->begin());
              secrets.reset();
            }),
            0);
}

INSTANTIATE_TEST_SUITE_P(InPlaceAndOnTheHeap, SecretInMemory, ::testing::Values(0, 100));

}  // namespace
}  // namespace penstock
#endif
